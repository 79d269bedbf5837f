package canary

import (
	"math/bits"

	"reseal/inventory"
	"reseal/plan"
)

// Group is what a re-encryption does, and to objects of which class.
type Group struct {
	Action plan.Action
	Class  inventory.StorageClass // "" where the report does not say
}

// groupOf returns the group of a task.
func groupOf(t *plan.Task) Group { return Group{t.Action, t.Record.StorageClass} }

// Traits is a set of what an object has that a re-encryption must keep, and of
// what it may treat in a way of its own. A kind is a group and one trait: an
// object is begun when all its traits are proven in its group.
type Traits uint64

// The traits. Whole stands for what every one has: size, class and encryption.
const (
	Whole Traits = 1 << iota
	Data         // its bytes, where they can be compared: by reading them, or by a checksum
	ContentType
	CacheControl
	ContentDisposition
	ContentEncoding
	ContentLanguage
	Expires
	UserMetadata
	HiddenMetadata
	Tags
	Redirect
	Governance // a retention in that mode
	Compliance // likewise
	LegalHold
	EventHold
	ACL         // seen by a full look alone
	Annotations // seen by a full look alone
	FullSum     // a checksum over the whole object
	PartsSum    // a checksum of those of its parts
	InParts     // written as a multipart upload
	OldVersion  // not the current one
	UnderKMS    // under SSE-KMS before
	Unencrypted // without server-side encryption before
	BucketKey   // asked for; no object is tried for it, and it can be lost
	OtherSum    // a checksum by another algorithm than the next, or by several
	FirstSum    // a checksum by the first of algorithms; those by the others follow

	numTraits = iota - 1 + numAlgorithms
)

const numAlgorithms = 10

// algorithms of checksums, in the order of their traits.
var algorithms = [numAlgorithms]string{"CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"}

// Retention are the traits of a retention, of whatever mode, and Checksum those of a
// checksum: an object has one of each group at most, and of Checksum a type as well.
const (
	Retention = Governance | Compliance
	Checksum  = FullSum | PartsSum | OtherSum | (1<<numAlgorithms-1)*FirstSum
)

// traitsByHead is how many traits show only once an object is looked at: the twelve
// from ContentType to EventHold, two modes of retention, the ACL, the key it is under,
// and the algorithms and types of checksums.
const traitsByHead = 12 + 1 + 2 + numAlgorithms + 3

// traitNames are the names in tables, in the order of the bits.
var traitNames = [numTraits]string{
	"object", "data", string(plan.ContentType), string(plan.CacheControl), string(plan.ContentDisposition), string(plan.ContentEncoding),
	string(plan.ContentLanguage), string(plan.Expires), string(plan.UserMetadata), "hidden metadata", string(plan.Tags),
	string(plan.Redirect), "retention GOVERNANCE", "retention COMPLIANCE", string(plan.LegalHold), string(plan.EventHold), string(plan.ACL), string(plan.Annotations),
	"checksum of the whole", "checksum of parts", "made in parts", "old version", "under SSE-KMS", "unencrypted", string(plan.BucketKey), "checksum",
	"checksum CRC64NVME", "checksum CRC32", "checksum CRC32C", "checksum SHA1", "checksum SHA256", "checksum SHA512", "checksum MD5",
	"checksum XXHASH64", "checksum XXHASH3", "checksum XXHASH128",
}

// Names returns the names of the traits in the set, always in the same order.
func (t Traits) Names() []string {
	var out []string
	for _, i := range t.each() {
		out = append(out, traitNames[i])
	}
	return out
}

// each returns the indexes of the traits in the set.
func (t Traits) each() []int {
	out := make([]int, 0, bits.OnesCount64(uint64(t)))
	for rest := t; rest != 0; rest &= rest - 1 {
		out = append(out, bits.TrailingZeros64(uint64(rest)))
	}
	return out
}

// traitsNamed is the set of the named traits; names that this version does not
// know are left out.
func traitsNamed(names []string) (t Traits) {
	for _, name := range names {
		for i, known := range traitNames {
			if name == known {
				t |= 1 << i
			}
		}
	}
	return t
}

// traitOf returns the trait that the loss of an attribute is a loss of.
func traitOf(a plan.Attribute) Traits {
	switch a {
	case plan.HiddenMetadata:
		return HiddenMetadata
	case plan.ChecksumAlgorithm, plan.ChecksumType:
		return Checksum
	case plan.Retention, plan.NewRetention:
		return Retention
	case plan.Body:
		return Data
	}
	if t := traitsNamed([]string{string(a)}); t != 0 {
		return t
	}
	return Whole // class, size, encryption
}

// wanted returns the traits of a task's object as far as they are known before
// it is read in full: by its report row, and by HeadObject where that was sent.
func wanted(t *plan.Task) Traits {
	r := &t.Record
	out := Whole | variants(t)
	if t.Head == nil || t.Head.Sum().IsZero() {
		out |= byAlgorithm(r.Checksum)
	}
	if t.Head != nil {
		return out | headTraits(t.Head)
	}
	return out | byMode(r.LockMode) | when(r.LegalHold == "ON", LegalHold) | when(r.EventHold == "ON", EventHold)
}

// variants are the traits that say how the object was written.
func variants(t *plan.Task) Traits {
	r := &t.Record
	return when(r.IsMultipart, InParts) | when(!r.Current(), OldVersion) |
		when(t.FromKMS || r.Encryption == inventory.SSEKMS, UnderKMS) | when(r.Encryption == inventory.NotSSE, Unencrypted)
}

// headTraits are the traits that HeadObject shows.
func headTraits(h *plan.Head) Traits {
	return when(h.ContentType != "", ContentType) | when(h.CacheControl != "", CacheControl) |
		when(h.ContentDisposition != "", ContentDisposition) | when(h.ContentEncoding != "", ContentEncoding) |
		when(h.ContentLanguage != "", ContentLanguage) | when(h.Expires != "", Expires) |
		when(len(h.Metadata) > 0, UserMetadata) | when(h.MissingMeta > 0, HiddenMetadata) | when(h.TagCount > 0, Tags) |
		when(h.Redirect != "", Redirect) | byMode(h.LockMode) | when(h.LegalHold == "ON", LegalHold) |
		when(h.EventHold == "ON", EventHold) | byAlgorithm(h.Checksum) |
		when(h.ChecksumType == "FULL_OBJECT", FullSum) | when(h.ChecksumType == "COMPOSITE", PartsSum)
}

// byMode is the trait of a retention in a mode, "" for none.
func byMode(mode string) Traits {
	switch mode {
	case "":
		return 0
	case "COMPLIANCE":
		return Compliance
	}
	return Governance
}

// byAlgorithm is the trait of a checksum by an algorithm, "" for none.
func byAlgorithm(name string) Traits {
	if name == "" {
		return 0
	}
	for i, known := range algorithms {
		if name == known {
			return FirstSum << i
		}
	}
	return OtherSum
}

// narrowed are the traits that differ of an object that had some: of those of which it
// can have one only the one that it had.
func narrowed(differ, had Traits) Traits {
	for _, of := range []Traits{Retention, Checksum} {
		if differ&had&of != 0 {
			differ &^= of &^ had
		}
	}
	return differ
}

// seen returns the traits that a full look at the task's object showed.
func seen(t *plan.Task, s *plan.Snapshot) Traits {
	tags, _ := s.Tags.Get()
	acl, _ := s.ACL.Get()
	annotations, _ := s.Annotations.Get()
	return Whole | Data | variants(t) | headTraits(&s.Head) | when(len(tags) > 0, Tags) | when(acl != "", ACL) | when(len(annotations) > 0, Annotations)
}

func when(has bool, t Traits) Traits {
	if has {
		return t
	}
	return 0
}
