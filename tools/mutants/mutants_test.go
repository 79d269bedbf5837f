package main

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/cover"
)

const list = `# Comment.
a/b.go CONDITIONALS_BOUNDARY: if x »> 0 {
    x is never 0,
    as its caller sees to it.
`

func TestCount(t *testing.T) {
	known, err := parseList(list)
	if err != nil {
		t.Fatal(err)
	}
	data := `{"files":[{"file_name":"b.go","mutations":[
		{"type":"CONDITIONALS_BOUNDARY","status":"LIVED","line":2,"column":7},
		{"type":"CONDITIONALS_NEGATION","status":"LIVED","line":2,"column":7},
		{"type":"CONDITIONALS_NEGATION","status":"KILLED","line":1,"column":3},
		{"type":"ARITHMETIC_BASE","status":"NOT VIABLE","line":1,"column":3},
		{"type":"ARITHMETIC_BASE","status":"TIMED OUT","line":1,"column":3},
		{"type":"ARITHMETIC_BASE","status":"NOT COVERED","line":1,"column":3}]}]}`
	read := map[string][]string{"b.go": {"a + b", "\tif x > 0 {"}}
	found, err := readResult([]byte(data), read, "./a")
	if err != nil {
		t.Fatal(err)
	}
	s := count(found, known)
	if got, want := s.row("./a"), "| `a` | 5 | 2 | 1 | 1 | 1 | 33.3 % |"; got != want {
		t.Errorf("row %s, want %s", got, want)
	}
	if len(s.survivors) != 1 || s.survivors[0].String() != "a/b.go CONDITIONALS_NEGATION: if x »> 0 {" {
		t.Errorf("survivors %v", s.survivors)
	}
	found[0].status = "KILLED"
	if got := stale(found, known); len(got) != 1 {
		t.Errorf("stale %v, want the one that was killed", got)
	}
	if _, err := readResult([]byte(strings.Replace(data, `"line":2`, `"line":3`, 1)), read, "./a"); err == nil {
		t.Error("a line that the file has not: no error")
	}
}

func TestListNeedsReasons(t *testing.T) {
	for _, text := range []string{"    a reason alone\n", "a.go X: if x »> 0 {\n", "a.go X: if x > 0 {\n    no mark\n", "nothing\n"} {
		if _, err := parseList(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// Go's profiles have no block for the conditions of a switch, nor for what follows
// a function within a statement.
func TestMissing(t *testing.T) {
	const src = `package a

func f(x int) bool {
	switch {
	case x == 1:
		g()
	default:
	}
	return g(func() bool { return x > 0 }) == true
}

func h(x int) {
	switch {
	case x == 1:
	}
}
`
	p := &cover.Profile{FileName: "a.go", Blocks: []cover.ProfileBlock{
		{StartLine: 3, StartCol: 20, EndLine: 4, EndCol: 9, Count: 1},
		{StartLine: 9, StartCol: 2, EndLine: 9, EndCol: 23, Count: 1},
		{StartLine: 12, StartCol: 15, EndLine: 13, EndCol: 9, Count: 0},
	}}
	want := []cover.ProfileBlock{
		{StartLine: 5, StartCol: 2, EndLine: 5, EndCol: 13},
		{StartLine: 9, StartCol: 39, EndLine: 9, EndCol: 48},
	}
	if got := missing(p, []byte(src)); !slices.Equal(got, want) {
		t.Errorf("missing %v, want %v", got, want)
	}
}
