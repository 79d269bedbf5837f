package canary

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"reseal/inventory"
	"reseal/plan"
)

// How many objects are tried of each kind, and of how many kinds. An object may
// be of several. Tags and metadata stand in no report, so the spread is for
// hitting some: objects from all over the bucket.
const (
	each     = 2
	spread   = 8
	maxKinds = 32

	maxPrefixes = 32 // of which one object each is tried
)

// Object is one object that is tried first.
type Object struct {
	Kinds  []string // for people, such as "copy, STANDARD_IA"
	Record inventory.Record
}

// Picker chooses among the tasks that it sees. Its memory has a bound that does
// not depend on their number. Not safe for concurrent use.
type Picker struct {
	kinds    []*choice            // so few that looking through them is quicker than a hash of a name
	prefixes map[string]*prefixed // by the key up to its first "/"
	groups   []*Later
}

// Later is what may must be compared of a group beyond the objects that are
// tried first: what its objects have shows only when the run comes to them.
type Later struct {
	Task   plan.Task // one of the group
	Trials int64     // at most, as long as no other client and no refusal is in the way
}

// prefixed is the first object of a prefix: what an endpoint does may depend on it.
type prefixed struct {
	action plan.Action
	candidate
}

// prefixOf is a key up to its first "/", "" where it has none.
func prefixOf(key string) string { return key[:strings.IndexByte(key, '/')+1] }

// kind is what objects are told apart by.
type kind struct {
	action plan.Action
	name   string
}

// choice is the objects of one kind that come first, in their order.
type choice struct {
	kind    kind
	most    int
	objects []candidate
}

type candidate struct {
	large bool
	bytes int64 // of a copy in parts: each is copied before the rest of the run begins
	rank  uint64
	rec   inventory.Record
}

func (c *candidate) before(o *candidate) bool {
	if c.large != o.large {
		return o.large
	}
	return cmp.Or(cmp.Compare(c.bytes, o.bytes), cmp.Compare(c.rank, o.rank)) < 0
}

// See considers a task; one that skips its object is not tried.
func (p *Picker) See(t *plan.Task) {
	if t.Action == plan.Skip {
		return
	}
	p.later(t)
	r := &t.Record
	c := candidate{large: r.Size > plan.SnapshotBody, rank: rank(r.Pos)}
	if t.Action == plan.MultipartCopy {
		c.bytes = max(r.Size, 0)
	}
	p.spread(t, &c)
	class := string(r.StorageClass)
	if class == "" {
		class = "class unknown"
	}
	p.offer(kind{t.Action, class}, each, &c, r)
	if r.IsMultipart {
		p.offer(kind{t.Action, "made in parts"}, each, &c, r)
	}
	if r.LegalHold == "ON" || r.EventHold == "ON" {
		p.offer(kind{t.Action, "locked"}, each, &c, r)
	}
	for rest := byMode(r.LockMode) | byAlgorithm(r.Checksum); rest != 0; rest &= rest - 1 {
		p.offer(kind{t.Action, traitNames[bits.TrailingZeros64(uint64(rest))]}, 1, &c, r)
	}
	if !r.Current() {
		p.offer(kind{t.Action, "old version"}, each, &c, r)
	}
	if e := r.Encryption; e == inventory.SSEKMS || e == inventory.NotSSE {
		p.offer(kind{t.Action, "under " + string(e)}, each, &c, r)
	}
	if !c.large {
		p.offer(kind{t.Action, "small"}, spread, &c, r)
	}
}

// spread takes c for its prefix where it comes before the one that is there.
func (p *Picker) spread(t *plan.Task, c *candidate) {
	name := prefixOf(t.Record.Key)
	at := p.prefixes[name]
	switch {
	case at == nil && len(p.prefixes) >= maxPrefixes, at != nil && !c.before(&at.candidate):
		return
	case p.prefixes == nil:
		p.prefixes = map[string]*prefixed{}
	}
	p.prefixes[strings.Clone(name)] = &prefixed{t.Action, candidate{c.large, c.bytes, c.rank, t.Record.Clone()}}
}

// later counts the objects whose attributes nobody knows yet.
func (p *Picker) later(t *plan.Task) {
	if !t.NeedHead {
		return
	}
	g := p.group(groupOf(t))
	if g == nil {
		if len(p.groups) >= maxKinds {
			return
		}
		g = &Later{Task: *t}
		g.Task.Record = t.Record.Clone()
		p.groups = append(p.groups, g)
	}
	if g.Trials < traitsByHead {
		g.Trials++
	}
}

// group finds what was counted of a group, nil for nothing.
func (p *Picker) group(of Group) *Later {
	for _, g := range p.groups {
		if groupOf(&g.Task) == of {
			return g
		}
	}
	return nil
}

// Later returns what may must be compared beyond the objects that are tried first.
func (p *Picker) Later() []Later {
	var out []Later
	for _, g := range p.groups {
		one := *g
		one.Trials += int64(max(0, len(p.prefixes)-1))
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Later) int {
		return cmp.Or(cmp.Compare(a.Task.Action, b.Task.Action), cmp.Compare(a.Task.Record.StorageClass, b.Task.Record.StorageClass))
	})
	return out
}

// offer takes c among the objects of a kind where it comes before one of them.
func (p *Picker) offer(k kind, most int, c *candidate, r *inventory.Record) {
	ch := p.choice(k)
	if ch == nil {
		if len(p.kinds) >= maxKinds {
			return // only a hostile report has so many
		}
		ch = &choice{kind: kind{k.action, strings.Clone(k.name)}, most: most}
		p.kinds = append(p.kinds, ch)
	}
	if len(ch.objects) == ch.most && !c.before(&ch.objects[ch.most-1]) {
		return
	}
	i, _ := slices.BinarySearchFunc(ch.objects, c, func(a candidate, b *candidate) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	ch.objects = slices.Insert(ch.objects, i, candidate{c.large, c.bytes, c.rank, r.Clone()})
	ch.objects = ch.objects[:min(len(ch.objects), ch.most)]
}

// choice finds the objects of a kind, nil for none.
func (p *Picker) choice(k kind) *choice {
	for _, ch := range p.kinds {
		if ch.kind == k {
			return ch
		}
	}
	return nil
}

// Objects returns what was chosen, in order of the report.
func (p *Picker) Objects() []Object {
	chosen := map[inventory.Position]*Object{}
	for _, ch := range p.kinds {
		for i := range ch.objects {
			rec := &ch.objects[i].rec
			o := chosen[rec.Pos]
			if o == nil {
				o = &Object{Record: *rec}
				chosen[rec.Pos] = o
			}
			o.Kinds = append(o.Kinds, ch.kind.action.String()+", "+ch.kind.name)
		}
	}
	for name, c := range p.prefixes {
		if chosen[c.rec.Pos] == nil {
			chosen[c.rec.Pos] = &Object{Record: c.rec, Kinds: []string{c.action.String() + ", prefix " + strconv.Quote(name)}}
		}
	}
	out := make([]Object, 0, len(chosen))
	for _, o := range chosen {
		slices.Sort(o.Kinds)
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Record.Pos.File, b.Record.Pos.File), cmp.Compare(a.Record.Pos.Row, b.Record.Pos.Row))
	})
	return out
}

// rank orders rows in a way that has nothing to do with their order.
func rank(p inventory.Position) uint64 {
	x := uint64(p.File)*0x9e3779b97f4a7c15 + uint64(p.Row) + 0xca9a57
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
