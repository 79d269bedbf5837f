package plan

import (
	"time"

	"reseal/inventory"
)

// Action is what is done to an object.
type Action uint8

// The actions.
const (
	Skip          Action = iota // nothing; Task.Reason says why
	Copy                        // one CopyObject onto itself
	MultipartCopy               // CreateMultipartUpload, UploadPartCopy, CompleteMultipartUpload onto itself
	Update                      // UpdateObjectEncryption: no data moves
	NumActions
)

var actionNames = [NumActions]string{"skip", "copy", "multipart-copy", "update"}

// String returns the action's name in reports and options.
func (a Action) String() string { return actionNames[a] }

// Reason says why an object is skipped, or why it failed. One vocabulary in
// code, reports and documents.
type Reason string

// Reasons for leaving an object alone.
const (
	AlreadyEncrypted Reason = "already-encrypted"  // under some KMS key; which one, nobody looked at but --rekey. With it: under the key
	DeleteMarker     Reason = "delete-marker"      // no data
	Noncurrent       Reason = "noncurrent-version" // only current versions are asked for
	Archived         Reason = "archived"           // a copy would need a restore first
	SSECustomer      Reason = "sse-c"              // only the holder of the customer key can read it
	DualLayer        Reason = "dsse-kms"           // stronger than what would be written
	Locked           Reason = "locked"             // retention or legal hold forbids it
	Filtered         Reason = "filtered"           // an option of the user leaves it out
	Gone             Reason = "gone"               // deleted since the report
	RemovedRow       Reason = "removed-row"        // the table of the row says that it is no more
	UnknownClass     Reason = "unknown-class"      // a storage class that this version does not know
	TooLarge         Reason = "too-large"          // above 5 GiB: more than one CopyObject can do
	ForeignKey       Reason = "foreign-key"        // the key is of another account than the bucket, which an update in place does not take
	Unencrypted      Reason = "unencrypted"        // not encrypted at all, which an update in place does not take
)

// Reasons for an object that was tried and is not done.
const (
	Changing     Reason = "changing"      // other clients kept writing it; their data is untouched
	NotEncrypted Reason = "not-encrypted" // the endpoint answered 200 but the object is not under the key
	Denied       Reason = "access-denied"
	PublicACL    Reason = "public-acl" // it has a grant to everybody, which S3 Block Public Access refuses
	Unfaithful   Reason = "unfaithful" // something of the object could not be carried over
	RequestError Reason = "request-error"
	SelfCopy     Reason = "self-copy"    // the endpoint does not copy an object onto itself for the sake of its encryption
	OtherBucket  Reason = "other-bucket" // the row names another bucket than the report

	// NoVersion: the row is, or may be, about a version that is not the current one, and
	// names none.
	NoVersion Reason = "no-version"

	// NoKey: the row names no key.
	NoKey Reason = "no-key"

	// KeySpelling: no object has the row's key, and one has it in another spelling: the
	// source, which S3 did not write, spells its keys otherwise than S3.
	KeySpelling Reason = "key-spelling"

	// NeedsParts: only a copy in parts does it, what that brings with it was not
	// accepted, and the plan had no such copies to ask about.
	NeedsParts Reason = "needs-parts"

	// Unaddressable: the endpoint refuses the key as such, requests and a listing
	// contradict each other about it, or requests about it meet another object.
	Unaddressable Reason = "unaddressable"
)

// OfRow tells whether the row itself, whatever its object is, cannot be done.
func (r Reason) OfRow() bool { return r == OtherBucket || r == NoVersion || r == NoKey }

// Task is one object version and what is to be done to it.
type Task struct {
	Record   inventory.Record
	Action   Action
	Reason   Reason // for Skip
	NeedHead bool   // one HeadObject precedes the action: the report is not enough (or was proven stale)
	Head     *Head  // what that HeadObject said; nil before
	FromKMS  bool   // the object is under SSE-KMS, so reading it costs KMS requests
	Demand   Demand // the sum of the expected steps
	Doubts   Doubts // what may turn out to leave nothing to do

	InParts     bool // a copy in one request turned out not to do it
	Snapshot    bool // all of the object is read before, for a comparison afterwards
	Unconfirmed bool // the answer to an update is taken for its proof: see Options.Unconfirmed

	// Wrote tells whether a look shows what the job wrote of the object; nil where
	// nobody knows what that is.
	Wrote func(*Head) bool

	// Untried are attributes that a look does not show, and that no object of the kind
	// was seen to keep. An object that has one of them is not written: it must be
	// compared first.
	Untried []Attribute

	weights *Weights
}

// Step returns the step of kind k of this task, with its demand.
func (t *Task) Step(k StepKind) Step {
	return Step{Kind: k, Key: t.Record.Key, Demand: t.weights.Of(k, t.FromKMS)}
}

// Head is what HeadObject says of an object version: the state it is in now,
// against the days-old state in the report.
type Head struct {
	RequestID    string // of the look itself
	ETag         string // without quotes
	VersionID    string
	Size         int64
	LastModified time.Time
	StorageClass inventory.StorageClass // Standard where the answer has none
	Archived     bool                   // data cannot be read without a restore (archive class or tier)
	Restored     bool                   // a temporary copy of an archived object is readable

	Encryption inventory.Encryption
	KMSKeyID   string // as the endpoint spells it
	BucketKey  bool

	ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage string

	Expires     string            // raw, as it may not be a date
	Metadata    map[string]string // user metadata, names in lower case without x-amz-meta-
	MissingMeta int               // user metadata entries that headers cannot express
	TagCount    int               // -1 where the answer has none, which does not prove that there are none
	Redirect    string            // website redirect location

	LockMode        string // GOVERNANCE, COMPLIANCE or ""
	LockRetainUntil time.Time
	LegalHold       string // ON, OFF or ""
	EventHold       string // ON, OFF or ""
	EventHoldDays   int32
	EventHoldYears  int32

	// ChecksumAsked says that the look asked for the stored checksum: elsewhere ""
	// does not mean that there is none.
	ChecksumAsked bool   `json:",omitempty"`
	Checksum      string // algorithm of the stored checksum, "" where none was shown
	ChecksumType  string // FULL_OBJECT or COMPOSITE
	ChecksumValue string // base64
	Parts         int    // 0 where not stated

	// TagsRead are the tags that select the object, nil where they were not read. They
	// are part of no comparison.
	TagsRead *TagsRead `json:"-"`

	// PutBack is what an earlier attempt's write of the object had lost and the look
	// gave back. It is part of no comparison.
	PutBack []Difference `json:"-"`
}
