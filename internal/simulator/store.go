package simulator

import (
	"slices"
	"strings"
)

// A store holds the objects of one bucket: entries for those that were written or seeded, and populations for generated
// ones, which become entries when they change in a way that their few bytes of state can not express.
type store struct {
	entries map[string]*entry
	husks   int // entries without a version that are still in the index
	index   keyIndex
	pops    []*population // by prefix

	// last is the generated object that was looked at last: a copy looks at the same one several times.
	last struct {
		key      string
		versions []*version
	}
}

func newStore() store { return store{entries: map[string]*entry{}} }

// get returns the versions of a key, newest first, to read. They may be made for this call.
func (s *store) get(key string) []*version {
	if e := s.entries[key]; e != nil {
		return e.versions
	}
	if s.last.versions != nil && s.last.key == key {
		return s.last.versions
	}
	for _, p := range s.pops {
		if i, ok := p.find(key); ok {
			s.last.key, s.last.versions = key, p.versions(i)
			return s.last.versions
		}
	}
	return nil
}

// own returns the entry of a key to change, and makes it where there is none.
func (s *store) own(key string) *entry {
	if e := s.entries[key]; e != nil {
		if len(e.versions) == 0 && !e.shadow {
			s.husks-- // it is about to be filled; release counts it again where it is not
		}
		return e
	}
	e := &entry{}
	for _, p := range s.pops {
		if i, ok := p.find(key); ok {
			e.versions, e.rewrites, e.shadow = p.versions(i), p.rewrites(i), true
			p.shadows++
			break
		}
	}
	s.entries[key] = e
	if !e.shadow {
		s.index.add(key)
	}
	return e
}

// release is called after a change to an entry that own returned.
func (s *store) release(e *entry) {
	if len(e.versions) > 0 || e.shadow {
		return
	}
	s.husks++
	if s.husks > 1024 && s.husks > len(s.entries)/2 {
		s.index.filter(func(key string) bool {
			if e := s.entries[key]; len(e.versions) == 0 {
				delete(s.entries, key)
				return false
			}
			return true
		})
		s.husks = 0
	}
}

// empty tells whether there is no version at all.
func (s *store) empty() bool {
	for range s.from("") {
		return false
	}
	return true
}

// from yields the keys from start on in byte order, with their versions, newest first and never none.
func (s *store) from(start string) func(func(string, []*version) bool) {
	return func(yield func(string, []*version) bool) {
		main, recent := s.index.sorted()
		sources := []source{newSliceSource(main, start), newSliceSource(recent, start)}
		for _, p := range s.pops {
			sources = append(sources, &popSource{p: p, i: p.search(start), s: s})
		}
		for {
			var least source
			var key string
			for _, src := range sources {
				if k, ok := src.peek(); ok && (least == nil || k < key) {
					least, key = src, k
				}
			}
			if least == nil {
				return
			}
			versions := least.versions(s, key)
			least.next()
			if len(versions) > 0 && !yield(key, versions) {
				return
			}
		}
	}
}

// A source yields keys in order for from to merge.
type source interface {
	peek() (string, bool)
	next()
	versions(s *store, key string) []*version
}

type sliceSource struct{ keys []string }

func newSliceSource(keys []string, start string) *sliceSource {
	at, _ := slices.BinarySearch(keys, start)
	return &sliceSource{keys[at:]}
}

func (l *sliceSource) peek() (string, bool) {
	if len(l.keys) == 0 {
		return "", false
	}
	return l.keys[0], true
}

func (l *sliceSource) next()                                    { l.keys = l.keys[1:] }
func (l *sliceSource) versions(s *store, key string) []*version { return s.entries[key].versions }

type popSource struct {
	p   *population
	s   *store
	i   int64
	key string // of i, once made
}

func (g *popSource) peek() (string, bool) {
	if g.i >= g.p.N {
		return "", false
	}
	if g.key == "" {
		g.key = g.p.key(g.i)
	}
	return g.key, true
}

func (g *popSource) next() { g.i, g.key = g.i+1, "" }

func (g *popSource) versions(s *store, key string) []*version {
	if g.p.shadows > 0 {
		if e := s.entries[key]; e != nil {
			return e.versions
		}
	}
	return g.p.versions(g.i)
}

// A keyIndex keeps keys for ordered reading. New keys wait unsorted until somebody reads, and few new ones are kept
// apart from the many old ones, so that neither a bulk load nor a list after each write sorts everything again.
type keyIndex struct {
	main, recent, added []string
}

func (x *keyIndex) add(key string) { x.added = append(x.added, key) }

// sorted returns two sorted lists without common keys.
func (x *keyIndex) sorted() (main, recent []string) {
	if len(x.added) > 0 {
		slices.Sort(x.added)
		x.recent, x.added = merge(x.recent, x.added), nil
	}
	if len(x.recent) > 1024+len(x.main)/16 {
		x.main, x.recent = merge(x.main, x.recent), nil
	}
	return x.main, x.recent
}

// filter drops the keys that keep refuses.
func (x *keyIndex) filter(keep func(string) bool) {
	drop := func(key string) bool { return !keep(key) }
	x.main = slices.DeleteFunc(x.main, drop)
	x.recent = slices.DeleteFunc(x.recent, drop)
	x.added = slices.DeleteFunc(x.added, drop)
}

func merge(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if strings.Compare(a[0], b[0]) < 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
