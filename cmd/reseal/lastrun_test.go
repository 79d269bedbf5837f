package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// TestStatusAfterCrash: what bound a run that was killed is known afterwards, and
// since when.
func TestStatusAfterCrash(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 5000, Seed: 1, Plain: true})
	dir := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", dir, "--yes", "--quiet", "--no-canary", "--accept", "unproven-endpoint", "--no-plan-pass",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--kms-rps", "20", "--bucket-key-enabled=false")
	begun := time.Now()
	ended := startCommand(t, cmd)
	for {
		var h job.History
		data, err := os.ReadFile(filepath.Join(dir, job.HistoryFile))
		if err == nil && json.Unmarshal(data, &h) == nil && h.Status != nil && strings.HasPrefix(string(h.Status.Binding.Limit), "kms-") {
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
	s := w.status(dir)
	if s.Run != nil || s.LastRun == nil || s.State != "unfinished" {
		t.Fatalf("after the kill: run %+v, last run %+v, state %q", s.Run, s.LastRun, s.State)
	}
	b := s.LastRun.Status.Binding
	if !strings.HasPrefix(string(b.Limit), "kms-") || b.Rate <= 0 || b.Since.Before(begun) || b.Since.After(s.LastRun.At) || s.LastRun.At.After(time.Now()) {
		t.Errorf("bound by %+v as of %v, want the KMS rate, since some instant of the run that began at %v", b, s.LastRun.At, begun)
	}
	out, err := w.command("status", "--job", dir).Output()
	if err != nil || !strings.Contains(string(out), "Last run") || !strings.Contains(string(out), "it crashed or was killed; nothing is lost") ||
		!strings.Contains(string(out), "bound by the KMS") || !strings.Contains(string(out), "(since 20") {
		t.Errorf("status says %v\n%s", err, out)
	}
}
