package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// touched is what a client last did to an object during a run.
type touched struct {
	size    int64  // of the newest body, -1 where it was deleted
	tag     string // of the newest tags, "" where nobody changed them
	retag   bool   // the tags were changed without writing the object
	deleted bool
}

// TestRaces has other clients overwrite, delete and re-tag every 20th object
// while a run goes on, in the middle of copies too: between the moment at which
// S3 reads the source and the one at which the copy becomes the object.
//
// Their bodies and deletions always stand, and all else ends up under the key.
// New tags have no condition in S3: they can be lost within the window of a
// single copy, or of the completion of one in parts, which the objects here, of
// one part each, spend much of their time in. That is counted and shown.
//
// 50,000 objects: RESEAL_SOAK=1 go test -run TestRaces -v ./cmd/reseal
func TestRaces(t *testing.T) {
	t.Parallel()
	objects := int64(5000)
	if os.Getenv("RESEAL_SOAK") != "" {
		objects = 50_000
	}
	t.Run("copy", func(t *testing.T) { race(t, objects, false) })
	t.Run("multipart", func(t *testing.T) { race(t, objects/10, true) })
}

func race(t *testing.T, objects int64, parts bool) {
	latency := 8 * time.Millisecond // the width of a copy's window
	w := newTestWorld(t, simConfig{seed: 1, latency: latency, jitter: latency}, simulator.Population{N: objects, Seed: 1, Plain: true, MaxSize: 1000})
	job := filepath.Join(t.TempDir(), "job")
	args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simKey, "--job", job, "--yes", "--quiet", "--results", "all",
		"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false", "--kms-rps", "50000"}
	if parts {
		args = append(args, "--copy-via", "multipart")
	}
	cmd := w.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	changes := w.disturb(ended, parts)
	err := <-ended
	if err != nil {
		out, _ := w.command("report", "--job", job).CombinedOutput()
		t.Fatalf("run: %v\n%s", err, out)
	}

	var raced int64 // copies that a condition stopped at their commit, or before
	w.sim.front.Locked(func(world *simulator.World) {
		for k, n := range world.Counters().Calls {
			if k.Status == 412 || k.Status == 409 || k.Status == 404 && k.Op != "HeadObject" {
				raced += n
			}
		}
	})
	var bodies, resurrected, retagged, lostTags, plain int64
	there := map[string]bool{}
	w.sim.front.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			there[o.Key] = true
			c, ok := changes[o.Key]
			if o.Encryption.Type != simulator.SSEKMS && (!ok || c.retag) {
				plain++
			}
			if !ok {
				continue
			}
			switch {
			case c.deleted:
				resurrected++
			case c.retag:
				retagged++
				if !slices.Contains(o.Tags, simulator.Tag{Key: "by", Value: c.tag}) {
					lostTags++
				}
			case o.Size != c.size:
				bodies++
			}
		}
	})
	for key, c := range changes {
		if !c.deleted && !there[key] {
			t.Errorf("%q is gone, and no client deleted it", key)
		}
	}
	if bodies > 0 || resurrected > 0 || plain > 0 {
		t.Errorf("%d newer bodies lost, %d deleted objects back, %d untouched objects not under the key; want none of each", bodies, resurrected, plain)
	}
	if int64(len(changes)) < objects/40 {
		t.Errorf("only %d of %d objects were touched while the run went on", len(changes), objects)
	}
	if raced == 0 {
		t.Error("no copy met a change of another client: nothing was tried")
	}
	t.Logf("%d objects, %d touched during the run, %d requests stopped by a condition: %d newer bodies lost; of %d changes of tags %d were lost in the window of a commit",
		objects, len(changes), raced, bodies, retagged, lostTags)
}

// disturb overwrites, deletes and re-tags objects as long as the run goes on,
// each at most once, 5 % of them in all, aiming at those that the run is at.
func (w *testWorld) disturb(ended chan error, parts bool) map[string]touched {
	rng := rand.New(rand.NewPCG(1, 2))
	var keys []string
	w.sim.front.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			keys = append(keys, o.Key)
		}
	})
	changes := map[string]touched{}
	r := w.sim.request(scriptBucket)
	for n := 0; len(changes) < len(keys)/20; n++ {
		select {
		case err := <-ended:
			ended <- err
			return changes
		case <-time.After(200 * time.Microsecond):
		}
		done := 0
		w.sim.front.Locked(func(world *simulator.World) {
			c := world.Counters()
			done = int(c.OK("CopyObject"))
			if parts {
				done = int(c.OK("CompleteMultipartUpload"))
			}
			if done < 10 {
				return // the probe and the canary: an object of these that others write is no longer compared
			}
			// The run goes through the report in order, some 200 objects ahead of what is done.
			key := keys[min(done+rng.IntN(300), len(keys)-1)]
			if _, again := changes[key]; again {
				return
			}
			size := int64(100_000 + n) // no other object has it
			switch now := time.Now(); n % 3 {
			case 0:
				data := make([]byte, size)
				if _, err := world.PutObject(now, &simulator.PutObjectInput{Request: *r, Key: key, Body: simulator.Bytes(data)}); err == nil {
					changes[key] = touched{size: size}
				}
			case 1:
				if _, err := world.DeleteObject(now, &simulator.DeleteObjectInput{Request: *r, Key: key}); err == nil {
					changes[key] = touched{size: -1, deleted: true}
				}
			case 2:
				tag := fmt.Sprint("client ", n)
				in := &simulator.ObjectInput{Request: *r, Key: key}
				if _, err := world.PutObjectTagging(now, in, []simulator.Tag{{Key: "by", Value: tag}}); err == nil {
					changes[key] = touched{tag: tag, retag: true}
				}
			}
		})
	}
	return changes
}
