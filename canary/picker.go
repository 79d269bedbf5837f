package canary

import (
	"cmp"
	"slices"
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
)

// Object is one object that is tried first.
type Object struct {
	Kinds  []string // for people, such as "copy, STANDARD_IA"
	Record inventory.Record
}

// Picker chooses among the tasks that it sees. Its memory has a bound that does
// not depend on their number. Not safe for concurrent use.
type Picker struct {
	kinds map[kind]*choice
}

// kind is what objects are told apart by.
type kind struct {
	action plan.Action
	name   string
}

// choice is the objects of one kind that come first, in their order.
type choice struct {
	most    int
	objects []candidate
}

type candidate struct {
	large bool
	rank  uint64
	rec   inventory.Record
}

func (c *candidate) before(o *candidate) bool {
	if c.large != o.large {
		return o.large
	}
	return c.rank < o.rank
}

// See considers a task; one that skips its object is not tried.
func (p *Picker) See(t *plan.Task) {
	if t.Action == plan.Skip {
		return
	}
	r := &t.Record
	c := candidate{large: r.Size > plan.SnapshotBody, rank: rank(r.Pos)}
	if t.Action == plan.MultipartCopy {
		c.rank = uint64(max(r.Size, 0)) // the smallest: each byte of it is copied before the rest of the run begins
	}
	class := string(r.StorageClass)
	if class == "" {
		class = "class unknown"
	}
	p.offer(kind{t.Action, class}, each, &c, r)
	if r.IsMultipart {
		p.offer(kind{t.Action, "made in parts"}, each, &c, r)
	}
	if r.LockMode != "" || r.LegalHold == "ON" || r.EventHold == "ON" {
		p.offer(kind{t.Action, "locked"}, each, &c, r)
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

// offer takes c among the objects of a kind where it comes before one of them.
func (p *Picker) offer(k kind, most int, c *candidate, r *inventory.Record) {
	ch := p.kinds[k]
	if ch == nil {
		if len(p.kinds) >= maxKinds {
			return // only a hostile report has so many
		}
		if p.kinds == nil {
			p.kinds = map[kind]*choice{}
		}
		ch = &choice{most: most}
		p.kinds[kind{k.action, strings.Clone(k.name)}] = ch
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
	ch.objects = slices.Insert(ch.objects, i, candidate{c.large, c.rank, r.Clone()})
	if len(ch.objects) > ch.most {
		ch.objects = ch.objects[:ch.most]
	}
}

// Objects returns what was chosen, in order of the report.
func (p *Picker) Objects() []Object {
	chosen := map[inventory.Position]*Object{}
	for k, ch := range p.kinds {
		for i := range ch.objects {
			rec := &ch.objects[i].rec
			o := chosen[rec.Pos]
			if o == nil {
				o = &Object{Record: *rec}
				chosen[rec.Pos] = o
			}
			o.Kinds = append(o.Kinds, k.action.String()+", "+k.name)
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
