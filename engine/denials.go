package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"reseal/plan"
)

// Denials tells a prefix that is denied from the lack of a permission. Denials that
// share a folder in which nothing has succeeded put that folder off. Only a few of its
// rows are tried then, to see whether it is still denied. The other folders go on.
// Denials end a run only where nothing at all has succeeded.
// The zero value is ready for use; it serves all passes of one run. Safe for
// concurrent use.
//
// Without s3:ListBucket S3 answers 403 for an object that is gone, so a denial that
// a HeadObject did not confirm weighs little.
type Denials struct {
	regions atomic.Pointer[[]*DeniedPrefix] // by prefix
	done    atomic.Bool                     // something has succeeded
	earlier atomic.Bool                     // something had, in an earlier run

	mu        sync.Mutex
	denied    []denial // last ones that no region has
	succeeded keys     // last ones
	lifted    []string // prefixes in which something has succeeded after all
	weight    int64    // of all denials
	last      *ObjectError
}

// DeniedPrefix is where access is denied.
type DeniedPrefix struct {
	Prefix string
	Err    *ObjectError // what one of them met

	tried, putOff atomic.Int64
	evidence      atomic.Pointer[string] // what all keys share that were denied
	next          atomic.Int64           // the row below the prefix that is tried next, counted from 1
	trying        atomic.Bool            // a key that does not share the evidence
	known         bool                   // an earlier run was denied there, too
}

// Tried is how many objects below the prefix were tried and denied. Those that were
// when the prefix was found out have failed; the others are put off like the rest.
func (d *DeniedPrefix) Tried() int64 { return d.tried.Load() }

// has tells whether the key is below the prefix.
func (d *DeniedPrefix) has(key string) bool { return strings.HasPrefix(key, d.Prefix) }

// try tells whether a key below the prefix is tried all the same: it is unlike those
// that were denied so far, or its turn has come.
func (d *DeniedPrefix) try(key string) bool {
	if !strings.HasPrefix(key, *d.evidence.Load()) && d.trying.CompareAndSwap(false, true) {
		return true
	}
	n := d.putOff.Add(1)
	if n != d.next.Load() {
		return false
	}
	d.next.Store(n + max(1, n/4))
	return true
}

// denial is an object that was denied.
type denial struct {
	key    string
	weight int64
	before bool // in an earlier run
}

// RememberedDenials is how many denials that are of no prefix are evidence at most.
const RememberedDenials = 1024

const (
	// enoughDenials is the weight at which denials say something about a prefix: ten
	// that were confirmed, or 20 that may be of deleted objects. That 20 objects of one
	// folder were all deleted is rare.
	enoughDenials   = 200
	confirmedDenial = enoughDenials / 10
	hiddenDenial    = enoughDenials / 20

	// doubtfulDenial is what one that may be of a deleted object weighs against the run.
	doubtfulDenial = 1

	// hopeless is the weight of denials at which a run ends in which nothing has succeeded.
	hopeless = 20 * enoughDenials

	mostRegions = 256

	// firstTried is the first row that is tried below a prefix that is put off. Each
	// next one is a quarter further on, which makes some 50 of a million. So a prefix
	// does not stay put off if more than a fifth of what was read is allowed at its end.
	firstTried = 8
)

// SucceededBefore says that an earlier run had the permission that this one needs.
func (d *Denials) SucceededBefore() { d.earlier.Store(true) }

// DeniedBefore says that an earlier run failed the object of this key, as access was
// denied. It is evidence like a denial of this run, once this run is denied there, too.
func (d *Denials) DeniedBefore(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.denied) < RememberedDenials {
		d.denied = append(d.denied, denial{key: strings.Clone(key), weight: confirmedDenial, before: true})
	}
}

// Prefixes returns the prefixes that are put off now.
func (d *Denials) Prefixes() []*DeniedPrefix {
	if all := d.regions.Load(); all != nil {
		return slices.Clone(*all)
	}
	return nil
}

// Lifted is how often a prefix was put off in which something then succeeded.
func (d *Denials) Lifted() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.lifted)
}

// blocked returns the prefix that keeps the key from being tried now, nil for none.
func (d *Denials) blocked(key string) *DeniedPrefix {
	r := d.regionOf(key)
	if r == nil || r.try(key) {
		return nil
	}
	return r
}

// regionOf returns the region that has the key, nil for none.
func (d *Denials) regionOf(key string) *DeniedPrefix {
	if all := d.regions.Load(); all != nil {
		for _, r := range *all {
			if r.has(key) {
				return r
			}
		}
	}
	return nil
}

// see takes note of one result, and returns why the run is to stop, if it is. An
// object that was under way, or tried all the same, below a prefix that is put off by
// now is put off with it: nothing happened to it.
func (d *Denials) see(r *Result) error {
	key := r.Task.Record.Key
	region := d.regionOf(key)
	inDoubt := r.Outcome == Deferred && r.Reason == "" && r.Err != nil && r.Err.Class == Denied
	switch {
	case r.Outcome == Deferred && !inDoubt:
		return nil
	case r.Outcome == Done:
		d.succeed(key)
		return nil
	case !inDoubt && (r.Outcome != Failed || r.Err == nil || r.Err.Class != Denied):
		if region != nil {
			region.trying.Store(false)
		}
		return nil // shows neither that objects can be re-encrypted nor that they cannot
	}
	weight, local := int64(doubtfulDenial), int64(hiddenDenial)
	if r.Task.Head != nil {
		weight, local = confirmedDenial, confirmedDenial
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = r.Err
	region = d.regionOf(key)
	if region != nil {
		weight = doubtfulDenial // what was under way there shows nothing new
	}
	d.weight += weight
	if region != nil {
		region.tried.Add(1)
		d.shrink(region, key)
		region.trying.Store(false)
		r.Outcome, r.Reason = Deferred, plan.Denied
	} else {
		d.denied = append(d.denied, denial{key: strings.Clone(key), weight: local})
		if n := len(d.denied); n > RememberedDenials {
			d.denied = slices.Delete(d.denied, 0, n-RememberedDenials)
		}
		d.gather(key, r.Err)
		if region = d.regionOf(key); region != nil && region.known {
			r.Outcome, r.Reason = Deferred, plan.Denied // the failures of an earlier run were enough
		}
	}
	if !d.done.Load() && d.weight >= hopeless {
		return d.stop(r.Err)
	}
	return nil
}

// shrink leaves of a region's evidence what key has, too. The caller holds the lock.
func (d *Denials) shrink(r *DeniedPrefix, key string) {
	evidence := *r.evidence.Load()
	if left := evidence[:common(evidence, key)]; left != evidence {
		r.evidence.Store(&left)
	}
}

// stop is the error of a run in which nothing succeeded. The caller holds the lock.
func (d *Denials) stop(e *ObjectError) error {
	n := int64(0)
	for _, o := range d.denied {
		if !o.before {
			n++
		}
	}
	for _, r := range d.Prefixes() {
		n += r.Tried()
	}
	return &BreakerError{Seen: n, Err: e}
}

// end returns why a run that has come to its end is to be taken for one without the
// permission, nil where it is not: enough was denied, and nothing has succeeded.
func (d *Denials) end() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.weight < enoughDenials && len(d.Prefixes()) == 0 || d.done.Load() || d.earlier.Load() {
		return nil
	}
	return d.stop(d.last)
}

// succeed takes note of an object that was done: no prefix of it is denied.
func (d *Denials) succeed(key string) {
	d.done.Store(true)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.succeeded.add(key)
	if r := d.regionOf(key); r != nil {
		d.lifted = append(d.lifted, r.Prefix)
		d.put(func(other *DeniedPrefix) bool { return other != r })
	}
}

// put keeps the regions that keep says, and adds some. The caller holds the lock.
func (d *Denials) put(keep func(*DeniedPrefix) bool, more ...*DeniedPrefix) {
	all := more
	for _, r := range d.Prefixes() {
		if keep(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *DeniedPrefix) int { return cmp.Compare(a.Prefix, b.Prefix) })
	d.regions.Store(&all)
}

// gather makes a region of the denials that share the most with key, where they are
// enough and nothing beside them has succeeded. The caller holds the lock.
func (d *Denials) gather(key string, e *ObjectError) {
	shared := d.shared(key)
	prefix := atFolder(shared)
	if prefix == "" || !d.barren(prefix) {
		prefix = shared
	}
	if prefix == "" || !d.barren(prefix) || len(d.Prefixes()) >= mostRegions {
		return
	}
	// Two that lie side by side are one: else each folder of a denied tree would cost
	// as many failures as the first.
	for _, r := range d.Prefixes() {
		both := prefix[:common(prefix, r.Prefix)]
		if wider := cmp.Or(atFolder(both), both); wider != "" && d.barren(wider) {
			prefix = wider
		}
	}
	region := &DeniedPrefix{Prefix: strings.Clone(prefix), Err: e}
	evidence := strings.Clone(shared)
	region.evidence.Store(&evidence)
	region.next.Store(firstTried)
	d.denied = slices.DeleteFunc(d.denied, func(o denial) bool {
		if !region.has(o.key) {
			return false
		}
		region.tried.Add(1)
		region.known = region.known || o.before
		d.shrink(region, o.key)
		return true
	})
	d.put(func(r *DeniedPrefix) bool {
		if !region.has(r.Prefix) {
			return true
		}
		region.tried.Add(r.tried.Load())
		region.putOff.Add(r.putOff.Load())
		region.next.Store(max(region.next.Load(), region.putOff.Load()*5/4))
		d.shrink(region, *r.evidence.Load())
		return false
	}, region)
}

// shared is the longest prefix of key that enough denials have, "" where there is
// none. The caller holds the lock.
func (d *Denials) shared(key string) string {
	type near struct {
		common int
		weight int64
	}
	all := make([]near, 0, len(d.denied))
	for _, o := range d.denied {
		all = append(all, near{common(key, o.key), o.weight})
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Compare(b.common, a.common) })
	var sum int64
	for _, n := range all {
		if sum += n.weight; sum >= enoughDenials {
			return key[:n.common]
		}
	}
	return ""
}

// barren tells whether nothing below a prefix is known to have succeeded.
func (d *Denials) barren(prefix string) bool {
	return !d.succeeded.below(prefix) && !slices.ContainsFunc(d.lifted, func(p string) bool { return strings.HasPrefix(p, prefix) })
}

// keys remembers some of the last keys that were added, in two generations of a
// bounded size. It allocates nothing once these are filled.
type keys struct{ now, before []byte } // each key behind two bytes for its length

const rememberedKeys = 256 << 10 // bytes a generation: some 4,000 keys

func (k *keys) add(key string) {
	if len(key) > math.MaxUint16 {
		return // S3 has keys of 1,024 bytes at most
	}
	if len(k.now)+len(key) > rememberedKeys {
		k.now, k.before = k.before[:0], k.now
	}
	k.now = append(binary.BigEndian.AppendUint16(k.now, uint16(len(key))), key...)
}

// below tells whether a remembered key has the prefix.
func (k *keys) below(prefix string) bool {
	for _, all := range [][]byte{k.now, k.before} {
		for len(all) > 0 {
			end := 2 + int(binary.BigEndian.Uint16(all))
			if bytes.HasPrefix(all[2:end], []byte(prefix)) {
				return true
			}
			all = all[end:]
		}
	}
	return false
}

// common is the length of the longest prefix that both have.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// atFolder cuts a prefix back to the folder that it is in, which is what policies
// name; "" where it is in none.
func atFolder(prefix string) string { return prefix[:strings.LastIndexByte(prefix, '/')+1] }
