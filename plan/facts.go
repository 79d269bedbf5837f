package plan

import "strconv"

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

	MFADelete   Answer // no version can be deleted without the owner's MFA device
	Transitions Answer // lifecycle rules that change the storage class
	Expirations Answer // lifecycle rules that expire objects by age
	ObjectLock  Answer // object lock is enabled for the bucket
	Retention   Answer // object lock gives every new object a retention, so that what is written cannot be deleted

	RetentionMode string // GOVERNANCE or COMPLIANCE; "" where Retention is not Yes
	RetentionDays int    // how long, a year as 365 days; 0 where not known

	ACLs Answer // object ACLs are in force (ownership is not BucketOwnerEnforced)
	// BlocksPublicACLs: S3 Block Public Access, the bucket's or the account's, refuses
	// to give an object a grant to everybody. Not asked for where ACLs is No.
	BlocksPublicACLs Answer
	// IgnoresPublicACLs: grants to everybody that objects have already give nothing.
	// Not asked for where ACLs is No.
	IgnoresPublicACLs Answer

	Website     Answer // a website configuration, so objects may redirect
	Replication Answer
	Events      Answer // notifications that a copy would set off
	Requester   Answer // requester pays

	// ForeignKey: the key is of another account than the bucket.
	// UpdateObjectEncryption takes such keys only within an organisation, after AWS
	// Support has allowed it (Amazon S3 API Reference, UpdateObjectEncryption, read
	// 2026-11-29).
	ForeignKey Answer

	DefaultEncryption string // aws:kms, AES256, aws:kms:dsse, or "" where unknown
	DefaultKey        string

	// ManagedKey: the job's target is the AWS managed key aws/s3.
	ManagedKey Answer

	AWS Answer // the endpoint is AWS's own, proven by host and TLS
	// IgnoresIfMatch: the endpoint takes no notice of If-Match on the
	// destination of a copy, so a newer write could be overwritten.
	IgnoresIfMatch Answer
	// CountsTags: HeadObject shows how many tags an object has. AWS's does, to who may
	// read them.
	CountsTags Answer
}

// HeadNeeded tells whether objects must be looked at, as a report that is days old
// does not say enough. A class, lock or ACL may have changed without the ETag, and no
// report shows a redirect. Only facts that were read allow leaving the HEAD out. In a
// bucket without a website configuration a redirect location has no effect, but S3
// keeps it. Options.InspectAll carries that over, too.
func (f *Facts) HeadNeeded() bool {
	return f.Transitions != No || f.ObjectLock != No || f.ACLs != No || f.Website != No || f.IgnoresIfMatch != No
}

// HeadCertain tells whether HeadNeeded holds by facts that are known. A fact that is
// unknown to the plan may be known to its run. An endpoint that was thought to ignore
// conditions may turn out to heed them. Either may spare the HEAD.
func (f *Facts) HeadCertain() bool {
	return f.Transitions == Yes || f.ObjectLock == Yes || f.ACLs == Yes || f.Website == Yes
}

// Days writes a number of days, whole years as years of 365 days.
func Days(n int) string {
	unit := "day"
	if n >= 365 && n%365 == 0 {
		n, unit = n/365, "year"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
