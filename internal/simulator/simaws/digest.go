package simaws

import (
	"slices"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// Digest is the state of a bucket: numbers of objects, and a hash of all that a
// re-encryption has to carry over.
type Digest struct {
	Objects   int64
	Encrypted int64 // under SSE-KMS
	Archived  int64 // not under SSE-KMS, and readable only after a restore
	Carried   [32]byte
}

// Digest looks at every object of a bucket.
func (a *Account) Digest(bucket string) (d Digest) {
	a.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			d.Objects++
			switch {
			case o.Encryption.Type == simulator.SSEKMS:
				d.Encrypted++
			case o.StorageClass == simulator.Glacier || o.StorageClass == simulator.DeepArchive:
				d.Archived++
			}
		}
		d.Carried = w.Digest(bucket, func(o *simulator.ObjectInfo) {
			o.Encryption, o.ETag, o.LastModified = simulator.Encryption{}, "", time.Time{} // what a re-encryption is there to change
			o.Checksum, o.PartsCount, o.PartSizes = simulator.Checksum{}, 0, nil           // recomputed by S3 with every copy
		})
	})
	return d
}

// Copies is the number of copies that were answered with success.
func (a *Account) Copies() (n int64) {
	a.Locked(func(w *simulator.World) { n = w.Counters().OK("CopyObject") })
	return n
}

// Counters are the account's requests so far.
func (a *Account) Counters() (c simulator.Counters) {
	a.Locked(func(w *simulator.World) { c = w.Counters() })
	return c
}

// Rewrites is how many of the objects that are there were rewritten how often.
// Keys that begin with one of without are left out.
func (a *Account) Rewrites(bucket string, without ...string) map[int]int64 {
	histogram := map[int]int64{}
	a.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			left := func(prefix string) bool { return strings.HasPrefix(o.Key, prefix) }
			if o.IsLatest && !slices.ContainsFunc(without, left) {
				histogram[w.Rewrites(bucket, o.Key)]++
			}
		}
	})
	return histogram
}
