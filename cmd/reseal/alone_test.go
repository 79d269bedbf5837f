package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// A run beside one that lives and lost its lock file is refused before it takes an
// epoch or stores a limit. One that goes on names all limits in force.
func TestLiveSocketWithoutLock(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 40, Seed: 1, Plain: true})
	dir := filepath.Join(t.TempDir(), "job")
	if out, err := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", dir, "--yes", "--no-canary", "--limit", "5",
		"--probe-key-prefix", "reseal-probe/").CombinedOutput(); codeOf(err) != exitStopped {
		t.Fatalf("%v\n%s", err, out)
	}
	lease, err := os.ReadFile(filepath.Join(dir, "lease.json"))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "ctl.sock"))
	if err != nil {
		t.Fatal(err)
	}
	again := []string{"run", dir, "--yes", "--limit", "5", "--max-duration", "1h", "--no-canary"}
	for _, lock := range []string{"free", "gone"} {
		if lock == "gone" {
			_ = os.Remove(filepath.Join(dir, "lock"))
		}
		out, err := w.command(again...).CombinedOutput()
		if codeOf(err) != exitMismatch || !bytes.Contains(out, []byte("another process answers")) {
			t.Errorf("lock %s: %v, want exit %d\n%s", lock, err, exitMismatch, out)
		}
		now, err := os.ReadFile(filepath.Join(dir, "lease.json"))
		if err != nil || !bytes.Equal(now, lease) {
			t.Errorf("lock %s: the lease is %s, %v; want it left as it was", lock, now, err)
		}
		if o := optionsIn(t, dir); o.Told["max-duration"] != nil {
			t.Errorf("lock %s: the refused run stored %v", lock, o.Told)
		}
	}
	ln.Close()
	out, err := w.command(again...).CombinedOutput()
	if codeOf(err) != exitStopped || !strings.Contains(string(out), "limit in force: --max-duration 1h") || !strings.Contains(string(out), "limit in force: --limit 5") {
		t.Errorf("going on: %v\n%s", err, out)
	}

	out, err = w.command("run", dir+"-none", "--yes").CombinedOutput()
	if codeOf(err) != exitUsage || !strings.Contains(string(out), "there is no job in") {
		t.Errorf("no job: %v\n%s", err, out)
	}
}

func optionsIn(t *testing.T, dir string) *job.Options {
	t.Helper()
	store, err := checkpoint.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	o, err := job.ReadOptions(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// A run whose reader is gone from the first line on does all of its work.
func TestReaderGoneFromTheStart(t *testing.T) {
	t.Parallel()
	const objects = 40
	w, job, run := stopWorld(t, objects)
	cmd := w.command(run...)
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd.Stdout, cmd.Stderr = pipe, pipe
	err = cmd.Run()
	pipe.Close()
	if codeOf(err) != 0 || w.status(job).Done != objects {
		t.Errorf("exit %d, %d done; want 0 and %d", codeOf(err), w.status(job).Done, objects)
	}
}
