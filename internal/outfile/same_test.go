package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Two names are one file where what is written to the one would replace the other.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.Mkdir(in("folder"), 0o700), os.WriteFile(in("there"), nil, 0o600), os.Link(in("there"), in("hard")), os.Symlink("there", in("link")),
		os.Symlink("folder", in("way")), os.Symlink("new", in("dangling"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{in("new"), in("new"), true}, {in("new"), dir + "/./folder/../new", true}, {in("new"), in("dangling"), true}, {in("folder/x"), in("way/x"), true},
		{in("there"), in("link"), true}, {in("there"), in("hard"), true}, {in("there"), in("new"), false}, {in("new"), in("folder/new"), false}, {in("a"), in("b"), false},
		{in("new"), "/dev/stdout", false}, {"/dev/null", "/dev/null", false}, {"/dev/stdout", "/dev/stdout", false}, {in("folder"), in("folder"), false},
	} {
		if Same(c.a, c.b) != c.same || Same(c.b, c.a) != c.same {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.same)
		}
	}
}
