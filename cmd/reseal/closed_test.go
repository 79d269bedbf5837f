package main

import (
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// TestClosedBucket: after enforce a run goes on as before, its probe included,
// and enforce again finds nothing to do.
func TestClosedBucket(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
	}, "")
	n.as(false)
	enforce := []string{"enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simKey, "--apply"}
	if code, out, talk := n.command(enforce...); code != exitDone || !strings.Contains(talk, "read back") {
		t.Fatalf("enforce: exit %d\n%s%s", code, out, talk)
	}
	for _, how := range [][]string{{"--limit", "1"}, {"--copy-via", "multipart"}, {"--rekey", "--method", "update"}} {
		args := append([]string{"run", "--manifest", n.manifest, "--sse-kms-key-id", simKey, "--job", filepath.Join(n.dir, how[1]), "--yes", "--no-progress",
			"--probe-key-prefix", "scratch/"}, how...)
		want := exitDone
		if how[0] == "--limit" {
			want = exitStopped
		}
		if code, out, talk := n.command(args...); code != want || !strings.Contains(talk, "endpoint: ") {
			t.Errorf("run %q in a closed bucket: exit %d, want %d after a probe\n%s%s", how, code, want, out, talk)
		}
	}
	if d := n.sim.digest(scriptBucket); d.objects != 2 || d.encrypted != 2 {
		t.Errorf("%d objects, %d under the key; want 2, 2", d.objects, d.encrypted)
	}
	if code, _, talk := n.command(enforce...); code != exitDone || !strings.Contains(talk, "Nothing to do") {
		t.Errorf("enforce again: exit %d\n%s", code, talk)
	}
}
