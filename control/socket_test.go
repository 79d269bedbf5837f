package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRemoteSocket: runs of jobs in a bucket have their sockets on
// this machine, one for each job and share, in a folder that is the user's alone.
func TestRemoteSocket(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	const job = "s3://reports/jobs/one"
	places := []Socket{RemoteSocket(job, 0, 0), RemoteSocket(job, 0, 2), RemoteSocket(job, 1, 2), RemoteSocket("s3://reports/jobs/two", 0, 0)}
	if RemoteSocket(job+"/", 0, 0).path() != places[0].path() {
		t.Error("a slash at the end makes it another job")
	}
	if _, err := Ask(t.Context(), places[0], Request{Command: "status"}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("ask before there is a folder: %v, want ErrNotRunning", err)
	}
	var open []*Server
	for _, at := range places {
		ln, err := Listen(at)
		if err != nil {
			t.Fatalf("%s beside the others: %v", at.path(), err)
		}
		open = append(open, ln)
	}
	if got := RemoteShares(job); len(got) != 2 || got[0] != "0/2" || got[1] != "1/2" {
		t.Errorf("shares here: %q, want 0/2 and 1/2", got)
	}
	var live *InUseError
	if _, err := Listen(places[1]); !errors.As(err, &live) {
		t.Errorf("beside a live one: %v, want a *InUseError", err)
	}
	for _, ln := range open {
		ln.listener.Close() // as a crash leaves it
	}
	ln, err := Listen(places[1])
	if err != nil {
		t.Errorf("the socket of a crash: %v, want it taken over", err)
	} else {
		ln.listener.Close()
	}
	info, err := os.Stat(places[0].dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder: %v, %v; want 0700", info.Mode(), err)
	}

	// Somebody else's, as far as this user can make one.
	if err := os.Chmod(places[0].dir, 0o755); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(temp, "elsewhere")
	for _, tt := range []struct {
		name   string
		change func() error
	}{
		{"open to others", func() error { return nil }},
		{"a symbolic link", func() error {
			return errors.Join(os.Rename(places[0].dir, elsewhere), os.Chmod(elsewhere, 0o700), os.Symlink(elsewhere, places[0].dir))
		}},
	} {
		if err := tt.change(); err != nil {
			t.Fatal(err)
		}
		if err := places[0].prepare(); err == nil {
			t.Errorf("a folder that is %s is used", tt.name)
		}
		if _, err := Ask(t.Context(), places[0], Request{Command: "status"}); err == nil || errors.Is(err, ErrNotRunning) {
			t.Errorf("ask through a folder that is %s: %v, want a refusal", tt.name, err)
		}
	}
}

// TestLongSocketPath: a path that is too long for the kernel is no hindrance.
func TestLongSocketPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 60))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	served(t, dir)
	if a, err := Ask(t.Context(), FolderSocket(dir), Request{Command: "status"}); err != nil || !a.OK {
		t.Errorf("ask: %+v, %v", a, err)
	}
}
