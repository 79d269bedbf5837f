package simulator

import (
	"io"
	"iter"
	"time"
)

func notYet() { panic("simulator: not yet") }

// Body is the content of an object: real bytes or a synthetic (size, seed) pair, or a row of such pieces.
type Body struct{ size int64 }

func Bytes(data []byte) Body                     { notYet(); return Body{} }
func Synthetic(size int64, seed uint64) Body     { notYet(); return Body{} }
func (b Body) Size() int64                       { return b.size }
func (b Body) Reader(off, n int64) io.Reader     { notYet(); return nil }
func (b Body) Data() []byte                      { notYet(); return nil }
func ParseTagging(header string) ([]Tag, *Error) { notYet(); return nil, nil }

// Config fixes a world. Zero values give a world without quotas.
type Config struct {
	Account string // owner of buckets and keys; "" is 111122223333
	Region  string // "" is us-east-1
	Seed    uint64

	KMSRequestsPerSecond int           // symmetric cryptographic requests per account in any second; 0: no limit
	S3WritesPerSecond    int           // per partition; 0: no limit
	S3ReadsPerSecond     int           // per partition; 0: no limit
	PartitionDepth       int           // partition = key up to this many slashes; 0: the whole bucket
	DataKeyLifetime      time.Duration // of a bucket key per requester, bucket and key; 0: 5 minutes (AWS publishes none)
	MultipartKMS         MultipartKMS  // calls per multipart request
	UpdateKMS            int           // calls per UpdateObjectEncryption; 0: the default

	ServiceQuotaApplied float64 // answer of GetServiceQuota for L-6E3AF000; 0: KMSRequestsPerSecond or the Region's default; <0: NoSuchResourceException

	MaxKeptBody int64                       // bodies above are kept as (size, digest) only; for the front. 0: 8 MiB
	Authorize   func(*AccessRequest) *Error // policy evaluation; nil: everything is allowed
}

type MultipartKMS struct{ Create, Part, Complete int }

// AccessRequest is one question to Config.Authorize.
type AccessRequest struct {
	Principal   Principal
	Action      string // s3:PutObject, kms:GenerateDataKey, …
	Bucket, Key string
	Policy      []byte // the bucket's policy document, nil when there is none
	Plaintext   bool
	Condition   func(name string) (string, bool) // s3:x-amz-server-side-encryption and so on
}

type World struct{}

func New(c Config) *World { notYet(); return nil }

// Config returns the configuration with the defaults filled in.
func (w *World) Config() Config { notYet(); return Config{} }

type PendingCopy struct{}

// Duration-relevant facts for the caller that plays the latency: how many bytes the copy moves.
func (p *PendingCopy) Size() int64                                      { notYet(); return 0 }
func (p *PendingCopy) Commit(now time.Time) (*CopyObjectOutput, *Error) { notYet(); return nil, nil }

// Cancel gives up a copy whose client went away before the commit.
func (p *PendingCopy) Cancel(now time.Time) { notYet() }

type PendingPart struct{}

func (p *PendingPart) Size() int64                                { notYet(); return 0 }
func (p *PendingPart) Commit(now time.Time) (*PartOutput, *Error) { notYet(); return nil, nil }
func (p *PendingPart) Cancel(now time.Time)                       { notYet() }

// Buckets
func (w *World) CreateBucket(now time.Time, in *CreateBucketInput) *Error { notYet(); return nil }
func (w *World) DeleteBucket(now time.Time, r *Request) *Error            { notYet(); return nil }
func (w *World) HeadBucket(now time.Time, r *Request) (BucketInfo, *Error) {
	notYet()
	return BucketInfo{}, nil
}
func (w *World) GetBucketLocation(now time.Time, r *Request) (string, *Error) {
	notYet()
	return "", nil
}
func (w *World) ListBuckets(now time.Time, p Principal) ([]BucketInfo, *Error) {
	notYet()
	return nil, nil
}
func (w *World) PutBucketVersioning(now time.Time, r *Request, status string) *Error {
	notYet()
	return nil
}
func (w *World) GetBucketVersioning(now time.Time, r *Request) (string, *Error) {
	notYet()
	return "", nil
}
func (w *World) PutBucketEncryption(now time.Time, r *Request, c BucketEncryption) *Error {
	notYet()
	return nil
}
func (w *World) GetBucketEncryption(now time.Time, r *Request) (BucketEncryption, *Error) {
	notYet()
	return BucketEncryption{}, nil
}
func (w *World) DeleteBucketEncryption(now time.Time, r *Request) *Error { notYet(); return nil }
func (w *World) PutObjectLockConfiguration(now time.Time, r *Request, c ObjectLockConfig) *Error {
	notYet()
	return nil
}
func (w *World) GetObjectLockConfiguration(now time.Time, r *Request) (ObjectLockConfig, *Error) {
	notYet()
	return ObjectLockConfig{}, nil
}
func (w *World) PutBucketOwnershipControls(now time.Time, r *Request, ownership string) *Error {
	notYet()
	return nil
}
func (w *World) GetBucketOwnershipControls(now time.Time, r *Request) (string, *Error) {
	notYet()
	return "", nil
}
func (w *World) DeleteBucketOwnershipControls(now time.Time, r *Request) *Error { notYet(); return nil }
func (w *World) PutBucketRequestPayment(now time.Time, r *Request, payer string) *Error {
	notYet()
	return nil
}
func (w *World) GetBucketRequestPayment(now time.Time, r *Request) (string, *Error) {
	notYet()
	return "", nil
}
func (w *World) PutBucketConfig(now time.Time, r *Request, kind ConfigKind, id string, doc []byte) *Error {
	notYet()
	return nil
}
func (w *World) GetBucketConfig(now time.Time, r *Request, kind ConfigKind, id string) ([]byte, *Error) {
	notYet()
	return nil, nil
}
func (w *World) DeleteBucketConfig(now time.Time, r *Request, kind ConfigKind, id string) *Error {
	notYet()
	return nil
}
func (w *World) ListBucketConfigs(now time.Time, r *Request, kind ConfigKind) ([]string, *Error) {
	notYet()
	return nil, nil
} // ids, sorted
func (w *World) GetBucketAcl(now time.Time, r *Request) (*ACLOutput, *Error) {
	notYet()
	return nil, nil
}

// Objects
func (w *World) PutObject(now time.Time, in *PutObjectInput) (*WriteOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) GetObject(now time.Time, in *GetObjectInput) (*GetObjectOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) HeadObject(now time.Time, in *GetObjectInput) (*GetObjectOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) BeginCopy(now time.Time, in *CopyObjectInput) (*PendingCopy, *Error) {
	notYet()
	return nil, nil
}
func (w *World) DeleteObject(now time.Time, in *DeleteObjectInput) (*DeleteObjectOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) UpdateObjectEncryption(now time.Time, in *UpdateObjectEncryptionInput) (requestCharged bool, err *Error) {
	notYet()
	return false, nil
}
func (w *World) GetObjectTagging(now time.Time, in *ObjectInput) (*TaggingOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) PutObjectTagging(now time.Time, in *ObjectInput, tags []Tag) (*TaggingOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) DeleteObjectTagging(now time.Time, in *ObjectInput) (*TaggingOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) GetObjectAcl(now time.Time, in *ObjectInput) (*ACLOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) PutObjectAcl(now time.Time, in *ObjectInput, acl ACL) *Error { notYet(); return nil }
func (w *World) GetObjectRetention(now time.Time, in *ObjectInput) (Lock, *Error) {
	notYet()
	return Lock{}, nil
}
func (w *World) PutObjectRetention(now time.Time, in *ObjectInput, mode string, until time.Time, bypassGovernance bool) *Error {
	notYet()
	return nil
}
func (w *World) GetObjectLegalHold(now time.Time, in *ObjectInput) (string, *Error) {
	notYet()
	return "", nil
}
func (w *World) PutObjectLegalHold(now time.Time, in *ObjectInput, status string) *Error {
	notYet()
	return nil
}
func (w *World) RestoreObject(now time.Time, in *ObjectInput, days int) (already bool, err *Error) {
	notYet()
	return false, nil
} // already: answer 200, else 202
func (w *World) GetObjectAnnotation(now time.Time, in *ObjectInput, name string) ([]byte, *Error) {
	notYet()
	return nil, nil
}
func (w *World) PutObjectAnnotation(now time.Time, in *ObjectInput, name string, value []byte) *Error {
	notYet()
	return nil
}
func (w *World) DeleteObjectAnnotation(now time.Time, in *ObjectInput, name string) *Error {
	notYet()
	return nil
}
func (w *World) ListObjectAnnotations(now time.Time, in *ObjectInput) ([]string, *Error) {
	notYet()
	return nil, nil
}

// Multipart
func (w *World) CreateMultipartUpload(now time.Time, in *CreateMultipartUploadInput) (*CreateMultipartUploadOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) UploadPart(now time.Time, in *UploadPartInput) (*PartOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) BeginPartCopy(now time.Time, in *UploadPartCopyInput) (*PendingPart, *Error) {
	notYet()
	return nil, nil
}
func (w *World) CompleteMultipartUpload(now time.Time, in *CompleteMultipartUploadInput) (*WriteOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) AbortMultipartUpload(now time.Time, in *UploadInput) *Error { notYet(); return nil }
func (w *World) ListParts(now time.Time, in *ListPartsInput) (*ListPartsOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) ListMultipartUploads(now time.Time, in *ListMultipartUploadsInput) (*ListMultipartUploadsOutput, *Error) {
	notYet()
	return nil, nil
}

// Lists
func (w *World) ListObjects(now time.Time, in *ListObjectsInput) (*ListObjectsOutput, *Error) {
	notYet()
	return nil, nil
}
func (w *World) ListObjectVersions(now time.Time, in *ListVersionsInput) (*ListVersionsOutput, *Error) {
	notYet()
	return nil, nil
}

// KMS and Service Quotas: the errors are those of the KMS and Service Quotas APIs, not S3's.
type KeyState string

const (
	KeyEnabled         KeyState = "Enabled"
	KeyDisabled        KeyState = "Disabled"
	KeyPendingDeletion KeyState = "PendingDeletion"
	KeyPendingImport   KeyState = "PendingImport"
	KeyUnavailable     KeyState = "Unavailable"
)

// Key is a KMS key. Zero fields: Enabled, SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT, CUSTOMER.
type Key struct {
	ARN      string // arn:aws:kms:REGION:ACCOUNT:key/ID
	State    KeyState
	Spec     string
	Usage    string
	Manager  string   // CUSTOMER or AWS
	DeniedTo []string // principal ARNs ("*": everyone) that get AccessDenied on cryptographic use
	Created  time.Time
}

func (w *World) CreateKey(k Key) *Error                    { notYet(); return nil }
func (w *World) SetKeyState(arn string, s KeyState) *Error { notYet(); return nil }
func (w *World) PutAlias(name, arn string) *Error          { notYet(); return nil } // name: alias/x
func (w *World) DescribeKey(now time.Time, p Principal, keyID string) (*Key, *Error) {
	notYet()
	return nil, nil
}
func (w *World) ListAliases(now time.Time, p Principal, keyID string) (map[string]string, *Error) {
	notYet()
	return nil, nil
} // alias/x -> key ARN

// GenerateDataKey returns the key's ARN; DryRun answers DryRunOperationException (412) where it would have succeeded.
func (w *World) GenerateDataKey(now time.Time, p Principal, keyID string, dryRun bool) (arn string, err *Error) {
	notYet()
	return "", nil
}

// ServiceQuota is the part of a Quota answer that clients read.
type ServiceQuota struct {
	ServiceCode, QuotaCode, Name, Unit string
	Value                              float64
	Adjustable                         bool
}

// GetServiceQuota answers GetServiceQuota, or with awsDefault GetAWSDefaultServiceQuota.
func (w *World) GetServiceQuota(now time.Time, p Principal, service, code string, awsDefault bool) (ServiceQuota, *Error) {
	notYet()
	return ServiceQuota{}, nil
}

// Filling
// Population describes objects that are a function of Seed and index.
type Population struct {
	N              int64
	Seed           uint64
	Prefix         string // of all keys
	Plain          bool   // plain keys, STANDARD, SSE-S3, no tags, no user metadata
	MaxSize        int64  // 0: mostly small, a few up to 16 MiB
	Big            bool   // also some objects above 5 GiB
	KMSKeyARN      string // key of the share that is already encrypted; "": none
	EncryptedShare float64
	Archived       bool // also GLACIER and DEEP_ARCHIVE
	Created        time.Time
}

func (w *World) Populate(bucket string, p Population) *Error { notYet(); return nil }

// SeedObject adds one version as it is, without any rule. Versions of a key must come oldest first.
// Fields left zero are made up (ETag) or read as the default (STANDARD, SSE-S3).
func (w *World) SeedObject(bucket string, o ObjectInfo, b Body) *Error { notYet(); return nil }

// Walk yields every version and delete marker in key order, newest first. Digest hashes what Walk yields, after edit.
func (w *World) Walk(bucket string) iter.Seq[ObjectInfo]               { notYet(); return nil }
func (w *World) Digest(bucket string, edit func(*ObjectInfo)) [32]byte { notYet(); return [32]byte{} }

// Faults and knobs
type Fault struct {
	Name        string
	Op          Op     // "" any
	Bucket      string // "" any
	Key         string // pattern with * for any run of bytes; "" any
	Code        string
	Message     string
	HTTPStatus  int
	Directive   Directive
	AfterCommit bool      // let the request take effect first
	Probability float64   // 0: always
	Nth         int64     // first matching call that can fire, from 1; 0: the first
	Count       int64     // how often it fires at most; 0: no limit
	From, Until time.Time // zero: no bound
	Seed        uint64
}

func (w *World) AddFault(f Fault) (id int) { notYet(); return 0 }
func (w *World) RemoveFault(id int)        { notYet() }
func (w *World) FaultHits(id int) int64    { notYet(); return 0 }

// UpdateMode is what a server makes of UpdateObjectEncryption.
type UpdateMode int

const (
	UpdateAWS            UpdateMode = iota // as AWS documents it
	UpdateAsPut                            // takes it for a PutObject: the body becomes the request's XML
	UpdateNotImplemented                   // 501
)

// Knobs make the world behave like servers that are not AWS.
type Knobs struct {
	IgnoreDestinationConditions bool
	SilentSSE                   bool     // answers of writes carry no encryption
	IgnoreEncryptionHeaders     bool     // 200, but the object stays as the bucket default says
	DropOnCopy                  []string // "expires", "cache-control", "user-metadata", "tags", "storage-class", "content-type", …
	Update                      UpdateMode
	ConflictOnConcurrentWrite   bool // 409 for a conditional write when the key changed since its read phase
	ArchivedCopyInvalidState    bool // InvalidObjectState instead of ObjectNotInActiveTierError on CopyObject
}

func (w *World) SetKnobs(k Knobs) { notYet() }
func (w *World) Knobs() Knobs     { notYet(); return Knobs{} }

// Counters
type Counters struct {
	Calls     map[CallKey]int64
	KMS       KMSCounters
	Throttles map[string]int64 // "kms", "s3-write", "s3-read"
}
type CallKey struct {
	Op     Op
	Status int // 200, 206, 204, …, 0 for reset and hang
	Code   string
}
type KMSCounters struct {
	Calls           map[string]int64 // GenerateDataKey, Decrypt, …
	Total, Rejected int64
	FullestSecond   int64 // most accepted calls in any sliding second
	FullestStart    time.Time
	FullestClock    int64           // most accepted calls in any second of the clock
	PerSecond       map[int64]int64 // unix second -> accepted calls
}

func (w *World) Counters() Counters                           { notYet(); return Counters{} }
func (w *World) ResetCounters()                               { notYet() }
func (w *World) Rewrites(bucket, key string) int              { notYet(); return 0 } // committed copies, puts, completes and updates of the key
func (w *World) RewriteHistogram(bucket string) map[int]int64 { notYet(); return nil }

// Op is an operation by its AWS name.
type Op string
