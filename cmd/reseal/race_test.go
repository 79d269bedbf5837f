package main

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// touched is what a client last did to an object during a run.
type touched struct {
	size    int64  // of the newest body, -1 where it was deleted
	tag     string // of the newest tags, "" where nobody changed them
	retag   bool   // the tags were changed without writing the object
	aimed   bool   // in the moment of a completion
	deleted bool
}

// TestRaces has other clients overwrite, delete and re-tag every 20th object
// while a run goes on, in the middle of copies too: between the moment at which
// S3 reads the source and the one at which the copy becomes the object.
//
// Their bodies and deletions always stand, and all else ends up under the key.
//
// New tags have no condition in S3. Those that a client sets within the window of
// a single copy can be lost, which is counted and shown. So can those within the
// completion of one in parts, but only in a bucket that keeps no old version to
// read them from afterwards: where it does, none is, though clients aim at nothing
// but that window.
//
// 50,000 objects: RESEAL_SOAK=1 go test -run TestRaces -v ./cmd/reseal
func TestRaces(t *testing.T) {
	objects, aimedAt := int64(5000), int64(250)
	if os.Getenv("RESEAL_SOAK") != "" {
		objects, aimedAt = 50_000, 5000
	}
	t.Run("copy", func(t *testing.T) { race(t, contest{objects: objects}) })
	t.Run("multipart", func(t *testing.T) { race(t, contest{objects: objects / 10, parts: true}) })
	t.Run("multipart, versioned", func(t *testing.T) { race(t, contest{objects: aimedAt, parts: true, versioned: true}) })
}

// contest is a run that clients disturb.
type contest struct {
	objects          int64
	parts, versioned bool
}

func race(t *testing.T, c contest) {
	latency := 8 * time.Millisecond // the width of a copy's window
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: latency, Jitter: latency}, simulator.Population{N: c.objects, Seed: 1, Plain: true, MaxSize: 1000})
	job := filepath.Join(t.TempDir(), "job")
	args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--results", "all",
		"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false", "--kms-rps", "50000"}
	if c.parts {
		args = append(args, "--copy-via", "multipart")
	}
	changes := map[string]touched{}
	if c.versioned {
		w.sim.Locked(func(world *simulator.World) {
			if err := world.PutBucketVersioning(time.Now(), w.sim.Request(scriptBucket), simulator.Enabled); err != nil {
				t.Fatal(err)
			}
		})
		args = append(args, "--accept", "versioned")
		aimed := &wire{Before: func(r *http.Request) { w.retagAtCompletion(r, changes) }}
		w.env = append(w.env, "AWS_ENDPOINT_URL="+aimed.serve(t, w.sim.URL()).URL)
	}
	cmd := w.command(args...)
	ended := startCommand(t, cmd)
	w.disturb(ended, c.parts, changes)
	err := <-ended
	if err != nil {
		out, _ := w.command("report", "--job", job).CombinedOutput()
		t.Fatalf("run: %v\n%s", err, out)
	}

	var raced int64 // copies that a condition stopped at their commit, or before
	w.sim.Locked(func(world *simulator.World) {
		for k, n := range world.Counters().Calls {
			if k.Status == 412 || k.Status == 409 || k.Status == 404 && k.Op != "HeadObject" {
				raced += n
			}
		}
	})
	var bodies, resurrected, retagged, aimed, lostTags, plain int64
	there := map[string]bool{}
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			if !o.IsLatest || o.DeleteMarker {
				continue
			}
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
				if c.aimed {
					aimed++
				}
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
	if len(changes) < 20 { // how many are reached is a matter of the machine
		t.Errorf("only %d of %d objects were touched while the run went on", len(changes), c.objects)
	}
	if c.versioned && (lostTags > 0 || aimed < c.objects/20) {
		t.Errorf("%d of %d changes of tags lost, %d of which in the moment of a completion; want none of at least %d", lostTags, retagged, aimed, c.objects/20)
	}
	if raced == 0 {
		t.Error("no copy met a change of another client: nothing was tried")
	}
	t.Logf("%d objects, %d touched during the run, %d requests stopped by a condition: %d newer bodies lost; of %d changes of tags (%d aimed at a completion) %d were lost in the window of a commit",
		c.objects, len(changes), raced, bodies, retagged, aimed, lostTags)
}

// retagAtCompletion gives every tenth object other tags right before the
// completion of its upload takes effect, and after every look at it. changes is
// guarded by the world's lock.
func (w *testWorld) retagAtCompletion(r *http.Request, changes map[string]touched) {
	key := keyOf(r)
	if r.Method != http.MethodPost || !r.URL.Query().Has("uploadId") || crc32.ChecksumIEEE([]byte(key))%10 != 0 {
		return
	}
	w.sim.Locked(func(world *simulator.World) {
		if _, again := changes[key]; again || world.Counters().OK("CompleteMultipartUpload") < canaryOver {
			return
		}
		in := &simulator.ObjectInput{Request: *w.sim.Request(scriptBucket), Key: key}
		if _, err := world.PutObjectTagging(time.Now(), in, []simulator.Tag{{Key: "by", Value: "the last moment"}}); err == nil {
			changes[key] = touched{tag: "the last moment", retag: true, aimed: true}
		}
	})
}

// canaryOver is how many copies there are once the probe and the canary are over:
// an object of these that others change is not as it was.
const canaryOver = 40

// disturb overwrites, deletes and re-tags objects as long as the run goes on,
// each at most once, 5 % of them in all, aiming at those that the run is at.
func (w *testWorld) disturb(ended chan error, parts bool, changes map[string]touched) {
	rng := rand.New(rand.NewPCG(1, 2))
	var keys []string
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			keys = append(keys, o.Key)
		}
	})
	r := w.sim.Request(scriptBucket)
	own := 0
	for n := 0; own < len(keys)/20; n++ {
		select {
		case err := <-ended:
			ended <- err
			return
		case <-time.After(200 * time.Microsecond):
		}
		done := 0
		w.sim.Locked(func(world *simulator.World) {
			c := world.Counters()
			done = int(c.OK("CopyObject"))
			if parts {
				done = int(c.OK("CompleteMultipartUpload"))
			}
			if done < canaryOver {
				return
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
					changes[key], own = touched{size: size}, own+1
				}
			case 1:
				if _, err := world.DeleteObject(now, &simulator.DeleteObjectInput{Request: *r, Key: key}); err == nil {
					changes[key], own = touched{size: -1, deleted: true}, own+1
				}
			case 2:
				tag := fmt.Sprint("client ", n)
				in := &simulator.ObjectInput{Request: *r, Key: key}
				if _, err := world.PutObjectTagging(now, in, []simulator.Tag{{Key: "by", Value: tag}}); err == nil {
					changes[key], own = touched{tag: tag, retag: true}, own+1
				}
			}
		})
	}
}
