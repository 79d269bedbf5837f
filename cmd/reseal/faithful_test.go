package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/plan"
)

// fullObject has one of everything that a copy can lose.
func fullObject(i int) simulator.ObjectInfo {
	return simulator.ObjectInfo{
		Key: fmt.Sprintf("k/%03d", i), VersionID: fmt.Sprintf("first%03d", i), Size: int64(1000 + i), LastModified: time.Now().Add(-time.Hour),
		StorageClass: simulator.StandardIA, WebsiteRedirect: "/elsewhere", Tags: []simulator.Tag{{Key: "team", Value: "photo + film"}},
		Metadata: &simulator.Metadata{ContentType: "video/mp4", CacheControl: "no-store", ContentDisposition: "inline", ContentEncoding: "identity",
			ContentLanguage: "de", Expires: "Thu, 01 Dec 2039 16:00:00 GMT", User: map[string]string{"origin": "camera 7"}},
		Lock: simulator.Lock{Mode: "GOVERNANCE", RetainUntil: time.Now().Add(24 * time.Hour).Truncate(time.Second).UTC(), LegalHold: "ON",
			EventHold: "ON", EventHoldDuration: "30d"},
		Checksum: simulator.Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT"},
		Grants:   []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/s3/LogDelivery", Permission: "READ"}},
	}
}

// faithfulWorld is a bucket in which everything can be lost: versions, object
// lock, ACLs, a website. The endpoint drops an attribute, "" for none, once the
// probe has passed.
func faithfulWorld(t *testing.T, objects int, drop simulator.Attribute, after ...func(*http.Request)) *testWorld {
	t.Helper()
	sim, err := simaws.New(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(-2 * time.Hour)
	if err := sim.MakeBuckets(now, scriptBucket, simaws.ReportBucket); err != nil {
		t.Fatal(err)
	}
	r := sim.Request(scriptBucket)
	for _, err := range []*simulator.Error{
		sim.World.PutBucketVersioning(now, r, "Enabled"),
		sim.World.PutObjectLockConfiguration(now, r, simulator.ObjectLockConfig{Enabled: true}),
		sim.World.PutBucketOwnershipControls(now, r, "ObjectWriter"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range objects {
		o := fullObject(i)
		if drop == simulator.AttrHiddenMetadata { // a copy in parts refuses such objects
			o.Metadata.Missing = 2
		}
		if err := sim.World.SeedObject(scriptBucket, o, simulator.Bytes(content(o.Key, int(o.Size)))); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, manifest)
	if drop == "" {
		return w
	}
	var deleted atomic.Int64
	lossy := &wire{After: func(r *http.Request, _ *http.Response) { // deleting its scratch objects is the last that a probe does
		if r.Method == http.MethodDelete && strings.Contains(keyOf(r), "reseal-probe/") && deleted.Add(1) == probeDeletes {
			sim.Locked(func(world *simulator.World) { world.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{drop}}) })
		}
		for _, f := range after {
			f(r)
		}
	}}
	w.env = append(w.env, "AWS_ENDPOINT_URL="+lossy.serve(t, sim.URL()).URL)
	return w
}

// probeDeletes is how many versions a probe deletes: two scratch objects, each
// written, and copied once.
const probeDeletes = 4

// dropped are the attributes that an endpoint may drop, and what they are called.
// Annotations, which only AWS's own endpoints keep, are tested beside the adapter.
var dropped = []struct {
	drop   simulator.Attribute
	hazard string
}{
	{simulator.AttrContentType, "drops-content-type"},
	{simulator.AttrCacheControl, "drops-cache-control"},
	{simulator.AttrContentDisposition, "drops-content-disposition"},
	{simulator.AttrContentEncoding, "drops-content-encoding"},
	{simulator.AttrContentLanguage, "drops-content-language"},
	{simulator.AttrExpires, "drops-expires"},
	{simulator.AttrUserMetadata, "drops-user-metadata"},
	{simulator.AttrTags, "drops-tags"},
	{simulator.AttrStorageClass, "drops-storage-class"},
	{simulator.AttrACL, "drops-acl"},
	{simulator.AttrWebsiteRedirect, "drops-website-redirect"},
	{simulator.AttrRetention, "drops-retention"},
	{simulator.AttrLegalHold, "drops-legal-hold"},
	{simulator.AttrEventHold, "drops-event-hold"},
	{simulator.AttrHiddenMetadata, "drops-hidden-metadata"},
	{simulator.AttrChecksum, "drops-checksum-algorithm"},
	{simulator.AttrBucketKey, "drops-bucket-key"},
	{simulator.AttrBody, "body"}, // which nothing accepts the loss of
}

// Every attribute whose loss has a name is dropped by some test.
func TestEveryLossIsTried(t *testing.T) {
	tried := map[string]bool{plan.Annotations.Hazard(): true, plan.NewRetention.Hazard(): true, plan.ChecksumType.Hazard(): true} // beside the adapter
	for _, d := range dropped {
		tried[d.hazard] = true
	}
	for _, a := range plan.Losses() {
		if !tried[a.Hazard()] {
			t.Errorf("no endpoint of a test drops the %s", a)
		}
	}
}

// Whatever an endpoint drops, the canary notices before the rest of the bucket
// is touched, and the run goes on only when that is accepted by its name.
func TestCanaryNoticesEveryLoss(t *testing.T) {
	for _, via := range []string{"", "multipart"} {
		for _, tt := range dropped {
			if via != "" && tt.drop == simulator.AttrHiddenMetadata {
				continue
			}
			t.Run(tt.hazard+" "+via, func(t *testing.T) {
				t.Parallel()
				const objects = 40
				w := faithfulWorld(t, objects, tt.drop)
				job := filepath.Join(t.TempDir(), "job")
				run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
					"--probe-key-prefix", "reseal-probe/", "--accept", "versioned", "--accept", "acl", "--accept", "public-acl"}
				if via != "" {
					run = append(run, "--copy-via", via)
				}
				cmd := w.command(run...)
				out, err := cmd.CombinedOutput()
				if cmd.ProcessState.ExitCode() != exitRefused || !strings.Contains(string(out), tt.hazard) || !strings.Contains(string(out), "canary") {
					t.Fatalf("exit %d, %v; want %d and the name %s\n%s", cmd.ProcessState.ExitCode(), err, exitRefused, tt.hazard, out)
				}
				if n := w.encrypted(); n == 0 || n > objects/2 {
					t.Errorf("%d of %d objects were re-encrypted before the loss was noticed", n, objects)
				}
			})
		}
	}
}

// Without a plan the canary is chosen among the first rows of the report, and
// where failed objects are tried again among these.
func TestCanaryWithoutAPlan(t *testing.T) {
	const objects = 40
	refused := func(t *testing.T, w *testWorld, most int, args ...string) {
		t.Helper()
		cmd := w.command(args...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitRefused || !strings.Contains(string(out), "drops-tags") || !strings.Contains(string(out), "canary") {
			t.Errorf("exit %d, %v; want %d and the name drops-tags\n%s", cmd.ProcessState.ExitCode(), err, exitRefused, out)
		}
		if n := w.encrypted(); n == 0 || n > most {
			t.Errorf("%d of %d objects were re-encrypted before the loss was noticed, want at most %d", n, objects, most)
		}
	}
	t.Run("no plan pass", func(t *testing.T) {
		t.Parallel()
		w := faithfulWorld(t, objects, simulator.AttrTags)
		refused(t, w, objects/2, "run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet",
			"--no-plan-pass", "--probe-key-prefix", "reseal-probe/", "--accept", "versioned", "--accept", "acl", "--accept", "public-acl")
	})
	t.Run("retry", func(t *testing.T) {
		t.Parallel()
		w := faithfulWorld(t, objects, "")
		w.sim.Locked(func(world *simulator.World) {
			world.AddFault(simulator.Fault{Op: "CopyObject", Key: "k/*", Code: "InvalidArgument", HTTPStatus: 400, Count: objects})
		})
		job := filepath.Join(t.TempDir(), "job")
		accepted := []string{"--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--accept", "weak-conditions", "--accept", "drops-expires"}
		cmd := w.command(append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary"}, accepted...)...)
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailures || w.encrypted() != 0 {
			t.Fatalf("exit %d, %d objects under the key; want all of them to fail\n%s", cmd.ProcessState.ExitCode(), w.encrypted(), out)
		}
		w.sim.Locked(func(world *simulator.World) {
			world.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{simulator.AttrTags}})
		})
		retry := append([]string{"retry-failed", "--job", job}, accepted...)
		refused(t, w, objects/2, retry...)
		w.sim.Locked(func(world *simulator.World) { world.SetKnobs(simulator.Knobs{}) })
		refused(t, w, objects/2, retry...) // what was lost is not forgotten
		if out, err := w.command(append(retry, "--accept", "drops-tags")...).CombinedOutput(); err != nil || w.encrypted() != objects {
			t.Errorf("with the loss accepted: %v, %d objects under the key, want %d\n%s", err, w.encrypted(), objects, out)
		}
		if s := w.status(job); s.Done != objects || s.Failed != 0 {
			t.Errorf("%d done, %d failed; want %d and 0", s.Done, s.Failed, objects)
		}
	})
}

// Trying again brings nothing back that a copy lost: such objects stay failed, with
// the reason, until the loss is accepted by its name.
func TestRetryForgetsNoLoss(t *testing.T) {
	t.Parallel()
	const objects = 5
	w := faithfulWorld(t, objects, "")
	w.sim.Locked(func(world *simulator.World) {
		world.SetKnobs(simulator.Knobs{SilentSSE: true, DropOnCopy: []simulator.Attribute{simulator.AttrUserMetadata}})
	})
	job := filepath.Join(t.TempDir(), "job")
	accepted := []string{"--no-canary", "--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--accept", "weak-conditions", "--accept", "drops-expires"}
	run := append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet"}, accepted...)
	retry := append([]string{"retry-failed", "--job", job}, accepted...)
	for i, args := range [][]string{run, retry, retry} {
		want := exitFailures
		if i == 0 {
			want = exitRefused // stopped by the first that lost something
		}
		cmd := w.command(args...)
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != want {
			t.Fatalf("try %d: exit %d, want %d\n%s", i+1, cmd.ProcessState.ExitCode(), want, out)
		}
		if s := w.status(job); s.Failed == 0 || int(s.Failed) != w.encrypted() {
			t.Errorf("try %d: %d failed, %d under the key; want as many", i+1, s.Failed, w.encrypted())
		}
	}
	if out, err := w.command(append(retry, "--accept", "drops-user-metadata")...).CombinedOutput(); err != nil {
		t.Errorf("with the loss accepted: %v\n%s", err, out)
	}
}

// encrypted is how many objects are under the key now.
func (w *testWorld) encrypted() (n int) {
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			if o.IsLatest && o.Encryption.Type == simulator.SSEKMS {
				n++
			}
		}
	})
	return n
}

// Without a canary the run still reports each loss that a HeadObject shows, or
// verify does that compares with what was remembered.
func TestVerifyNoticesEveryLoss(t *testing.T) {
	for _, tt := range dropped {
		t.Run(tt.hazard, func(t *testing.T) {
			t.Parallel()
			w := faithfulWorld(t, 10, tt.drop)
			job := filepath.Join(t.TempDir(), "job")
			run := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary",
				"--probe-key-prefix", "reseal-probe/", "--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--snapshot", "100%")
			out, err := run.CombinedOutput()
			if tt.drop == simulator.AttrChecksum { // the answer to the copy states the other one
				if run.ProcessState.ExitCode() != exitRefused || !strings.Contains(string(out), "--accept "+tt.hazard) {
					t.Errorf("run: %v\n%s", err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("run: %v\n%s", err, out)
			}
			cmd := w.command("verify", "--job", job)
			out, _ = cmd.CombinedOutput()
			attribute, not := tt.hazard, "not as before: "
			if tt.drop == simulator.AttrBucketKey {
				not = "not as asked for: "
			}
			for _, a := range plan.Losses() {
				if a.Hazard() == tt.hazard {
					attribute = string(a)
				}
			}
			if cmd.ProcessState.ExitCode() != exitDifferent || !strings.Contains(string(out), not+attribute) {
				t.Errorf("verify: exit %d; want %d and %q named\n%s", cmd.ProcessState.ExitCode(), exitDifferent, attribute, out)
			}
			if tt.drop == simulator.AttrBody {
				return
			}
			if out, err := w.command("verify", "--job", job, "--accept", tt.hazard).CombinedOutput(); err != nil {
				t.Errorf("verify with the loss accepted: %v\n%s", err, out)
			}
		})
	}
}

// With nothing dropped, all of that is kept by every action, and proven: the
// bodies as well.
func TestEveryActionKeepsEverything(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags []string
		done  int // under the key: an update leaves locked objects alone
	}{
		{"copy", nil, 10},
		{"multipart", []string{"--copy-via", "multipart"}, 10},
		{"auto", []string{"--method", "auto"}, 10},
		{"update", []string{"--method", "update"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := faithfulWorld(t, 10, "")
			job := filepath.Join(t.TempDir(), "job")
			args := append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
				"--probe-key-prefix", "reseal-probe/", "--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--snapshot", "100%"}, tt.flags...)
			if out, err := w.command(args...).CombinedOutput(); err != nil {
				t.Fatalf("run: %v\n%s", err, out)
			}
			if n := w.encrypted(); n != tt.done {
				t.Errorf("%d objects are under the key, want %d", n, tt.done)
			}
			w.sim.Locked(func(world *simulator.World) {
				for o := range world.Walk(scriptBucket) {
					var i int
					if _, err := fmt.Sscanf(o.Key, "k/%d", &i); err != nil || !o.IsLatest {
						continue
					}
					want := fullObject(i)
					if o.StorageClass != want.StorageClass || o.WebsiteRedirect != want.WebsiteRedirect || len(o.Tags) != 1 || o.Tags[0] != want.Tags[0] ||
						o.Metadata.Expires != want.Metadata.Expires || o.Metadata.User["origin"] != "camera 7" || o.Lock.LegalHold != "ON" || o.Lock.EventHold != "ON" || o.Lock.EventHoldDuration != "30d" || o.Checksum.Algorithm != "CRC32" ||
						o.Lock.Mode != want.Lock.Mode || len(o.Grants) == 0 || o.Size != want.Size {
						t.Errorf("%s afterwards: %+v", o.Key, o)
					}
				}
			})
			out, err := w.command("verify", "--job", job, "--bodies", "100%").CombinedOutput()
			if err != nil {
				t.Errorf("verify: %v\n%s", err, out)
			}
			if want := fmt.Sprintf("body-proven  %d", 2*tt.done); tt.done > 0 && !strings.Contains(string(out), "body-proven") {
				t.Errorf("verify proved no bodies; want %q\n%s", want, out)
			}
		})
	}
}

// A crash between a copy of the canary and its comparison leaves nothing
// uncompared: what the object was is in the checkpoint, and the same command
// finds the loss.
func TestCanaryIsComparedAfterACrash(t *testing.T) {
	copies := make(chan string, 1)
	first := func(r *http.Request) {
		if isCopy(r) && strings.HasPrefix(keyOf(r), "k/") {
			select {
			case copies <- keyOf(r):
				time.Sleep(100 * time.Millisecond) // the answer does not arrive before the end
			default:
			}
		}
	}
	w := faithfulWorld(t, 40, simulator.AttrTags, first)
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
		"--accept", "versioned", "--accept", "acl", "--accept", "public-acl"}
	probed := append(run, "--probe-key-prefix", "reseal-probe/")
	cmd := w.command(probed...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	copied := <-copies
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Fatal("the run ended before it could be killed")
	}
	// A probe would notice by now, so it is left out: the job remembers it.
	run = append(run, "--probe-key-prefix", "", "--accept", "weak-conditions", "--accept", "drops-expires")
	cmd = w.command(run...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitRefused || !strings.Contains(string(out), "drops-tags") || !strings.Contains(string(out), strconv.Quote(copied)) {
		t.Errorf("exit %d, %v; want %d and the name of what %s lost\n%s", cmd.ProcessState.ExitCode(), err, exitRefused, copied, out)
	}
	// The same again: nothing was forgotten by the refusal.
	cmd = w.command(run...)
	if out, _ = cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitRefused {
		t.Errorf("again: exit %d, want %d\n%s", cmd.ProcessState.ExitCode(), exitRefused, out)
	}
	// Accepted by name, it goes on.
	cmd = w.command(append(run, "--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "drops-tags")...)
	if out, err := cmd.CombinedOutput(); err != nil || w.encrypted() != 40 {
		t.Errorf("accepted: %v, %d objects under the key, want 40\n%s", err, w.encrypted(), out)
	}
}
