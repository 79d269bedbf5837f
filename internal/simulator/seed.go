package simulator

import (
	"fmt"
	"slices"
)

// SeedObject adds one version or delete marker as it is, without any rule of S3: any size, class, encryption, version id
// and date, as an inventory report states them. What is left zero is made up (ETag, version id in a bucket with
// versioning) or read as the default (STANDARD, SSE-S3, null version). The versions of a key come oldest first; one with
// the id of an earlier one replaces it. b may be the zero Body: then the content is synthetic.
func (w *World) SeedObject(name string, o ObjectInfo, b Body) error {
	bk := w.buckets[name]
	if bk == nil {
		return fmt.Errorf("seed %s: no such bucket", name)
	}
	if o.Key == "" || len(o.Key) > maxKeyLength || o.Size < 0 || b.Size() > 0 && o.Size != 0 && o.Size != b.Size() {
		return fmt.Errorf("seed %s: key %q of %d bytes, size %d", name, o.Key, len(o.Key), o.Size)
	}
	v := &version{seq: w.nextSeq(), id: o.VersionID, marker: o.DeleteMarker, modified: whole(o.LastModified)}
	if v.id == "" {
		v.id = nullVersion
		if bk.versioning == Enabled {
			v.id = versionIDOf(mix(w.cfg.Seed, w.nextSeq()), v.seq)
		}
	}
	if !v.marker {
		v.seed(&o, b)
		if v.etag == "" {
			v.etag = w.etagOf(v)
		}
		v.seedRare(&o, CanonicalID(bk.owner))
	}
	e := bk.objects.own(o.Key)
	e.remove(v.id)
	e.insert(v)
	bk.objects.release(e)
	return nil
}

// seed takes what every version has from o.
func (v *version) seed(o *ObjectInfo, b Body) {
	v.size, v.body = o.Size, b
	if b.Size() == 0 {
		v.body = Synthetic(o.Size, hashString(v.seq, o.Key))
	}
	v.size = v.body.Size()
	v.etag, v.meta, v.tags, v.checksum = o.ETag, o.Metadata, slices.Clone(o.Tags), o.Checksum
	v.enc = o.Encryption
	if v.enc.Type == "" {
		v.enc.Type = SSES3
	}
	v.class = StorageClass(orElse(string(o.StorageClass), string(Standard)))
	if v.checksum.Algorithm != "" && v.checksum.Type == "" {
		v.checksum.Type = "FULL_OBJECT"
		// What came in parts has a checksum of those of its parts, by every algorithm but one (S3 User Guide,
		// checking-object-integrity, read 2026-11-21); what is larger than a PutObject takes came in parts.
		if inParts := o.PartsCount > 0 || len(o.PartSizes) > 0 || o.Size > maxWholeObject; inParts && v.checksum.Algorithm != "CRC64NVME" {
			v.checksum.Type = "COMPOSITE"
		}
	}
}

// seedRare takes what few versions have from o.
func (v *version) seedRare(o *ObjectInfo, bucketOwner string) {
	r := rare{lock: o.Lock, grants: slices.Clone(o.Grants), redirect: o.WebsiteRedirect, parts: slices.Clone(o.PartSizes),
		partCount: o.PartsCount, replication: o.Replication, tier: o.AccessTier}
	if o.Owner != bucketOwner {
		r.owner = o.Owner
	}
	if !o.RestoredUntil.IsZero() {
		r.restore = restore{ready: v.modified, until: o.RestoredUntil}
	}
	if r.lock == (Lock{}) && len(r.grants) == 0 && r.redirect == "" && len(r.parts) == 0 && r.partCount == 0 &&
		r.replication == "" && r.tier == "" && r.owner == "" && r.restore == (restore{}) {
		return
	}
	v.rare = &r
}
