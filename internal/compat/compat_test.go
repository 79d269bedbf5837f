package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// told is a test that only takes down what it is told.
type told struct {
	testing.TB
	said []string
}

func (t *told) Helper()           {}
func (t *told) Error(args ...any) { t.said = append(t.said, fmt.Sprint(args...)) }
func (t *told) Errorf(format string, args ...any) {
	t.said = append(t.said, fmt.Sprintf(format, args...))
}

// A name that is missing, new or moved is told.
func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(file, []byte("# of two\na\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		there []string
		want  string
	}{
		{[]string{"b", "a"}, ""},
		{[]string{"a"}, "this is promised: add, never rename; see docs/compatibility.md"},
		{[]string{"a", "b", "c"}, "add these lines:\nc"},
	} {
		var got told
		Check(&got, file, test.there)
		if len(got.said) > 1 || !strings.Contains(strings.Join(got.said, ""), test.want) || test.want == "" && got.said != nil {
			t.Errorf("%q: %q, want %q", test.there, got.said, test.want)
		}
	}
	if err := os.WriteFile(file, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got told
	if Ordered(&got, file, []string{"a", "b"}); got.said != nil {
		t.Errorf("in order: %q", got.said)
	}
	if Ordered(&got, file, []string{"b", "a"}); len(got.said) != 1 {
		t.Errorf("out of order: %q", got.said)
	}
}

func TestKeys(t *testing.T) {
	type inner struct {
		X    int `json:"x"`
		Self []*inner
	}
	type outer struct {
		inner
		A      []inner          `json:"a,omitempty"`
		M      map[string]inner `json:"m"`
		At     time.Time        `json:"at"`
		Hidden int              `json:"-"`
		not    int
	}
	got := Keys(&outer{not: 1})
	want := []string{".x", ".Self", ".a", ".a.x", ".a.Self", ".m", ".m.*.x", ".m.*.Self", ".at"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
