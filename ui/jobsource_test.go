package ui

import (
	"os"
	"path/filepath"
	"testing"
)

// What is shown of a log is said, also where there is none.
func TestWhatLogIsShown(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "reseal.log")
	if err := os.WriteFile(name, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]struct {
		lines int
		note  string
	}{
		name:                        {2, "The last lines of " + name + "."},
		filepath.Join(dir, "other"): {0, "There is no " + filepath.Join(dir, "other") + "."},
		dir:                         {0, "The log cannot be read: " + dir + " is no regular file"},
		"":                          {0, "The log of a job in a bucket is where its run is: on its stderr, or in the file of --log-file."},
	} {
		j := &JobSource{LogFile: file}
		if lines, note := j.log(); len(lines) != want.lines || note != want.note {
			t.Errorf("%q: %q, %q", file, lines, note)
		}
	}
}
