package simulator

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// nullVersion is the id of versions written while versioning is off or suspended.
const nullVersion = "null"

// A version is one object version or delete marker. Metadata, tags and bodies are replaced, never changed in place, so
// that a version can be copied by value for the read phase of a copy.
type version struct {
	id       string
	seq      uint64 // decides which version is current; a multipart upload takes its number when it begins
	marker   bool
	size     int64
	etag     string
	modified time.Time // whole seconds
	class    StorageClass
	enc      Encryption
	meta     *Metadata
	tags     []Tag
	body     Body
	checksum Checksum // Value "" is computed when asked for
	rare     *rare    // nil for most

	pop   *population // where a generated object comes from, and its index
	index int64
}

// rare holds what few objects have. It is shared between copies of a version: edit clones it first.
type rare struct {
	lock        Lock
	grants      []Grant
	owner       string // canonical id, "" is the bucket owner's
	redirect    string
	parts       []int64
	partSums    []string // checksums of the parts, where that of the object is COMPOSITE
	partCount   int      // where the sizes are not known
	replication string
	tier        string
	restore     restore
	annotations map[string][]byte
}

type restore struct{ ready, until time.Time }

var noMetadata = &Metadata{}

// noRare stands for the absence of all rare attributes; it is never written to.
var noRare = &rare{}

func (v *version) more() *rare {
	if v.rare == nil {
		return noRare
	}
	return v.rare
}

// edit gives the version rare attributes of its own to change.
func (v *version) edit() *rare {
	r := *v.more()
	r.annotations = maps.Clone(r.annotations)
	v.rare = &r
	return v.rare
}

// info is the visible state of v at the instant now.
func (v *version) info(key string, latest bool, owner string, now time.Time, o *ObjectInfo) {
	r := v.more()
	*o = ObjectInfo{
		Key: key, VersionID: v.id, IsLatest: latest, DeleteMarker: v.marker, Size: v.size, ETag: v.etag,
		LastModified: v.modified, StorageClass: v.class, AccessTier: r.tier, Metadata: v.meta, Tags: v.tags,
		Encryption: v.enc, Lock: r.lock, Grants: r.grants, Owner: r.owner, WebsiteRedirect: r.redirect,
		Checksum: v.checksum, PartsCount: max(len(r.parts), r.partCount), PartSizes: r.parts, Replication: r.replication,
		Annotations: len(r.annotations),
	}
	if o.PartsCount == 0 && strings.HasSuffix(v.etag, onePart) {
		o.PartsCount = 1
	}
	if o.Owner == "" {
		o.Owner = owner
	}
	if o.Metadata == nil {
		o.Metadata = noMetadata
	}
	switch {
	case r.restore.ready.IsZero():
	case now.Before(r.restore.ready):
		o.RestoreOngoing = true
	case now.Before(r.restore.until):
		o.RestoredUntil = r.restore.until
	}
}

// archived tells whether the content can not be read at the instant now (S3 User Guide, restoring-objects).
func (v *version) archived(now time.Time) bool {
	r := v.more()
	switch v.class {
	case Glacier, DeepArchive:
	case IntelligentTiering:
		if r.tier != "ARCHIVE_ACCESS" && r.tier != "DEEP_ARCHIVE_ACCESS" {
			return false
		}
	default:
		return false
	}
	return r.restore.ready.IsZero() || now.Before(r.restore.ready) || !now.Before(r.restore.until)
}

// An entry holds the versions of one key, newest first.
type entry struct {
	versions []*version
	rewrites uint32
	shadow   bool // stands for a generated object, which lists itself
}

// find returns the version with the id, or nil.
func find(versions []*version, id string) *version {
	for _, v := range versions {
		if v.id == id {
			return v
		}
	}
	return nil
}

// insert puts v where its number places it.
func (e *entry) insert(v *version) {
	at := slices.IndexFunc(e.versions, func(o *version) bool { return o.seq < v.seq })
	if at < 0 {
		at = len(e.versions)
	}
	e.versions = slices.Insert(e.versions, at, v)
}

// remove takes the version with the id away.
func (e *entry) remove(id string) {
	e.versions = slices.DeleteFunc(e.versions, func(v *version) bool { return v.id == id })
}
