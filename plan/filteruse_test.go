package plan

import (
	"fmt"
	"reflect"
	"testing"

	"reseal/inventory"
)

func TestFilterUse(t *testing.T) {
	u := NewFilterUse(&Options{Prefixes: []string{"logs/", "logs/2027/", "meda/", "x"}, IncludeGlobs: []string{"*.gz", "*.nothing"}})
	for _, key := range []string{"logs/2025/a.gz", "logs/2026/b", "media/c", "top"} {
		u.See(&inventory.Record{Key: key})
	}
	prefixes, globs := u.Unused()
	want := []UnusedPrefix{
		{"logs/2027/", []string{"logs/2025/", "logs/2026/"}},
		{"meda/", []string{"logs/", "media/"}},
		{"x", []string{"logs/", "media/"}},
	}
	if !reflect.DeepEqual(prefixes, want) || !reflect.DeepEqual(globs, []string{"*.nothing"}) {
		t.Errorf("unused: %v, %v\nwant %v", prefixes, globs, want)
	}
}

// What is there in place of a prefix is named also where keys begin with "/", and 200
// of it at most.
func TestNamesBesideAPrefix(t *testing.T) {
	u := NewFilterUse(&Options{Prefixes: []string{"/meda/", "media/", "many/x/"}})
	for i := range 2 * maxNeighbours {
		u.See(&inventory.Record{Key: fmt.Sprintf("many/%03d/k", i)})
	}
	for _, key := range []string{"/media/a", "/logs/b", "/top"} {
		u.See(&inventory.Record{Key: key})
	}
	prefixes, _ := u.Unused()
	others := map[string][]string{}
	for _, p := range prefixes {
		others[p.Prefix] = p.Others
	}
	if got := others["many/x/"]; len(got) != maxNeighbours {
		t.Errorf("%d names, want %d", len(got), maxNeighbours)
	}
	for prefix, want := range map[string][]string{"/meda/": {"/logs/", "/media/"}, "media/": {"/", "many/"}} {
		if got := others[prefix]; !reflect.DeepEqual(got, want) {
			t.Errorf("in place of %q: %q, want %q", prefix, got, want)
		}
	}
}
