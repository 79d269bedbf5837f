package plan

import (
	"maps"
	"slices"
	"strings"

	"reseal/inventory"
)

// maxNeighbours is how many names are remembered in place of a prefix that is not there.
const maxNeighbours = 200

// FilterUse finds out which of the --prefix and --include filters match no row of a
// report. One that does not is most likely mistyped. It is not safe for concurrent use.
type FilterUse struct {
	prefixes map[string]*neighbours // those that no row began with so far
	globs    map[string]bool
}

// neighbours are the names beside a prefix.
type neighbours struct {
	parent string // up to and with the "/" before the last name of the prefix
	beside map[string]bool
	first  map[string]bool // top-level names
}

// NewFilterUse begins with no row seen.
func NewFilterUse(o *Options) *FilterUse {
	u := &FilterUse{prefixes: map[string]*neighbours{}, globs: map[string]bool{}}
	for _, p := range o.Prefixes {
		parent := ""
		if i := strings.LastIndexByte(strings.TrimSuffix(p, "/"), '/'); i >= 0 {
			parent = p[:i+1]
		}
		u.prefixes[p] = &neighbours{parent, map[string]bool{}, map[string]bool{}}
	}
	for _, g := range o.IncludeGlobs {
		u.globs[g] = true
	}
	return u
}

// See takes notice of a row, selected or not.
func (u *FilterUse) See(r *inventory.Record) {
	for p, n := range u.prefixes {
		if strings.HasPrefix(r.Key, p) {
			delete(u.prefixes, p)
			continue
		}
		n.see(r.Key)
	}
	for g := range u.globs {
		if MatchesGlob(g, r.Key) {
			delete(u.globs, g)
		}
	}
}

func (n *neighbours) see(key string) {
	add := func(to map[string]bool, parent string) {
		rest, below := strings.CutPrefix(key, parent)
		if !below || len(to) >= maxNeighbours {
			return
		}
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			to[strings.Clone(parent+rest[:i+1])] = true
		}
	}
	add(n.beside, n.parent)
	add(n.first, "")
}

// UnusedPrefix is a prefix that no row has, and those that are there in its place.
type UnusedPrefix struct {
	Prefix string
	Others []string // sorted, 200 at most
}

// Unused returns the filters that no row matched.
func (u *FilterUse) Unused() (prefixes []UnusedPrefix, globs []string) {
	for _, p := range slices.Sorted(maps.Keys(u.prefixes)) {
		n := u.prefixes[p]
		others := n.beside
		if len(others) == 0 {
			others = n.first
		}
		prefixes = append(prefixes, UnusedPrefix{p, slices.Sorted(maps.Keys(others))})
	}
	return prefixes, slices.Sorted(maps.Keys(u.globs))
}
