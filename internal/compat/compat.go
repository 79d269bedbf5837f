// Package compat turns names that others rely on into a test that fails when one is
// renamed or taken away; for tests.
package compat

import (
	"encoding"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Check compares names with those that are promised in a file, one a line. A promised
// one that is not there any more fails, and so does a new one until the file has it.
func Check(t testing.TB, file string, there []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	var promised []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			promised = append(promised, line)
		}
	}
	have := slices.Clone(there)
	slices.Sort(have)
	have = slices.Compact(have)
	for _, p := range promised {
		if !slices.Contains(have, p) {
			t.Errorf("%s: %q is not there any more; this is promised: add, never rename; see docs/compatibility.md", file, p)
		}
	}
	var added []string
	for _, h := range have {
		if !slices.Contains(promised, h) {
			added = append(added, h)
		}
	}
	if len(added) > 0 {
		t.Errorf("%s: what is new is promised from now on; add these lines:\n%s", file, strings.Join(added, "\n"))
	}
}

// Ordered is Check for names of which the order is promised, too: new ones come last.
func Ordered(t testing.TB, file string, there []string) {
	t.Helper()
	Check(t, file, there)
	text, err := os.ReadFile(file)
	if err != nil {
		return // told already
	}
	promised := strings.Fields(string(text))
	if len(there) >= len(promised) && !slices.Equal(there[:len(promised)], promised) {
		t.Errorf("%s: the order is %q; this is promised: add at the end, never move; see docs/compatibility.md", file, there)
	}
}

// Keys returns the paths of the keys that a value of v's type has in JSON. What is below
// a type that writes its own JSON is not among them.
func Keys(v any) []string {
	var all []string
	keysOf(reflect.TypeOf(v), "", nil, &all)
	return all
}

func keysOf(t reflect.Type, path string, above []reflect.Type, all *[]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if t.Kind() == reflect.Map {
		keysOf(t.Elem(), path+".*", above, all)
		return
	}
	if t.Kind() != reflect.Struct || writesItself(t) || slices.Contains(above, t) {
		return
	}
	above = append(slices.Clone(above), t)
	for field := range fieldsOf(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
			continue
		case name == "" && field.Anonymous:
			keysOf(field.Type, path, above, all)
			continue
		case name == "":
			name = field.Name
		}
		*all = append(*all, path+"."+name)
		keysOf(field.Type, path+"."+name, above, all)
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// writesItself tells whether a type does not leave its JSON to its fields.
func writesItself(t reflect.Type) bool {
	for _, i := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}
