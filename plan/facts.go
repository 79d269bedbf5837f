package plan

// Answer is yes, no, or unknown: what the caller may not read stays unknown,
// and unknown is never taken for no.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// AnswerOf turns a known fact into an answer.
func AnswerOf(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// String returns "unknown", "no" or "yes".
func (a Answer) String() string { return [...]string{"unknown", "no", "yes"}[a] }

// Versioning is the versioning state of a bucket.
type Versioning uint8

// The versioning states.
const (
	VersioningUnknown   Versioning = iota
	Unversioned                    // never switched on: an overwrite replaces
	VersioningEnabled              // an overwrite leaves the old version behind
	VersioningSuspended            // an overwrite replaces only the null version
)

// String names the state.
func (v Versioning) String() string {
	return [...]string{"unknown", "unversioned", "enabled", "suspended"}[v]
}

// Facts are what a preflight read about bucket and endpoint. They are read
// again at every start; they shape the steps, never which objects are selected.
type Facts struct {
	Bucket     string
	Region     string
	Versioning Versioning

	Transitions Answer // lifecycle rules that change the storage class
	Expirations Answer // lifecycle rules that expire objects by age
	ObjectLock  Answer // object lock is enabled for the bucket
	Retention   Answer // object lock gives every new object a retention, so that what is written cannot be deleted
	ACLs        Answer // object ACLs are in force (ownership is not BucketOwnerEnforced)
	Website     Answer // a website configuration, so objects may redirect
	Replication Answer
	Events      Answer // notifications that a copy would set off
	Requester   Answer // requester pays

	DefaultEncryption string // aws:kms, AES256, aws:kms:dsse, or "" where unknown
	DefaultKey        string

	AWS Answer // the endpoint is AWS's own, proven by host and TLS
	// IgnoresIfMatch: the endpoint takes no notice of If-Match on the
	// destination of a copy, so a newer write could be overwritten.
	IgnoresIfMatch Answer
}

// HeadNeeded tells whether a report that is days old is not enough to carry
// an object over faithfully: its class, lock or ACL may have changed without
// changing the ETag, or it may hold a redirect that no report shows. Only facts
// that were read allow leaving the HEAD out. In a bucket without a website
// configuration a redirect location has no effect, but S3 keeps it all the
// same; Options.InspectAll is for who wants that carried over, too.
func (f *Facts) HeadNeeded() bool {
	return f.Transitions != No || f.ObjectLock != No || f.ACLs != No || f.Website != No || f.IgnoresIfMatch != No
}

// HeadCertain tells whether that is because of what is known of the bucket. What
// is not known when a plan is made may be by the time of its run, and that an
// endpoint ignores conditions may turn out wrong on trial: then no HEAD is needed.
func (f *Facts) HeadCertain() bool {
	return f.Transitions == Yes || f.ObjectLock == Yes || f.ACLs == Yes || f.Website == Yes
}
