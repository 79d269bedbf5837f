package plan

import "reseal/inventory"

// Doubts are what a report does not say of an object and a look may find: that it is
// to be left alone. Such an object counts as one to do, at most.
type Doubts uint8

// The doubts.
const (
	DoubtTier       Doubts = 1 << iota // it may be in an archive tier of Intelligent-Tiering
	DoubtCurrent                       // its version may not be the current one
	DoubtEncryption                    // it may be encrypted as it is to be, or in a way that is left alone
	DoubtFilter                        // a filter may leave it out
)

// smallestTiered is the size, in bytes, from which Intelligent-Tiering moves objects
// between tiers. Smaller ones stay in the Frequent Access tier (Amazon S3 User Guide,
// storage-class-intro, read 2026-11-21).
const smallestTiered = 128 << 10

// doubts returns what only a look tells about the task's object.
func (p *Policy) doubts(t *Task) (d Doubts) {
	r := &t.Record
	if !t.NeedHead {
		return 0 // it was looked at, or nobody will
	}
	if t.Action != Update && tierUnknown(r) {
		d |= DoubtTier
	}
	if isAbout(r) && !p.Options.AllVersions {
		d |= DoubtCurrent
	}
	if !knownEncryption(r) {
		d |= DoubtEncryption
	}
	if p.Options.Unsure(r) != nil {
		d |= DoubtFilter
	}
	return d
}

// tierUnknown tells whether the object may be in an archive tier for all that the row
// says. A report may lack the column, and have it empty.
func tierUnknown(r *inventory.Record) bool {
	if r.StorageClass != inventory.IntelligentTiering || r.Size >= 0 && r.Size < smallestTiered {
		return false
	}
	switch r.Tier {
	case "FREQUENT", "INFREQUENT", "ARCHIVE_INSTANT", "ARCHIVE", "DEEP_ARCHIVE":
		return false
	}
	return true
}

// knownEncryption tells whether the row has a state of encryption, and one that has a
// meaning here.
func knownEncryption(r *inventory.Record) bool {
	switch r.Encryption {
	case inventory.SSES3, inventory.SSEKMS, inventory.DSSEKMS, inventory.SSEC, inventory.NotSSE:
		return true
	}
	return false
}
