package plan

import (
	"maps"
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
	LegalHold          Attribute = "legal hold"
	EventHold          Attribute = "event hold"
	ACL                Attribute = "ACL"
	Annotations        Attribute = "annotations"
	ChecksumAlgorithm  Attribute = "checksum algorithm"
	Length             Attribute = "size"
	Body               Attribute = "body"
)

// Losses are the attributes whose loss somebody may want to accept. The data
// itself is not among them.
func Losses() []Attribute {
	return []Attribute{ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Expires, UserMetadata,
		HiddenMetadata, Tags, Class, Redirect, Retention, LegalHold, EventHold, ACL, Annotations, ChecksumAlgorithm}
}

// Hazard is the name under which the loss of the attribute is accepted, such as
// drops-expires.
func (a Attribute) Hazard() string {
	if a == HiddenMetadata {
		return "drops-hidden-metadata"
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

// LostByWrite names the attributes that HeadObject showed before and does not
// show after. Attributes that were gained, such as a retention that the bucket
// gives every new object, are not losses.
func LostByWrite(before, after *Head, now time.Time) []Attribute {
	var lost []Attribute
	text := func(name Attribute, was, is string) {
		if was != "" && was != is {
			lost = append(lost, name)
		}
	}
	text(ContentType, before.ContentType, after.ContentType)
	text(CacheControl, before.CacheControl, after.CacheControl)
	text(ContentDisposition, before.ContentDisposition, after.ContentDisposition)
	text(ContentEncoding, before.ContentEncoding, after.ContentEncoding)
	text(ContentLanguage, before.ContentLanguage, after.ContentLanguage)
	text(Expires, before.Expires, after.Expires)
	if !maps.Equal(before.Metadata, after.Metadata) {
		lost = append(lost, UserMetadata)
	}
	if before.MissingMeta != after.MissingMeta {
		lost = append(lost, HiddenMetadata)
	}
	if before.TagCount > 0 && after.TagCount >= 0 && before.TagCount != after.TagCount {
		lost = append(lost, Tags)
	}
	return append(lost, LostByCopy(before, after, now)...)
}

// LostByCopy names those attributes that a copy keeps only where they are sent
// along with it. A retention that has run out by now protects nothing any more.
func LostByCopy(before, after *Head, now time.Time) []Attribute {
	var lost []Attribute
	if before.StorageClass != after.StorageClass {
		lost = append(lost, Class)
	}
	if before.Redirect != after.Redirect {
		lost = append(lost, Redirect)
	}
	if before.LockMode != "" && before.LockRetainUntil.After(now) &&
		(before.LockMode != after.LockMode || before.LockRetainUntil.After(after.LockRetainUntil)) {
		lost = append(lost, Retention)
	}
	if before.LegalHold == "ON" && after.LegalHold != "ON" {
		lost = append(lost, LegalHold)
	}
	if before.EventHold == "ON" && after.EventHold != "ON" {
		lost = append(lost, EventHold)
	}
	return lost
}

// Without returns names without those of accepted.
func Without(names, accepted []Attribute) []Attribute {
	return slices.DeleteFunc(slices.Clone(names), func(a Attribute) bool { return slices.Contains(accepted, a) })
}
