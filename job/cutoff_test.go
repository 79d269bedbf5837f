package job

import (
	"os"
	"path/filepath"
	"testing"

	"reseal/internal/jobtest"
)

// A run without an end is found as long as none came after it, whoever held the job for a
// moment since.
func TestCutOff(t *testing.T) {
	d := jobtest.Locked(t)
	if err := os.Mkdir(filepath.Join(d.String(), runsFolder), 0o700); err != nil { // a share's is below a prefix
		t.Fatal(err)
	}
	begin := func(command, share string) *Record {
		t.Helper()
		r, err := Begin(t.Context(), d, Run{Command: command, Share: share, By: Who{Host: "h", PID: 7}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	end := func(r *Record) {
		t.Helper()
		if err := r.End(t.Context(), 0, ""); err != nil {
			t.Fatal(err)
		}
	}
	want := func(part Share, command string) {
		t.Helper()
		r, err := CutOff(t.Context(), d, part)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r == nil && command != "":
			t.Errorf("share %q: none, want %s", part.Name(), command)
		case r != nil && r.Command != command:
			t.Errorf("share %q: %s, want %q", part.Name(), r.Command, command)
		}
	}
	want(Share{}, "")
	begin("run", "")
	want(Share{}, "run")
	want(Share{Index: 0, Count: 2}, "")
	begin("run", "1/2")
	end(begin(ImportCommand, ""))
	want(Share{}, "run")
	end(begin("retry-failed", ""))
	want(Share{}, "")
	want(Share{Index: 1, Count: 2}, "run")
}
