package simulator

// Directive tells the caller how to deliver an Error.
type Directive int

const (
	AsError      Directive = iota // an error answer with HTTPStatus
	InsideOK                      // status 200 with the error document as the body
	ResetConn                     // close the connection without an answer
	Hang                          // do not answer until the client gives up
	TruncateBody                  // begin a good answer and break it off
)

// Error is an S3, KMS or Service Quotas error. Where Committed is set, the request took effect all the same: the fault
// only spoiled the answer.
type Error struct {
	Code       string
	Message    string
	HTTPStatus int

	Bucket, Key, VersionID string
	DeleteMarker           bool   // send x-amz-delete-marker: true
	Condition              string // PreconditionFailed, NotModified: the header that failed
	StorageClass           string // InvalidObjectState
	AccessTier             string // InvalidObjectState
	UploadID               string
	Size, MaxSize          int64 // EntityTooSmall, EntityTooLarge, MetadataTooLarge
	PartNumber             int
	ETag                   string // NotModified, and conditions on reads

	Directive Directive
	Committed bool
	Fault     string // name of the fault rule behind it, "" for a rule of AWS
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }
