package simulator

// UpdateMode is what a server makes of UpdateObjectEncryption.
type UpdateMode int

const (
	UpdateAWS            UpdateMode = iota // as AWS documents it
	UpdateAsPut                            // takes it for a PutObject: the body becomes the request's XML, tags are gone
	UpdateNotImplemented                   // answers 501
)

// Attribute names something that CopyObject should carry over, for Knobs.DropOnCopy.
type Attribute string

const (
	AttrContentType        Attribute = "content-type"
	AttrCacheControl       Attribute = "cache-control"
	AttrContentDisposition Attribute = "content-disposition"
	AttrContentEncoding    Attribute = "content-encoding"
	AttrContentLanguage    Attribute = "content-language"
	AttrExpires            Attribute = "expires"
	AttrUserMetadata       Attribute = "user-metadata"
	AttrTags               Attribute = "tags"
	AttrStorageClass       Attribute = "storage-class" // the one that was sent
	AttrACL                Attribute = "acl"
	AttrWebsiteRedirect    Attribute = "website-redirect"
	AttrLock               Attribute = "lock" // all of the next three
	AttrRetention          Attribute = "retention"
	AttrLegalHold          Attribute = "legal-hold"
	AttrEventHold          Attribute = "event-hold"
	AttrHiddenMetadata     Attribute = "hidden-metadata" // what x-amz-missing-meta counts
	AttrChecksum           Attribute = "checksum"        // another algorithm
	AttrBody               Attribute = "body"            // other data of the same length
	AttrBucketKey          Attribute = "bucket-key"
	AttrAnnotations        Attribute = "annotations"
)

// Knobs make the world behave like servers that are not AWS, as seen on such servers. All are off by default.
type Knobs struct {
	IgnoreDestinationConditions bool        // If-Match and If-None-Match on writes are not looked at
	SilentSSE                   bool        // answers to writes do not state the encryption
	IgnoreEncryptionHeaders     bool        // 200, but the object gets the bucket's default encryption
	DropOnCopy                  []Attribute // also on CreateMultipartUpload
	Update                      UpdateMode
	ConflictOnConcurrentWrite   bool // 409 for a conditional copy when any write came between read and commit
	ArchivedCopyInvalidState    bool // InvalidObjectState for an archived copy source, as seen in the field
}

// SetKnobs replaces all knobs.
func (w *World) SetKnobs(k Knobs) { w.knobs = k }

// Knobs returns the knobs as set.
func (w *World) Knobs() Knobs { return w.knobs }

// drops tells whether attribute a gets lost.
func (k *Knobs) drops(a Attribute) bool {
	for _, d := range k.DropOnCopy {
		if d == a {
			return true
		}
	}
	return false
}
