package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/inventory"
)

// Change is in which way an attribute is not as it was.
type Change string

// The changes.
const (
	WasLost    Change = "lost"    // there before, and not after
	WasChanged Change = "changed" // there before and after, and not the same
	WasAdded   Change = "added"   // not there before
)

// Difference is one attribute of an object that is not as it was. Before and
// After are its values as text that a person can restore them from, "" for none.
type Difference struct {
	Attribute Attribute `json:"attribute"`
	Change    Change    `json:"change"`
	Before    string    `json:"before"`
	After     string    `json:"after"`
}

// ByWrite tells whether nothing but the write of this object explains the difference.
// New values of user metadata may be a client's: one that wrote the same bytes right
// before a copy has its metadata copied. An endpoint that drops metadata leaves
// names out.
func (d Difference) ByWrite() bool {
	return d.Attribute.Lasts() && (d.Attribute != UserMetadata || d.Change == WasLost)
}

// ComesAlong tells whether an action takes the attribute from whatever it finds, and
// sends no value that a look showed: a newer write of the same bytes has its own.
func (d Difference) ComesAlong(a Action) bool {
	switch d.Attribute {
	case Class, Redirect, Retention, NewRetention, LegalHold, EventHold, BucketKey, Encryption, Body, Length:
		return a == Update
	}
	return a != MultipartCopy
}

// Comparison is what two looks at an object show of what happened between them.
type Comparison struct {
	// Differences are all that count; see docs/fidelity.md for those that do not.
	Differences []Difference
	// Unchecked are attributes of which nobody knows: one of the looks did not ask
	// for them, or was not told. That is no difference, and no proof of equality.
	Unchecked []Attribute
}

// Attributes names what differs.
func (c *Comparison) Attributes() []Attribute { return NamesOf(c.Differences) }

// OtherData tells whether the data differs, by its hash, its checksum or its length.
func (c *Comparison) OtherData() bool {
	return slices.ContainsFunc(c.Differences, func(d Difference) bool { return d.Attribute == Body || d.Attribute == Length })
}

// NamesOf names what differs.
func NamesOf(all []Difference) []Attribute {
	var names []Attribute
	for _, d := range all {
		names = append(names, d.Attribute)
	}
	return names
}

// differ adds a difference.
func (c *Comparison) differ(name Attribute, how Change, before, after string) {
	c.Differences = append(c.Differences, Difference{name, how, before, after})
}

// String says what differs for people.
func (d *Difference) String() string {
	before := "before"
	if d.Attribute == BucketKey {
		before = "asked for"
	}
	return fmt.Sprintf("%s %s: %q %s, %q now", d.Attribute, d.Change, d.Before, before, d.After)
}

// text compares values of which "" is none.
func (c *Comparison) text(name Attribute, before, after string) {
	if before != after {
		c.differ(name, changeOf(before, after), before, after)
	}
}

func changeOf(before, after string) Change {
	switch {
	case before == "":
		return WasAdded
	case after == "":
		return WasLost
	}
	return WasChanged
}

// pairs compares sets of named values.
func (c *Comparison) pairs(name Attribute, before, after map[string]string) {
	if maps.Equal(before, after) {
		return
	}
	how := WasAdded
	for k, v := range before {
		switch is, there := after[k]; {
		case !there:
			how = WasLost
		case is != v && how == WasAdded:
			how = WasChanged
		}
	}
	c.differ(name, how, jsonOf(before), jsonOf(after))
}

// both returns two values where both were told; elsewhere the attribute was not checked.
func both[T any](c *Comparison, name Attribute, before, after Seen[T]) (b, a T, ok bool) {
	b, knownBefore := before.Get()
	a, knownAfter := after.Get()
	if ok = knownBefore && knownAfter; !ok {
		c.Unchecked = append(c.Unchecked, name)
	}
	return b, a, ok
}

// number writes a count, "" for none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// jsonOf writes a map with its names in order, "" for an empty one.
func jsonOf(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic("plan: a map of texts that cannot be written as JSON: " + err.Error())
	}
	return string(data)
}

// CompareHeads says what differs between two answers of HeadObject about an
// object. now is when a retention that has run out protects nothing any more.
func CompareHeads(before, after *Head, now time.Time) Comparison {
	var c Comparison
	c.text(ContentType, before.ContentType, after.ContentType)
	c.text(CacheControl, before.CacheControl, after.CacheControl)
	c.text(ContentDisposition, before.ContentDisposition, after.ContentDisposition)
	c.text(ContentEncoding, before.ContentEncoding, after.ContentEncoding)
	c.text(ContentLanguage, before.ContentLanguage, after.ContentLanguage)
	c.text(Expires, before.Expires, after.Expires)
	c.pairs(UserMetadata, before.Metadata, after.Metadata)
	c.text(HiddenMetadata, number(before.MissingMeta), number(after.MissingMeta))
	if b, a, ok := both(&c, Tags, before.Tagged(), after.Tagged()); ok {
		c.text(Tags, number(b), number(a))
	}
	c.resent(before, after, now)
	c.checksums(before, after)
	return c
}

// resent compares what a copy keeps only where it is sent along with it.
func (c *Comparison) resent(before, after *Head, now time.Time) {
	c.text(Class, string(before.StorageClass), string(after.StorageClass))
	c.text(Redirect, before.Redirect, after.Redirect)
	was, is := before.retention(now), after.retention(now)
	switch name := Retention; {
	case was == "" && is != "":
		c.text(NewRetention, was, is)
	default:
		c.text(name, was, is)
	}
	c.text(LegalHold, on(before.LegalHold), on(after.LegalHold))
	c.text(EventHold, before.eventHold(), after.eventHold())
}

// checksums compares the stored checksums. An object without one gains a CRC-64/NVME
// with every copy, and one that was made of those of parts becomes one over the
// whole object (Amazon S3 User Guide, checking-object-integrity, read 2026-11-21):
// neither is a difference.
func (c *Comparison) checksums(before, after *Head) {
	b, a, ok := both(c, ChecksumAlgorithm, before.Sum(), after.Sum())
	switch {
	case !ok || b.Algorithm == "":
	case b.Algorithm != a.Algorithm:
		c.differ(ChecksumAlgorithm, changeOf(b.Algorithm, a.Algorithm), b.String(), a.String())
	case b.Type == fullObject && a.Type != fullObject && a.Type != "":
		c.differ(ChecksumType, WasChanged, b.String(), a.String())
	case b.Type == fullObject && a.Type == fullObject && b.Value != a.Value && b.Value != "" && a.Value != "":
		c.differ(Body, WasChanged, b.String(), a.String())
	}
}

// Compare says what differs between two snapshots of an object, one from before
// and one from after it was re-encrypted as o says. The bucket key is compared with
// the one that was asked for: what it was before says nothing.
func (o *Options) Compare(before, after *Snapshot, now time.Time) Comparison {
	c := before.Compare(after, now)
	if o.WrongBucketKey(&after.Head) {
		c.text(BucketKey, enabled(o.BucketKey), enabled(after.Head.BucketKey))
	}
	return c
}

// WrongBucketKey tells whether an object is under SSE-KMS, and its bucket key is not
// as o asks for. That the endpoint does not say is off.
func (o *Options) WrongBucketKey(h *Head) bool {
	return o.SSE == TargetKMS && h.Encryption == inventory.SSEKMS && h.BucketKey != o.BucketKey
}

// enabled writes a flag that is on, "" for one that is off.
func enabled(flag bool) string {
	if !flag {
		return ""
	}
	return "enabled"
}

// Compare says what differs between two snapshots of an object, one from before
// and one from after it was re-encrypted, of all that it had before.
func (s *Snapshot) Compare(after *Snapshot, now time.Time) Comparison {
	c := CompareHeads(&s.Head, &after.Head, now)
	counted := func(a Attribute) bool { return a == Tags } // the tags themselves are compared below
	c.Differences = slices.DeleteFunc(c.Differences, func(d Difference) bool { return counted(d.Attribute) })
	c.Unchecked = slices.DeleteFunc(c.Unchecked, counted)
	if b, a, ok := both(&c, Tags, s.Tags, after.Tags); ok {
		c.pairs(Tags, tagMap(b), tagMap(a))
	}
	if b, a, ok := both(&c, ACL, s.ACL, after.ACL); ok {
		c.text(ACL, b, a)
	}
	if b, a, ok := both(&c, Annotations, s.Annotations, after.Annotations); ok {
		c.pairs(Annotations, annotationMap(b), annotationMap(a))
	}
	if s.hides(s.Head.LockMode) || after.hides(after.Head.LockMode) && s.Head.LockMode == "" {
		c.Unchecked = append(c.Unchecked, Retention)
	}
	if s.hides(s.Head.LegalHold) || after.hides(after.Head.LegalHold) && s.Head.LegalHold == "" {
		c.Unchecked = append(c.Unchecked, LegalHold)
	}
	if s.Head.Size != after.Head.Size {
		c.differ(Length, WasChanged, strconv.FormatInt(s.Head.Size, 10), strconv.FormatInt(after.Head.Size, 10))
	}
	b, knownBefore := s.Body.Get()
	a, knownAfter := after.Body.Get()
	switch said := slices.Contains(c.Attributes(), Body); {
	case knownBefore && knownAfter && b != a && !said:
		c.differ(Body, WasChanged, b, a)
	case !said && !s.BodyProven(after):
		c.Unchecked = append(c.Unchecked, Body)
	}
	return c
}

// Tagged returns how many tags there are; HeadObject shows that to those who may
// read tags, and some servers to nobody.
func (h *Head) Tagged() Seen[int] {
	if h.TagCount < 0 {
		return Seen[int]{}
	}
	return Saw(h.TagCount)
}

// Checksum is a checksum that is stored with an object; the zero value is none.
type Checksum struct {
	Algorithm string
	Type      string // FULL_OBJECT, COMPOSITE, or "" where the endpoint does not say
	Value     string // base64
}

// String writes algorithm, type and value.
func (c Checksum) String() string {
	return strings.Join(slices.DeleteFunc([]string{c.Algorithm, c.Type, c.Value}, func(s string) bool { return s == "" }), " ")
}

// Sum returns the stored checksum, where the look asked for it.
func (h *Head) Sum() Seen[Checksum] {
	if !h.ChecksumAsked && h.Checksum == "" {
		return Seen[Checksum]{}
	}
	return Saw(Checksum{h.Checksum, h.ChecksumType, h.ChecksumValue})
}

// retention writes a retention that still protects, "" for none.
func (h *Head) retention(now time.Time) string {
	if h.LockMode == "" || !h.LockRetainUntil.After(now) {
		return ""
	}
	return h.LockMode + " until " + h.LockRetainUntil.UTC().Format(time.RFC3339)
}

// eventHold writes an event hold that is on, "" for none.
func (h *Head) eventHold() string {
	switch {
	case h.EventHold != "ON":
		return ""
	case h.EventHoldDays != 0 || h.EventHoldYears != 0:
		return fmt.Sprintf("ON for %d days, %d years", h.EventHoldDays, h.EventHoldYears)
	}
	return "ON"
}

// on returns a hold that is on, "" for one that is off.
func on(hold string) string {
	if hold != "ON" {
		return ""
	}
	return hold
}

func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

func annotationMap(list []Annotation) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[a.Name] = fmt.Sprintf("%d bytes", a.Size)
	}
	return m
}
