//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// slowRun is a run that goes on until somebody ends it.
func slowRun(w *testWorld, dir string, more ...string) []string {
	return append([]string{"run", "--job", dir, "--yes", "--quiet", "--no-canary", "--snapshot", "0", "--kms-rps", "5", "--bucket-key-enabled=false",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "unproven-endpoint"}, more...)
}

// Of a run that lives nobody says that it crashed: not where its process is stopped, nor
// where it has no socket. The lock of the kernel tells.
func TestStatusOfALocalRunThatGivesNoAnswer(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 5000, Seed: 1, Plain: true})
	for _, tt := range []struct {
		name            string
		socket, stopped bool
	}{{"stopped", true, true}, {"without a socket", false, false}} {
		dir := filepath.Join(t.TempDir(), "job")
		w.output(0, "plan", "--job", dir, "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false")
		if !tt.socket {
			if err := os.Mkdir(filepath.Join(dir, "ctl.sock"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		before := w.sim.Copies()
		cmd := w.command(slowRun(w, dir)...)
		ended := startCommand(t, cmd)
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		w.waitForCopies(ended, before+3) // its history is written by then
		if tt.stopped {
			if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		s := w.status(dir)
		if s.Run != nil || s.LastRun != nil || s.Holder == nil || s.Holder.State != job.ShareRunning || s.Holder.PID != cmd.Process.Pid || s.CutOff != 0 {
			t.Errorf("%s: run %+v, last run %+v, holder %+v, %d cut off; want a holder that runs", tt.name, s.Run, s.LastRun, s.Holder, s.CutOff)
		}
		out := unwrapped(string(w.output(0, "status", "--job", dir)))
		if strings.Contains(out, "crashed") || strings.Contains(out, "cut off") || !strings.Contains(out, "it gives no answer") || !strings.Contains(out, "Next reseal status "+dir+" --watch") {
			t.Errorf("%s: status says\n%s", tt.name, out)
		}
		if r := unwrapped(string(w.output(0, "report", "--job", dir))); strings.Contains(r, "a run was cut off") {
			t.Errorf("%s: report says\n%s", tt.name, r)
		}
		_ = cmd.Process.Kill()
		<-ended
		if s := w.status(dir); s.Holder != nil || s.LastRun == nil || s.CutOff != 1 {
			t.Errorf("%s, killed: holder %+v, last run %+v, %d cut off", tt.name, s.Holder, s.LastRun, s.CutOff)
		}
	}
}

// Of a share that runs nobody says that it crashed, and one that was killed is named.
func TestStatusOfAShareThatRuns(t *testing.T) {
	t.Parallel()
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: 4000, Seed: 1, Plain: true}, simaws.Report{RowsPerFile: 1000})
	w := serveWorld(t, sim, manifest)
	dir := "s3://" + simaws.ReportBucket + "/jobs/living"
	w.output(0, "plan", "--job", dir, "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false")
	cmd := w.command(slowRun(w, dir, "--shard", "0/2")...)
	ended := startCommand(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	w.waitForCopies(ended, 3)
	text := func() string { return unwrapped(string(w.output(0, "status", "--job", dir))) }
	if out := text(); strings.Contains(out, "crashed") || strings.Contains(out, "Last run") || !strings.Contains(out, "0/2 running") || !strings.Contains(out, "--shard 1/2") {
		t.Errorf("status of a share that runs:\n%s", out)
	}
	_ = cmd.Process.Kill()
	<-ended
	for by := time.Now().Add(5 * time.Minute); ; time.Sleep(time.Second) { // until its lease has run out
		out := text()
		if strings.Contains(out, "0/2 dead") {
			if !strings.Contains(out, "(share 0/2), last heard of") || !strings.Contains(out, "it crashed or was killed; nothing is lost") {
				t.Errorf("status of a share that was killed:\n%s", out)
			}
			return
		}
		if time.Now().After(by) {
			t.Fatalf("the share does not count as dead:\n%s", out)
		}
	}
}
