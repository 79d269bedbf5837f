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

// Snapshot is all of an object that a re-encryption has to keep, as it was at
// one moment.
type Snapshot struct {
	Head        Head   `json:"head"`
	Tags        []Tag  `json:"tags,omitempty"`        // in order of their keys
	ACL         string `json:"acl,omitempty"`         // the grants beyond the default, "" for none
	Annotations int    `json:"annotations,omitempty"` // -1 where the endpoint has none to list
	Body        string `json:"body,omitempty"`        // SHA-256 in hex; "" where the body was not read
}

// Lost names what differs between two snapshots of an object, one from before
// and one from after it was re-encrypted; what was gained where nothing was is
// no loss.
func (s *Snapshot) Lost(after *Snapshot, now time.Time) []Attribute {
	lost := slices.DeleteFunc(LostByWrite(&s.Head, &after.Head, now), func(a Attribute) bool { return a == Tags }) // only counted there
	differ := func(name Attribute, different bool) {
		if different {
			lost = append(lost, name)
		}
	}
	differ(Tags, !slices.Equal(s.Tags, after.Tags))
	differ(ACL, s.ACL != after.ACL)
	differ(Annotations, s.Annotations > 0 && s.Annotations != after.Annotations)
	differ(Length, s.Head.Size != after.Head.Size)
	differ(Body, s.Body != "" && after.Body != "" && s.Body != after.Body || s.checksum(after) == No)
	// Several objects of a bucket may have lost theirs to copies that nobody
	// told to keep it, so that one there before counts and one new does not.
	differ(ChecksumAlgorithm, s.Head.Checksum != "" && after.Head.Checksum != "" && s.Head.Checksum != after.Head.Checksum)
	return lost
}

// BodyProven tells whether the two snapshots prove that the data is the same.
func (s *Snapshot) BodyProven(after *Snapshot) bool {
	return s.Body != "" && s.Body == after.Body || s.checksum(after) == Yes
}

// checksum tells whether the data has the same checksum: Unknown where the two
// cannot be compared, as only one over the whole object does not depend on the
// parts that it was written in.
func (s *Snapshot) checksum(after *Snapshot) Answer {
	b, a := &s.Head, &after.Head
	if b.ChecksumValue == "" || a.ChecksumValue == "" || b.Checksum != a.Checksum || b.ChecksumType != fullObject || a.ChecksumType != fullObject {
		return Unknown
	}
	return AnswerOf(b.ChecksumValue == a.ChecksumValue)
}

const fullObject = "FULL_OBJECT"
