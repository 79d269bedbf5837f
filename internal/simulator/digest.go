package simulator

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"iter"
	"maps"
	"slices"
)

// Walk yields every version and delete marker of a bucket with its content, in key order, newest first. The bucket must
// not change meanwhile. Checksum values that nobody asked for are "".
func (w *World) Walk(name string) iter.Seq2[ObjectInfo, Body] {
	return func(yield func(ObjectInfo, Body) bool) {
		b := w.buckets[name]
		if b == nil {
			return
		}
		owner := CanonicalID(b.owner)
		for key, versions := range b.objects.from("") {
			for i, v := range versions {
				var o ObjectInfo
				v.info(key, i == 0, owner, w.latest, &o)
				if !yield(o, v.body) {
					return
				}
			}
		}
	}
}

// Digest hashes the visible state and the content of all that Walk yields, after edit (which may be nil) has blanked what
// may differ. Two buckets with equal digests are alike for every client.
func (w *World) Digest(name string, edit func(*ObjectInfo)) [32]byte {
	h := sha256.New()
	for o, body := range w.Walk(name) {
		if edit != nil {
			edit(&o)
		}
		o.hash(h)
		writeNumber(h, int64(body.identity(4)))
	}
	return [32]byte(h.Sum(nil))
}

// hash writes every field, so that equal hashes mean equal fields.
func (o *ObjectInfo) hash(h hash.Hash) {
	e, l := &o.Encryption, &o.Lock
	writeStrings(h, o.Key, o.VersionID, o.ETag, string(o.StorageClass), o.AccessTier, o.Owner, o.WebsiteRedirect, o.Replication,
		string(e.Type), e.KMSKeyARN, e.Context, e.CustomerKeyMD5, l.Mode, l.LegalHold, l.EventHold, l.EventHoldDuration,
		o.Checksum.Algorithm, o.Checksum.Type, o.Checksum.Value)
	for _, b := range []bool{o.IsLatest, o.DeleteMarker, e.BucketKeyEnabled, o.RestoreOngoing} {
		n := int64(0)
		if b {
			n = 1
		}
		writeNumber(h, n)
	}
	for _, n := range []int64{o.Size, o.LastModified.UnixNano(), l.RetainUntil.Unix(), o.RestoredUntil.Unix(), int64(o.PartsCount),
		int64(o.Annotations), int64(len(o.PartSizes)), int64(len(o.Tags)), int64(len(o.Grants))} {
		writeNumber(h, n)
	}
	for _, n := range o.PartSizes {
		writeNumber(h, n)
	}
	for _, t := range o.Tags {
		writeStrings(h, t.Key, t.Value)
	}
	for _, g := range o.Grants {
		writeStrings(h, g.Type, g.Grantee, g.Permission)
	}
	orNoMetadata(o.Metadata).hash(h)
}

func (m *Metadata) hash(h hash.Hash) {
	writeStrings(h, m.ContentType, m.CacheControl, m.ContentDisposition, m.ContentEncoding, m.ContentLanguage, m.Expires)
	writeNumber(h, int64(m.Missing))
	writeNumber(h, int64(len(m.User)))
	for _, k := range slices.Sorted(maps.Keys(m.User)) {
		writeStrings(h, k, m.User[k])
	}
}

func writeStrings(h hash.Hash, values ...string) {
	for _, s := range values {
		writeNumber(h, int64(len(s)))
		h.Write([]byte(s))
	}
}

func writeNumber(h hash.Hash, n int64) {
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// Rewrites returns how often the key was written since it was seeded or generated: committed puts, copies, completed
// uploads and encryption updates. Requests that failed do not count.
func (w *World) Rewrites(bucket, key string) int {
	b := w.buckets[bucket]
	if b == nil {
		return 0
	}
	return int(b.objects.rewrites(key))
}

// RewriteHistogram returns how many keys were written how often; keys that never were are counted under 0.
func (w *World) RewriteHistogram(bucket string) map[int]int64 {
	out := map[int]int64{}
	b := w.buckets[bucket]
	if b == nil {
		return out
	}
	for _, e := range b.objects.entries {
		out[int(e.rewrites)]++
	}
	for _, p := range b.objects.pops {
		p.addRewrites(out, func(key string) bool { return b.objects.entries[key] != nil })
	}
	return out
}

func (s *store) rewrites(key string) uint32 {
	if e := s.entries[key]; e != nil {
		return e.rewrites
	}
	for _, p := range s.pops {
		if i, ok := p.find(key); ok {
			return p.rewrites(i)
		}
	}
	return 0
}

// addRewrites counts the generated objects that did not become entries.
func (p *population) addRewrites(out map[int]int64, entered func(string) bool) {
	out[0] += p.N - p.shadows
	for page, states := range p.pages {
		for at, st := range states {
			if n := int(st.copies) + int(st.updates); n > 0 && (p.shadows == 0 || !entered(p.key(int64(page*popPage+at)))) {
				out[0]--
				out[n]++
			}
		}
	}
	if out[0] == 0 {
		delete(out, 0)
	}
}
