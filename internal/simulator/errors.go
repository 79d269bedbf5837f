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

// Error is an S3, KMS or Service Quotas error. Codes and messages are those of the S3 API Reference, ErrorResponses
// (read 2026-11-21), and of the operations' own pages; where AWS documents no text, one that was seen in the field.
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
	ETag                   string // NotModified

	Directive Directive
	Committed bool   // the request took effect all the same, the fault only spoiled the answer
	Fault     string // name of the fault rule behind it, "" for a rule of AWS
	cause     throttle
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func fail(status int, code, message string) *Error {
	return &Error{HTTPStatus: status, Code: code, Message: message}
}

func invalidArgument(message string) *Error { return fail(400, "InvalidArgument", message) }
func invalidRequest(message string) *Error  { return fail(400, "InvalidRequest", message) }
func accessDenied() *Error                  { return fail(403, "AccessDenied", "Access Denied") }
func noSuchKey() *Error                     { return fail(404, "NoSuchKey", "The specified key does not exist.") }

func noSuchVersion(id string) *Error {
	e := fail(404, "NoSuchVersion", "The specified version does not exist.")
	e.VersionID = id
	return e
}

func preconditionFailed(header string) *Error {
	e := fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	e.Condition = header
	return e
}

func conditionalConflict() *Error {
	return fail(409, "ConditionalRequestConflict",
		"The conditional request cannot succeed due to a conflicting operation against this resource.")
}

// A throttle is a quota that a request ran into.
type throttle string

const (
	throttleKMS   throttle = "kms"
	throttleWrite throttle = "s3-write"
	throttleRead  throttle = "s3-read"
)

// slowDown is S3's 503; only its words tell a KMS quota from one of S3's.
func slowDown(cause throttle) *Error {
	e := fail(503, "SlowDown", "Please reduce your request rate.")
	if cause == throttleKMS {
		e.Message = "Please reduce your request rate for operations involving AWS KMS."
	}
	e.cause = cause
	return e
}
