package simulator

import "time"

// Principal is who sends a request.
type Principal struct {
	ARN       string // identity the bucket-key cache goes by; a role session counts as its own requester
	Role      string // of a role session: the ARN of its role, with the path that ARN has not
	Account   string // 12 digits; "" means the account that owns the world's buckets
	Anonymous bool   // nobody signed the request; the other fields are ""
}

// Request is what every S3 request carries. The zero values are the usual ones: the owner, over TLS, with SigV4.
type Request struct {
	Bucket              string
	Principal           Principal
	ExpectedBucketOwner string // x-amz-expected-bucket-owner; "" when not sent
	RequestPayer        string // x-amz-request-payer; "" when not sent
	Plaintext           bool   // came over HTTP without TLS
	TLSVersion          string // 1.2 or 1.3; "" where not known
	Unsigned            bool   // was not signed with Signature Version 4
	Agent               string // User-Agent; only told to observers
}

// StorageClass is an S3 storage class by its API name; "" reads as STANDARD.
type StorageClass string

// The storage classes of general purpose buckets (AWS S3 API Reference, PutObject).
const (
	Standard           StorageClass = "STANDARD"
	ReducedRedundancy  StorageClass = "REDUCED_REDUNDANCY"
	StandardIA         StorageClass = "STANDARD_IA"
	OneZoneIA          StorageClass = "ONEZONE_IA"
	IntelligentTiering StorageClass = "INTELLIGENT_TIERING"
	GlacierIR          StorageClass = "GLACIER_IR"
	Glacier            StorageClass = "GLACIER"
	DeepArchive        StorageClass = "DEEP_ARCHIVE"
)

// Metadata is the metadata a client sets as headers. Values handed out by a World are shared: never change them.
type Metadata struct {
	ContentType        string
	CacheControl       string
	ContentDisposition string
	ContentEncoding    string
	ContentLanguage    string
	Expires            string            // as sent; S3 keeps values that are no date
	User               map[string]string // without the x-amz-meta- prefix, names in lower case
	Missing            int               // x-amz-missing-meta: entries that no header can express
}

// Tag is one object tag.
type Tag struct{ Key, Value string }

// EncryptionType says how an object version is encrypted, in the words of S3 Inventory.
type EncryptionType string

const (
	SSES3   EncryptionType = "SSE-S3"
	SSEKMS  EncryptionType = "SSE-KMS"
	DSSEKMS EncryptionType = "DSSE-KMS"
	SSEC    EncryptionType = "SSE-C"
	NotSSE  EncryptionType = "NOT-SSE" // written before January 2023 without encryption
)

// Encryption is the encryption of a stored object version, or of an upload in progress.
type Encryption struct {
	Type             EncryptionType
	KMSKeyARN        string
	BucketKeyEnabled bool
	Context          string // x-amz-server-side-encryption-context as sent (base64)
	CustomerKeyMD5   string // SSE-C
}

// Algorithm returns the value of x-amz-server-side-encryption: AES256, aws:kms, aws:kms:dsse or "".
func (e Encryption) Algorithm() string {
	switch e.Type {
	case SSES3:
		return "AES256"
	case SSEKMS:
		return "aws:kms"
	case DSSEKMS:
		return "aws:kms:dsse"
	}
	return ""
}

// EncryptionHeaders are the encryption headers of a write, as sent.
type EncryptionHeaders struct {
	Algorithm         string // x-amz-server-side-encryption
	KMSKeyID          string // x-amz-server-side-encryption-aws-kms-key-id: id, ARN, alias or alias ARN
	BucketKeyEnabled  *bool  // x-amz-server-side-encryption-bucket-key-enabled; nil when not sent
	Context           string // x-amz-server-side-encryption-context
	CustomerAlgorithm string // x-amz-server-side-encryption-customer-algorithm
	CustomerKeyMD5    string // …-customer-key-MD5; the front checks it against the key, which is not stored
}

// Lock is the object-lock state of a version, or the lock headers of a write.
type Lock struct {
	Mode              string // GOVERNANCE, COMPLIANCE or ""
	RetainUntil       time.Time
	LegalHold         string // ON, OFF or ""
	EventHold         string // ON, OFF or ""
	EventHoldDuration string // as sent, for example "30d"; opaque
}

// Grant is one entry of an ACL. Grantee is a canonical user id, a group URI or an e-mail address; Type tells which.
type Grant struct{ Type, Grantee, Permission string }

// ACL is what a request says about access: a canned name or explicit grants, or neither.
type ACL struct {
	Canned string
	Grants []Grant
}

// Checksum is an additional checksum; Value is base64, Type is FULL_OBJECT or COMPOSITE.
type Checksum struct{ Algorithm, Type, Value string }

// WriteAttributes is what PutObject, CopyObject and CreateMultipartUpload can set on the object they create.
type WriteAttributes struct {
	Metadata        *Metadata // nil: none
	Tags            []Tag     // parsed by ParseTagging
	StorageClass    StorageClass
	Encryption      EncryptionHeaders
	ACL             ACL
	Lock            Lock
	WebsiteRedirect string
	Checksum        Checksum // Value empty: the simulator makes one up
}

// WriteConditions are the conditions on the object that a write replaces. ETags may be quoted.
type WriteConditions struct {
	IfMatch     string
	IfNoneMatch string
}

// ReadConditions are the conditions on the object that is read. ETags may be quoted; zero times are not sent.
type ReadConditions struct {
	IfMatch           string
	IfNoneMatch       string
	IfModifiedSince   time.Time
	IfUnmodifiedSince time.Time
}

// ObjectInfo is the visible state of one object version or delete marker. Pointers and slices are shared: read only.
type ObjectInfo struct {
	Key             string
	VersionID       string // "" in a bucket that never had versioning, except in version listings ("null")
	IsLatest        bool
	DeleteMarker    bool
	Size            int64
	ETag            string // without quotes
	LastModified    time.Time
	StorageClass    StorageClass // never ""
	AccessTier      string       // INTELLIGENT_TIERING only: "", ARCHIVE_ACCESS, DEEP_ARCHIVE_ACCESS
	Metadata        *Metadata    // never nil
	Tags            []Tag
	Encryption      Encryption
	Lock            Lock
	Grants          []Grant // beyond the owner's full control
	Owner           string  // canonical id
	WebsiteRedirect string
	Checksum        Checksum
	PartsCount      int       // 0 when not uploaded in parts
	PartSizes       []int64   // of a multipart object
	Replication     string    // "", PENDING, COMPLETED, FAILED, REPLICA
	RestoredUntil   time.Time // archived objects: zero when not restored
	RestoreOngoing  bool
	Annotations     int // number of annotations
}

// GetObjectInput also serves HeadObject. CustomerKeyMD5 must be that of the stored object when it is SSE-C.
type GetObjectInput struct {
	Request
	Key            string
	VersionID      string
	Conditions     ReadConditions
	Range          string // a Range header, "" for none
	PartNumber     int    // 0 for none
	ChecksumMode   bool   // x-amz-checksum-mode: ENABLED
	CustomerKeyMD5 string
	Encryption     EncryptionHeaders // must be empty: S3 answers 400 to SSE headers on reads
}

// GetObjectOutput describes the object; Offset and Length are the bytes to send and Partial says whether that is a 206.
type GetObjectOutput struct {
	ObjectInfo
	Body           Body
	Offset, Length int64
	Partial        bool
	RequestCharged bool
	PartChecksums  []string // GetObjectAttributes: of each part, where the checksum is one of those
}

// PutObjectInput is a whole PutObject request. MD5 is the hex MD5 of the body where the caller already knows it.
type PutObjectInput struct {
	Request
	Key        string
	Unchecked  bool // came without Content-MD5 and without any x-amz-checksum-* header
	Body       Body
	MD5        string
	Conditions WriteConditions
	WriteAttributes
}

// WriteOutput answers the writes. With Knobs.SilentSSE, Encryption is empty.
type WriteOutput struct {
	ETag           string
	VersionID      string // "" in a bucket that never had versioning
	LastModified   time.Time
	Size           int64
	Encryption     Encryption
	Checksum       Checksum
	RequestCharged bool
}

// CopySource names what a copy reads. Key is decoded.
type CopySource struct {
	Bucket, Key, VersionID string
	Sent                   string // x-amz-copy-source as it came, which policies see
	ExpectedOwner          string // x-amz-source-expected-bucket-owner
	CustomerKeyMD5         string // x-amz-copy-source-server-side-encryption-customer-key-MD5
	Conditions             ReadConditions
}

// CopyObjectInput is a CopyObject request. Directives are COPY (also ""), REPLACE, and for annotations EXCLUDE.
type CopyObjectInput struct {
	Request
	Key                 string
	Source              CopySource
	MetadataDirective   string
	TaggingDirective    string
	AnnotationDirective string
	Conditions          WriteConditions
	WriteAttributes
}

// CopyObjectOutput answers a CopyObject.
type CopyObjectOutput struct {
	WriteOutput
	SourceVersionID string // "" in a bucket that never had versioning
}

// DeleteObjectInput is a DeleteObject request.
type DeleteObjectInput struct {
	Request
	Key              string
	VersionID        string
	IfMatch          string
	BypassGovernance bool
}

// DeleteObjectOutput tells what was removed or, without a version id in a versioned bucket, the marker that was added.
type DeleteObjectOutput struct {
	DeleteMarker   bool
	VersionID      string
	RequestCharged bool
}

// ObjectInput names an object version for the sub-resource calls (tagging, ACL, retention, legal hold, restore).
type ObjectInput struct {
	Request
	Key       string
	VersionID string
}

// UpdateObjectEncryptionInput is an UpdateObjectEncryption request. Target is the element found in the body, SSEKMS in
// a good one. RawBody is kept only to play servers that take the call for a PutObject (Knobs.Update).
type UpdateObjectEncryptionInput struct {
	Request
	Key              string
	VersionID        string
	Target           EncryptionType
	KMSKeyARN        string
	BucketKeyEnabled bool // absent means false, whatever the bucket's default
	RawBody          []byte
}

// CreateMultipartUploadInput starts a multipart upload.
type CreateMultipartUploadInput struct {
	Request
	Key string
	WriteAttributes
}

// CreateMultipartUploadOutput answers it.
type CreateMultipartUploadOutput struct {
	UploadID       string
	Encryption     Encryption
	RequestCharged bool
}

// UploadInput names a multipart upload.
type UploadInput struct {
	Request
	Key      string
	UploadID string
}

// UploadPartInput is one part with its body. MD5 as in PutObjectInput.
type UploadPartInput struct {
	UploadInput
	PartNumber int
	Body       Body
	MD5        string
	Checksum   Checksum
}

// UploadPartCopyInput is one part read from an object. Range is a x-amz-copy-source-range, "" for the whole object.
type UploadPartCopyInput struct {
	UploadInput
	PartNumber int
	Source     CopySource
	Range      string
}

// PartOutput answers both part calls.
type PartOutput struct {
	ETag            string
	LastModified    time.Time
	Size            int64
	Encryption      Encryption
	Checksum        Checksum
	SourceVersionID string
	RequestCharged  bool
}

// CompletedPart is one line of a CompleteMultipartUpload body.
type CompletedPart struct {
	PartNumber int
	ETag       string
	Checksum   Checksum // Value "" where none was sent
}

// CompleteMultipartUploadInput ends an upload. ObjectSize is x-amz-mp-object-size, -1 when not sent.
type CompleteMultipartUploadInput struct {
	UploadInput
	Parts      []CompletedPart
	ObjectSize int64
	Conditions WriteConditions
	Checksum   Checksum // of the whole object, to be compared; Value "" where none was sent
}

// Part is one uploaded part.
type Part struct {
	Number       int
	ETag         string
	Size         int64
	LastModified time.Time
	Checksum     Checksum
}

// ListPartsInput lists an upload's parts with a number above Marker. Max 0 means 1,000.
type ListPartsInput struct {
	UploadInput
	Marker, Max int
}

// ListPartsOutput is one page.
type ListPartsOutput struct {
	Parts        []Part
	Truncated    bool
	NextMarker   int
	StorageClass StorageClass
	Initiated    time.Time
	Initiator    Principal
	Owner        string   // canonical id
	Checksum     Checksum // that was asked for: algorithm and type
}

// Upload is one multipart upload in progress.
type Upload struct {
	Key, ID      string
	Initiated    time.Time
	StorageClass StorageClass
	Initiator    Principal // who sent CreateMultipartUpload
	Owner        string    // canonical id
}

// ListMultipartUploadsInput lists uploads in order of key, then of initiation. Max 0 means 1,000.
type ListMultipartUploadsInput struct {
	Request
	Prefix, Delimiter         string
	KeyMarker, UploadIDMarker string
	Max                       int
}

// ListMultipartUploadsOutput is one page.
type ListMultipartUploadsOutput struct {
	Uploads                           []Upload
	CommonPrefixes                    []string
	Truncated                         bool
	NextKeyMarker, NextUploadIDMarker string
}

// ListObjectsInput lists current versions (ListObjectsV2). Token continues a page; Max 0 means 1,000, and -1 none.
type ListObjectsInput struct {
	Request
	Prefix, Delimiter string
	StartAfter, Token string
	Max               int
}

// ListObjectsOutput is one page. Objects are valid until the next change of the bucket.
type ListObjectsOutput struct {
	Objects        []ObjectInfo
	CommonPrefixes []string
	Truncated      bool
	NextToken      string
	LastKey        string // last key or common prefix of the page, for ListObjects (version 1) markers
}

// ListVersionsInput lists all versions and delete markers (ListObjectVersions).
type ListVersionsInput struct {
	Request
	Prefix, Delimiter          string
	KeyMarker, VersionIDMarker string
	Max                        int
}

// ListVersionsOutput is one page; VersionID of each entry is never "".
type ListVersionsOutput struct {
	Versions                           []ObjectInfo
	CommonPrefixes                     []string
	Truncated                          bool
	NextKeyMarker, NextVersionIDMarker string
}
