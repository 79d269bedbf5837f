package simulator

import (
	"math"
)

// install makes v a version of key: the null version or one with a new id, as the bucket's versioning says (S3 User
// Guide, AddingObjectstoVersionSuspendedBuckets). from is the version that a copy read, nil for other writes. Where v
// has no ETag it gets one.
func (w *World) install(b *bucket, key string, v, from *version) {
	if v.seq == 0 {
		v.seq = w.nextSeq()
	}
	if from != nil && from.pop != nil && v.seq <= math.MaxUint32 && b.objects.installCompact(b, key, v, from) {
		return
	}
	v.pop = nil
	v.id = nullVersion
	if b.versioning == Enabled {
		v.id = versionIDOf(mix(w.cfg.Seed, w.nextSeq()), v.seq)
	}
	if v.etag == "" {
		v.etag = w.etagOf(v)
	}
	e := b.objects.own(key)
	if b.versioning != Enabled {
		e.remove(nullVersion)
	}
	e.insert(v)
	e.rewrites++
	b.objects.release(e)
}

// etagOf is the content's MD5 where S3 documents that, else opaque (S3 API Reference, Object, read 2026-11-21).
func (w *World) etagOf(v *version) string {
	switch v.enc.Type {
	case SSES3, NotSSE:
		return v.body.etag()
	}
	return hexOf(mix(w.cfg.Seed^1, v.seq), mix(w.cfg.Seed^2, v.seq))
}

// installCompact stores the copy v of a generated object onto itself in the object's popState, if that can express it.
func (s *store) installCompact(b *bucket, key string, v, from *version) bool {
	p, i := from.pop, from.index
	if !from.sameButForWrite(v) || s.entries[key] != nil {
		return false
	}
	if at, ok := p.find(key); !ok || at != i || !s.has(p) {
		return false
	}
	st := p.state(i)
	if st.copies == math.MaxUint16 || b.versioning == Suspended && p.versionID(i, popState{}) != nullVersion {
		return false
	}
	if b.versioning == Enabled && st.copies > 0 || st.flags&popID != 0 {
		return false // the one before would have to live on, too
	}
	next := popState{modified: uint32(v.modified.Unix()), seq: uint32(v.seq), copies: st.copies + 1, updates: st.updates}
	if b.versioning == Enabled {
		if st.updates > 0 {
			return false // the first version's changed encryption would be forgotten
		}
		next.flags |= popID
	}
	switch v.class {
	case p.class(i):
	case Standard:
		next.flags |= popStandard
	default:
		return false
	}
	if !p.setEncryption(&next, v.enc) {
		return false
	}
	if v.enc.Type != SSEKMS {
		next.flags |= popPlainETag
	}
	v.etag, v.id = p.etag(i, next, v), p.versionID(i, next)
	s.setState(p, i, next)
	return true
}

// has tells whether p belongs to this store and not to the bucket that a copy came from.
func (s *store) has(p *population) bool {
	for _, o := range s.pops {
		if o == p {
			return true
		}
	}
	return false
}

// sameButForWrite tells whether v differs from the generated version that it was copied from in nothing but what
// popState holds.
func (from *version) sameButForWrite(v *version) bool {
	sameTags := len(v.tags) == len(from.tags) && (len(v.tags) == 0 || &v.tags[0] == &from.tags[0])
	return !v.marker && v.meta == from.meta && sameTags && from.rare == nil && v.rare == nil &&
		v.checksum == from.checksum && v.body.equal(&from.body)
}

// setEncryption notes e, and is false for encryption that a popState has no room for.
func (p *population) setEncryption(st *popState, e Encryption) bool {
	st.flags &^= popEncrypted | popBucketKey
	if e.Context != "" || e.CustomerKeyMD5 != "" {
		return false
	}
	switch e.Type {
	case SSES3:
		return true
	case SSEKMS:
		n, ok := p.keyNumber(e.KMSKeyARN)
		if !ok {
			return false
		}
		st.key, st.flags = n, st.flags|popEncrypted
		if e.BucketKeyEnabled {
			st.flags |= popBucketKey
		}
		return true
	}
	return false
}

// updateCompact notes a new encryption of a generated object's current version, if its popState can express it.
func (s *store) updateCompact(key string, v *version, e Encryption) bool {
	p, i := v.pop, v.index
	if p == nil || s.entries[key] != nil {
		return false
	}
	st := p.state(i)
	if st.updates == math.MaxUint16 || v.id != p.versionID(i, st) || !p.setEncryption(&st, e) {
		return false
	}
	st.updates++
	if st.copies == 0 {
		st.flags |= popUpdated
	}
	s.setState(p, i, st)
	return true
}
