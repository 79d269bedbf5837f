package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// noMoreRoom makes every later write of a process to a file fail, as a full disk
// does: no file may have more than 0 bytes from now on.
func noMoreRoom(t *testing.T, pid int) {
	t.Helper()
	limit := syscall.Rlimit{Cur: 0, Max: ^uint64(0)}
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); e != 0 {
		t.Fatalf("set limit of the run: %v", e)
	}
}

// fullDisk is a world whose runs are not audited: the audit writes files, too.
func fullDisk(t *testing.T, objects int64) *testWorld {
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true})
	w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "RESEAL_TEST_AUDIT=") })
	return w
}

// A disk that is full when the state, or a result line, is to be written stops
// the run with a message; what it had recorded is there, and the same command goes
// on once there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, results := range []string{"failures", "all"} {
		t.Run("results of "+results, func(t *testing.T) {
			t.Parallel()
			const objects = 400
			w := fullDisk(t, objects)
			job := filepath.Join(t.TempDir(), "job")
			args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--results", results,
				"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false", "--concurrency", "8"}
			cmd := w.command(append(args, "--kms-rps", "100")...)
			var said bytes.Buffer
			cmd.Stderr = &said
			ended := startCommand(t, cmd)
			w.waitForCopies(ended, objects/10)
			noMoreRoom(t, cmd.Process.Pid)
			err := <-ended
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFatal {
				t.Fatalf("run on a full disk: %v, want exit %d\n%s", err, exitFatal, &said)
			}
			for _, want := range []string{"file too large", "hint: ", "same command"} {
				if !strings.Contains(said.String(), want) {
					t.Errorf("the message does not say %q:\n%s", want, &said)
				}
			}
			// Lines are written before the state; the limit may have come between the two.
			lines, state := strings.Contains(said.String(), "save result lines"), strings.Contains(said.String(), "save state")
			if !state && (results != "all" || !lines) {
				t.Errorf("the message does not say what could not be saved:\n%s", &said)
			}
			if s := w.status(job); s.State != "unfinished" || s.Done > w.committed() {
				t.Errorf("after it: %+v, with %d copied", s, w.committed())
			}
			w.output(0, args...)
			if histogram := w.sim.Rewrites(scriptBucket); histogram[1] != objects {
				t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
			}
			if s := w.status(job); s.State != "finished" || s.Done != objects || s.Failed != 0 {
				t.Errorf("in the end: %+v, want %d done", s, objects)
			}
		})
	}
}

// A full disk under the folder that the report's files are kept in ends the run
// before it begins; it is no damage of the report.
func TestFullSpool(t *testing.T) {
	t.Parallel()
	w := fullDisk(t, 4000)
	dir := t.TempDir()
	job, kept := filepath.Join(dir, "job"), filepath.Join(dir, "kept")
	target := []string{"--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job}
	w.output(0, append([]string{"plan"}, target...)...)
	run := append([]string{"run", "--yes", "--quiet", "--probe-key-prefix", "reseal-probe/", "--keep-inventory", kept}, target...)
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -f 64; exec reseal "$@"`, "sh"}, run...)...) // 32 or 64 KiB: room for the state, none for the report
	cmd.Env = w.env
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFatal {
		t.Fatalf("run with a full disk under --keep-inventory: %v, want exit %d\n%s", err, exitFatal, out)
	}
	if !bytes.Contains(out, []byte(kept)) || !bytes.Contains(out, []byte("file too large")) {
		t.Errorf("the message does not say which file found no room:\n%s", out)
	}
	if n := w.committed(); n > 20 { // the canary may be through by then
		t.Errorf("%d objects were copied", n)
	}
	w.output(exitStopped, append(run, "--limit", "100")...)
	if s := w.status(job); s.Done < 100 || s.Damaged != 0 || s.Failed != 0 {
		t.Errorf("with room: %+v, want some done and nothing damaged", s)
	}
}
