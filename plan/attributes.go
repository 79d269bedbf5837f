package plan

import (
	"slices"
	"strings"
	"time"
)

// Attribute is something of an object that a re-encryption has to keep, by its
// name in messages.
type Attribute string

// The attributes.
const (
	ContentType        Attribute = "Content-Type"
	CacheControl       Attribute = "Cache-Control"
	ContentDisposition Attribute = "Content-Disposition"
	ContentEncoding    Attribute = "Content-Encoding"
	ContentLanguage    Attribute = "Content-Language"
	Expires            Attribute = "Expires"
	UserMetadata       Attribute = "user metadata"
	HiddenMetadata     Attribute = "metadata that headers cannot express"
	Tags               Attribute = "tags"
	Class              Attribute = "storage class"
	Redirect           Attribute = "website redirect"
	Retention          Attribute = "retention"
	NewRetention       Attribute = "retention that it did not have"
	LegalHold          Attribute = "legal hold"
	EventHold          Attribute = "event hold"
	ACL                Attribute = "ACL"
	Annotations        Attribute = "annotations"
	ChecksumAlgorithm  Attribute = "checksum algorithm"
	ChecksumType       Attribute = "checksum type" // over the whole object before, of its parts after
	BucketKey          Attribute = "bucket key"    // compared with what was asked for, not with before
	Length             Attribute = "size"
	Body               Attribute = "body"
	Encryption         Attribute = "encryption" // of an object that is not under the key it was written under
)

// Losses are the attributes of which somebody may want to accept that they are
// lost, changed or added. The data itself is not among them.
func Losses() []Attribute {
	return []Attribute{ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Expires, UserMetadata,
		HiddenMetadata, Tags, Class, Redirect, Retention, NewRetention, LegalHold, EventHold, ACL, Annotations, ChecksumAlgorithm, ChecksumType, BucketKey}
}

// Lasts tells whether only a write of the object changes the attribute. Tags, ACL,
// annotations and locks have requests of their own.
func (a Attribute) Lasts() bool {
	switch a {
	case Tags, ACL, Annotations, Retention, NewRetention, LegalHold, EventHold:
		return false
	}
	return true
}

// Hazard is the name under which a difference of the attribute is accepted, such
// as drops-expires.
func (a Attribute) Hazard() string {
	switch a {
	case HiddenMetadata:
		return "drops-hidden-metadata"
	case NewRetention:
		return "default-retention" // where it comes from
	}
	return "drops-" + strings.ReplaceAll(strings.ToLower(string(a)), " ", "-")
}

// Words joins names for a message.
func Words(names []Attribute) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(n))
	}
	return b.String()
}

// notKept introduces the names of what a write lost, in the error of its object.
const notKept = "the endpoint did not keep: "

// NotKept is the error of an object that was re-encrypted and lost attributes.
func NotKept(lost []Attribute) string { return "re-encrypted, but " + notKept + Words(lost) }

// LostIn returns the attributes that an error made by NotKept names, and false
// where text is none.
func LostIn(text string) (lost []Attribute, ok bool) {
	_, names, ok := strings.Cut(text, notKept)
	for name := range strings.SplitSeq(names, ", ") {
		if ok {
			lost = append(lost, Attribute(name))
		}
	}
	return lost, ok
}

// LostByWrite names the attributes that HeadObject shows otherwise after than
// before; see CompareHeads.
func LostByWrite(before, after *Head, now time.Time) []Attribute {
	c := CompareHeads(before, after, now)
	return c.Attributes()
}

// LostByCopy names those attributes that differ and that a copy keeps only where
// they are sent along with it.
func LostByCopy(before, after *Head, now time.Time) []Attribute {
	var c Comparison
	c.resent(before, after, now)
	return c.Attributes()
}

// Without returns names without those of accepted.
func Without(names, accepted []Attribute) []Attribute {
	return slices.DeleteFunc(slices.Clone(names), func(a Attribute) bool { return slices.Contains(accepted, a) })
}
