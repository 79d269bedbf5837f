package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/plan"
)

// largeWorld is a bucket with one object of size bytes.
func largeWorld(t *testing.T, size int64) *testWorld {
	t.Helper()
	sim := newAccount(t, simaws.Config{Seed: 1, Latency: 5 * time.Millisecond})
	o := simulator.ObjectInfo{Key: "huge.bin", Size: size, LastModified: time.Now().Add(-time.Hour), Tags: []simulator.Tag{{Key: "keep", Value: "me"}},
		Metadata: &simulator.Metadata{ContentType: "video/mp4", User: map[string]string{"a": "b"}}}
	if err := sim.World.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
		t.Fatal(err)
	}
	manifest, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	return serveWorld(t, sim, manifest)
}

// calls is how often an operation was answered with success.
func (w *testWorld) calls(op simulator.Op) (n int64) {
	w.sim.Locked(func(world *simulator.World) { n = world.Counters().OK(op) })
	return n
}

// killAfter starts a run and kills it once n parts were copied and the job's
// files tell of the upload. Such a run is given a rate at which it cannot end
// before that is seen, on any machine.
func (w *testWorld) killAfter(n int64, job string, args ...string) {
	w.t.Helper()
	cmd := w.command(args...)
	ended := startCommand(w.t, cmd)
	for w.calls("UploadPartCopy") < n || len(w.uploads(job).Uploads) == 0 {
		select {
		case err := <-ended:
			w.t.Fatalf("the run ended before it could be killed: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	<-ended
}

// uploads is what the command of that name says.
func (w *testWorld) uploads(dir string, flags ...string) (found struct{ Uploads []job.Upload }) {
	w.t.Helper()
	out, err := w.command(append([]string{"uploads", "--job", dir, "--json"}, flags...)...).Output()
	if err != nil {
		return found // no job yet
	}
	if err := json.Unmarshal(out, &found); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// A copy of 5 TB that a crash cuts off goes on where it was: one upload, and no
// part twice but those that were on their way.
func TestInterruptedLargeCopyGoesOn(t *testing.T) {
	t.Parallel()
	const size = 5e12
	w := largeWorld(t, size)
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary", "--accept", "unproven-endpoint",
		"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false"}
	parts := plan.PartCount(size)
	w.killAfter(parts*3/10, job, append(run, "--s3-rps", "400")...)
	if left := w.uploads(job).Uploads; len(left) != 1 || left[0].State != "unfinished" || left[0].Key != "huge.bin" || left[0].Parts < parts*3/10 {
		t.Errorf("uploads after the crash: %+v; want one with at least %d parts", left, parts*3/10)
	}
	killed := w.status(job)
	if killed.Runs != 1 || killed.Requests == 0 || killed.KMSCalls == 0 {
		t.Errorf("after the crash: %d runs, %d requests, %d of KMS; want 1 and what was sent", killed.Runs, killed.Requests, killed.KMSCalls)
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("run again: %v\n%s", err, out)
	}
	const second = 2 * 400 // requests that a crash may leave uncounted: two seconds of them
	if s := w.status(job); s.Runs != 2 || s.Requests < w.calls("UploadPartCopy")-second || s.Requests > w.calls("UploadPartCopy")+50 {
		t.Errorf("at the end: %d runs, %d requests; want 2, and about the %d that copied parts", s.Runs, s.Requests, w.calls("UploadPartCopy"))
	}
	const underway = 8 // parts of one object in flight
	if n := w.calls("UploadPartCopy"); n < parts || n > parts+underway {
		t.Errorf("%d parts copied, want %d and at most the %d again that were on their way", n, parts, underway)
	}
	if n := w.calls("CreateMultipartUpload"); n != 1 {
		t.Errorf("%d uploads begun, want 1", n)
	}
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			if o.Size != size || o.Encryption.Type != simulator.SSEKMS || len(o.Tags) != 1 || o.Metadata.User["a"] != "b" {
				t.Errorf("afterwards: %+v", o)
			}
		}
	})
	if left := w.uploads(job).Uploads; len(left) != 0 {
		t.Errorf("uploads after the end: %+v, want none", left)
	}
}

// What a job leaves behind that nobody goes on with can be thrown away, and
// nothing else: an upload of somebody else's stays.
func TestUploadsAreSwept(t *testing.T) {
	t.Parallel()
	const size = 1 << 40
	w := largeWorld(t, size)
	var theirs *simulator.CreateMultipartUploadOutput
	w.sim.Locked(func(world *simulator.World) {
		var err *simulator.Error
		if theirs, err = world.CreateMultipartUpload(time.Now(), &simulator.CreateMultipartUploadInput{Request: *w.sim.Request(scriptBucket), Key: "huge.bin"}); err != nil {
			t.Fatal(err)
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary", "--accept", "unproven-endpoint", "--probe-key-prefix", "reseal-probe/"}
	w.killAfter(100, job, append(run, "--s3-rps", "60")...)
	if swept := w.uploads(job, "--sweep").Uploads; len(swept) != 1 || swept[0].State != "swept" || swept[0].ID == theirs.UploadID {
		t.Errorf("swept %+v, want the job's own upload", swept)
	}
	if left := w.uploads(job).Uploads; len(left) != 0 {
		t.Errorf("uploads afterwards: %+v, want none", left)
	}
	w.sim.Locked(func(world *simulator.World) {
		out, err := world.ListMultipartUploads(time.Now(), &simulator.ListMultipartUploadsInput{Request: *w.sim.Request(scriptBucket)})
		if err != nil || len(out.Uploads) != 1 || out.Uploads[0].ID != theirs.UploadID {
			t.Errorf("uploads in the bucket: %+v, %v; want somebody else's only", out, err)
		}
	})
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("run again: %v\n%s", err, out)
	}
	if n := w.calls("CreateMultipartUpload"); n != 3 {
		t.Errorf("%d uploads begun, want 3: somebody's, the one that was swept, and the one that was ended", n)
	}
}
