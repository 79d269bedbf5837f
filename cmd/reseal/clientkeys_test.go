package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/report"
)

// TestClientEncryptedObjects: a run counts those that it looked at, and status and
// report name some, in text and JSON.
func TestClientEncryptedObjects(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 3, Seed: 1, Plain: true, MaxSize: 1000})
	w.sim.Locked(func(world *simulator.World) {
		for _, key := range []string{"sealed/1", "sealed/2"} {
			if err := world.SeedObject(scriptBucket, simulator.ObjectInfo{Key: key, Size: 100, Metadata: &simulator.Metadata{User: map[string]string{"x-amz-key-v2": "AAAA", "x-amz-iv": "BBBB"}}}, simulator.Body{}); err != nil {
				t.Error(err)
			}
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	w.output(exitDone, "run", "--manifest", w.keyList(t), "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "missing-columns")
	for command, inJSON := range map[string][]string{"status": {"--json"}, "report": {"--format", "json"}} {
		if said := string(w.output(exitDone, command, "--job", job)); !strings.Contains(said, "2 objects (sealed/1, sealed/2)") || !strings.Contains(said, "the client's stays") {
			t.Errorf("%s says\n%s", command, said)
		}
		var doc struct {
			Client report.ClientEncrypted `json:"client_side_encrypted"`
		}
		if err := json.Unmarshal(w.output(exitDone, append([]string{command, "--job", job}, inJSON...)...), &doc); err != nil || doc.Client.Objects != 2 || len(doc.Client.Keys) != 2 {
			t.Errorf("%s --json: %+v, %v", command, doc, err)
		}
	}
}

// TestMFADeleteRefusesScratch: neither a probe nor selfcheck makes a version that
// nobody without the device can delete.
func TestMFADeleteRefusesScratch(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 3, Seed: 1, Plain: true, MaxSize: 1000})
	objects := 0
	w.sim.Locked(func(world *simulator.World) {
		if err := world.PutBucketVersioning(taken, w.sim.Request(scriptBucket), simulator.Enabled); err != nil {
			t.Error(err)
		}
		world.SetMFADelete(scriptBucket, true)
		for range world.Walk(scriptBucket) {
			objects++
		}
	})
	for _, args := range [][]string{
		{"selfcheck", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--out", filepath.Join(t.TempDir(), "selfcheck.json"), "--yes"},
		{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet", "--accept", "versioned",
			"--accept", "weak-conditions", "--accept", "drops-expires", "--probe-key-prefix", "scratch/"},
	} {
		if said := w.said(exitRefused, args...); !strings.Contains(said, "nothing was written") || !strings.Contains(said, "MFA delete is on") {
			t.Errorf("%s says\n%s", args[0], said)
		}
	}
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			if objects--; o.Encryption.Type == simulator.SSEKMS {
				t.Errorf("%s was re-encrypted", o.Key)
			}
		}
	})
	if objects != 0 {
		t.Errorf("%d objects less than before", objects)
	}
}
