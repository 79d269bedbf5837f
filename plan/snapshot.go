package plan

import (
	"slices"
	"time"
)

// Tag is one tag of an object.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Annotation is one annotation of an object, without its payload.
type Annotation struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// Snapshot is all of an object that a re-encryption has to keep, as it was at
// one moment. What was not asked for, or not told, is left out of its JSON;
// snapshots of the versions before this one leave out what was empty, too, so that
// it counts as not asked for there.
type Snapshot struct {
	Head        Head               `json:"head"`
	Tags        Seen[[]Tag]        `json:"tags,omitzero"`            // in order of their keys
	ACL         Seen[string]       `json:"acl,omitzero"`             // the grants beyond the default, "" for none
	Annotations Seen[[]Annotation] `json:"annotation_list,omitzero"` // not told by endpoints that have none to list
	Body        Seen[string]       `json:"body,omitzero"`            // SHA-256 in hex, where the body was read

	// LocksShown says that the caller is shown the locks of the object, so that
	// none in Head means none.
	LocksShown bool `json:"locks_shown,omitempty"`
}

// hides tells whether a kind of lock of which the look shows lock may be there
// all the same.
func (s *Snapshot) hides(lock string) bool { return lock == "" && !s.LocksShown }

// Lost names what differs between two snapshots of an object, one from before
// and one from after it was re-encrypted; see Compare.
func (s *Snapshot) Lost(after *Snapshot, now time.Time) []Attribute {
	c := s.Compare(after, now)
	return c.Attributes()
}

// BodyProven tells whether the two snapshots prove that the data is the same.
func (s *Snapshot) BodyProven(after *Snapshot) bool {
	b, knownBefore := s.Body.Get()
	a, knownAfter := after.Body.Get()
	if knownBefore && knownAfter {
		return b == a
	}
	// Only a checksum over the whole object does not depend on the parts that it
	// was written in.
	x, y := s.Head, after.Head
	return x.Checksum != "" && x.ChecksumValue != "" && x.Checksum == y.Checksum && x.ChecksumValue == y.ChecksumValue &&
		x.ChecksumType == fullObject && y.ChecksumType == fullObject
}

// Hidden returns the attributes that the look was not told of, with which an
// object cannot be proven to be as it was.
func (s *Snapshot) Hidden() []Attribute {
	c := s.Compare(s, time.Time{})
	return slices.DeleteFunc(c.Unchecked, func(a Attribute) bool { return a == Body })
}

const fullObject = "FULL_OBJECT"
