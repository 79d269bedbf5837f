package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestStatusAfterCrash: what bound a run that was killed is known afterwards, and
// since when.
func TestStatusAfterCrash(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simConfig{seed: 1}, simulator.Population{N: 5000, Seed: 1, Plain: true})
	job := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simKey, "--job", job, "--yes", "--quiet", "--no-canary", "--no-plan-pass",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--kms-rps", "20", "--bucket-key-enabled=false")
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		var h historyDoc
		data, err := os.ReadFile(filepath.Join(job, historyFile))
		if err == nil && json.Unmarshal(data, &h) == nil && h.Status != nil && strings.HasPrefix(h.Status.Binding.Limit, "kms-") {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the run ended before it said what binds it: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	_ = cmd.Process.Kill()
	<-ended
	s := w.status(job)
	if s.Run != nil || s.LastRun == nil || s.State != "unfinished" {
		t.Fatalf("after the kill: run %+v, last run %+v, state %q", s.Run, s.LastRun, s.State)
	}
	b := s.LastRun.Status.Binding
	if !strings.HasPrefix(b.Limit, "kms-") || b.Rate <= 0 || b.Since.Before(begun) || b.Since.After(s.LastRun.At) || s.LastRun.At.After(time.Now()) {
		t.Errorf("bound by %+v as of %v, want the KMS rate, since some instant of the run that began at %v", b, s.LastRun.At, begun)
	}
	out, err := w.command("status", "--job", job).Output()
	if err != nil || !strings.Contains(string(out), "Last run") || !strings.Contains(string(out), "it crashed or was killed; nothing is lost") ||
		!strings.Contains(string(out), "bound by the KMS") || !strings.Contains(string(out), "(since 20") {
		t.Errorf("status says %v\n%s", err, out)
	}
}
