package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reseal/internal/explain"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/s3api"
)

// heard is what a process says, for a test to wait for.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// wait waits until the process has said text, or has ended.
func (h *heard) wait(t *testing.T, text string, ended <-chan error) {
	t.Helper()
	for !strings.Contains(h.String(), text) {
		select {
		case err := <-ended:
			t.Fatalf("it ended (%v) without saying %q:\n%s", err, text, h)
		case <-time.After(time.Millisecond):
		}
	}
}

// A live run keeps others off its job, by name; a second signal ends it at once
// although no request is answered; one that was killed is taken over, which is
// said. Each object is copied once all the same.
func TestHoldersOfAJob(t *testing.T) {
	t.Parallel()
	const objects = 200
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true})
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--bucket-key-enabled=false",
		"--probe-key-prefix", "reseal-probe/", "--concurrency", "8", "--kms-rps", "20", "--drain-timeout", "1h"} // slow: none of them is to end by itself
	var hang int
	silent := func(on bool) {
		w.sim.Locked(func(world *simulator.World) {
			if on {
				hang = world.AddFault(simulator.Fault{Op: "CopyObject", Directive: simulator.Hang})
			} else {
				world.RemoveFault(hang)
			}
		})
	}
	start := func(more int64) (*exec.Cmd, *heard, chan error) {
		t.Helper()
		copies := w.sim.Copies() + more
		cmd, said := w.command(run...), &heard{}
		cmd.Stderr = said
		ended := startCommand(t, cmd)
		w.waitForCopies(ended, copies)
		return cmd, said, ended
	}

	cmd, said, ended := start(10)
	if out := w.refused(exitMismatch, run...); !strings.Contains(out, fmt.Sprintf("is held by process %d", cmd.Process.Pid)) || !strings.Contains(out, "hint: wait for it") {
		t.Errorf("a second run beside process %d says:\n%s", cmd.Process.Pid, out)
	}
	silent(true)
	for hung := int64(0); hung < 8; time.Sleep(time.Millisecond) { // as many as are in flight
		w.sim.Locked(func(world *simulator.World) { hung = world.FaultHits(hang) })
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	said.wait(t, "again to end at once", ended)
	_ = cmd.Process.Signal(syscall.SIGINT)
	err := <-ended
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Errorf("after a second signal: %v, want exit %d\n%s", err, exitInterrupted, said)
	}
	silent(false)

	cmd, said, ended = start(10)
	if strings.Contains(said.String(), "crashed or was killed") {
		t.Errorf("a run that gave the job back is taken for a dead one:\n%s", said)
	}
	_ = cmd.Process.Kill()
	<-ended
	out, err := w.command(append(run, "--kms-rps", "2000")...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("crashed or was killed (process %d", cmd.Process.Pid)) {
		t.Errorf("after process %d was killed: %v\n%s", cmd.Process.Pid, err, out)
	}
	if histogram := w.sim.Rewrites(scriptBucket); histogram[1] != objects {
		t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
	}
}

// refused runs a command that is to end with a code, and returns what it says.
func (w *testWorld) refused(code int, args ...string) string {
	w.t.Helper()
	out, err := w.command(args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != code {
		w.t.Errorf("reseal %s: %v, want exit %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return string(out)
}

// State of another job, and state that a newer version wrote, is refused and left
// as it is.
func TestForeignState(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 100, Seed: 1, Plain: true})
	dir := t.TempDir()
	run := func(job string, more ...string) []string {
		return append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(dir, job), "--yes", "--quiet",
			"--bucket-key-enabled=false", "--probe-key-prefix", "reseal-probe/", "--limit", "20"}, more...)
	}
	w.output(exitStopped, run("one")...)
	w.output(exitStopped, run("two", "--exclude-prefix", "none/")...)
	copied := w.committed()
	for _, tt := range []struct {
		name, want string
		spoil      func(state []byte) []byte
	}{
		{"state of another job", "belongs to another job", func([]byte) []byte {
			other, err := os.ReadFile(filepath.Join(dir, "two", "state", "000000.a"))
			if err != nil {
				t.Fatal(err)
			}
			return other
		}},
		{"state of a newer version", "written by a newer version of the program", func(state []byte) []byte {
			state = bytes.Clone(state)
			binary.LittleEndian.PutUint32(state[8:], 99)
			binary.LittleEndian.PutUint32(state[24:], crc32.Checksum(state[:24], crc32.MakeTable(crc32.Castagnoli)))
			return state
		}},
		{"something else", "not a state file", func([]byte) []byte { return []byte("my shopping list, which nobody may write over") }},
	} {
		names, err := filepath.Glob(filepath.Join(dir, "one", "state", "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%v, %v", names, err)
		}
		was, spoilt := map[string][]byte{}, map[string][]byte{}
		for _, name := range names {
			if was[name], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
			spoilt[name] = tt.spoil(was[name])
			if err := os.WriteFile(name, spoilt[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out := w.refused(exitMismatch, run("one")...); !strings.Contains(out, tt.want) {
			t.Errorf("%s: the message does not say %q:\n%s", tt.name, tt.want, out)
		}
		for name, want := range spoilt {
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %s was written over (%v)", tt.name, name, err)
			}
			if err := os.WriteFile(name, was[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := w.committed(); n != copied {
		t.Errorf("%d objects were copied by runs that were refused", n-copied)
	}
	w.output(exitStopped, run("one")...)
}

// S3 refuses a bucket of another account with the word that it has for a lack of
// permission: the hint names both ways out.
func TestHintOnAnotherOwner(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("open job: %w", &s3api.SetupError{Kind: s3api.AccessDenied, Op: "GetObject", Subject: "s3://depot/plan.json", Expected: "111122223333", Err: errors.New("AccessDenied")})
	if h := explain.Hint(err); !strings.Contains(h, "--job-bucket-owner") || !strings.Contains(h, "reseal permissions") {
		t.Errorf("hint: %s", h)
	}
}
