package plan

import (
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
