package simulator

import "strings"

// UpdateMode is what a server makes of UpdateObjectEncryption.
type UpdateMode int

const (
	UpdateAWS            UpdateMode = iota // as AWS documents it
	UpdateAsPut                            // takes it for a PutObject: the body becomes the request's XML, tags are gone
	UpdateNotImplemented                   // answers 501
)

// Knobs make the world behave like servers that are not AWS, as seen on such servers. All are off by default.
type Knobs struct {
	IgnoreDestinationConditions bool        // If-Match and If-None-Match on writes are not looked at
	SilentSSE                   bool        // answers to writes do not state the encryption
	IgnoreEncryptionHeaders     bool        // 200, but the object gets the bucket's default encryption
	DropOnCopy                  []Attribute // lost by copies, single and in parts; see Spoils for more
	Spoils                      []Spoil     // what writing an object anew makes of its attributes
	PartCopyWithoutChecksum     bool        // 400 for an UploadPartCopy into an upload with a checksum algorithm, as MinIO's
	NoUploadsListed             bool        // ListMultipartUploads answers an empty list, as MinIO's does for any prefix but a whole key
	MergedSlashes               bool        // the key in a request's path has each run of slashes made one, as proxies do
	FoldedCase                  bool        // the key in a request's path is made lower case, as before file systems that know no case
	Update                      UpdateMode
	ConflictOnConcurrentWrite   bool // 409 for a conditional copy when any write came between read and commit
	ArchivedCopyInvalidState    bool // InvalidObjectState for an archived copy source, as seen in the field

	// StaleConfig is how many reads of a bucket's policy, default encryption or another configuration that is a
	// document answer what was there before a change: bucket configurations are eventually consistent on AWS, too (S3 User Guide, Welcome, "Amazon S3 data
	// consistency model", read 2026-11-29).
	StaleConfig int
}

// Addressed returns the key that a request is about whose path names key.
func (k *Knobs) Addressed(key string) string {
	for k.MergedSlashes && strings.Contains(key, "//") {
		key = strings.ReplaceAll(key, "//", "/")
	}
	if k.FoldedCase {
		key = strings.ToLower(key)
	}
	return key
}

// SetKnobs replaces all knobs.
func (w *World) SetKnobs(k Knobs) { w.knobs = k }

// Knobs returns the knobs as set.
func (w *World) Knobs() Knobs { return w.knobs }
