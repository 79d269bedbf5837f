package main

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job/status"
)

// oldJobs are jobs that earlier programs began, and what they said of them. Each archive
// has the job as the program left it, and the report. testdata/jobs/README.md says how
// they were made.
var oldJobs = []struct {
	file   string
	done   int64 // of 60 objects
	bucket bool  // the job's files are objects below a prefix

	// verify has the flags without which it would say that tags and content type of the
	// first half are lost: the job remembers them, and no report has them, of which this
	// test makes the objects.
	verify []string
}{
	{file: "2026-11-21-first", done: 18},
	{file: "2026-11-21", done: 36},
	{file: "2026-11-29", done: 34},
	{file: "2026-11-30", done: 33, verify: []string{"--allow", "lost-attribute"}},
	{file: "2026-11-30-bucket", done: 25, bucket: true},
}

// oldBucket is the bucket of these jobs.
const oldBucket = "reseal-demo"

// A job that an earlier program began is read, resumed and verified: what that program
// recorded as done is not done again, and the rest is.
func TestOldJobsAreResumed(t *testing.T) {
	t.Parallel()
	for _, old := range oldJobs {
		t.Run(old.file, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			unpack(t, filepath.Join("testdata", "jobs", old.file+".zip"), folder)
			manifests, err := filepath.Glob(filepath.Join(folder, "inventory/inventory", oldBucket, "daily/*/manifest.json"))
			if err != nil || len(manifests) != 1 {
				t.Fatalf("manifests %q, %v", manifests, err)
			}
			w := newFilledWorld(t, manifests[0])
			// The requests of the first half are in no count of this simulator, so no
			// estimate of the job can be held against it.
			w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, auditVariable+"=") })
			dir := filepath.Join(folder, "job")
			w.alreadyDone(dir, manifests[0])
			if old.bucket {
				dir = w.intoBucket(dir, "jobs/old")
			}
			if s := w.oldStatus(dir); s.Done != old.done || s.Failed != 0 || s.Rows == nil || *s.Rows != 60 {
				t.Errorf("status: %d done, %d failed; want %d and 0", s.Done, s.Failed, old.done)
			}
			w.output(0, "report", dir, "--format", "json")
			out := w.output(0, "run", dir, "--manifest", manifests[0], "--yes", "--quiet", "--probe-key-prefix", "reseal-probe/")
			if s := w.oldStatus(dir); s.Done != 60 || s.Failed != 0 {
				t.Errorf("resumed: %d done, %d failed; want all 60\n%s", s.Done, s.Failed, out)
			}
			again := w.sim.Rewrites(oldBucket, "reseal-probe")
			if n := int64(60) - old.done; again[1] < n-6 || again[1] > n || again[2] != 0 {
				t.Errorf("objects by how often they were written now: %v; want %d once", again, n)
			}
			w.output(0, append([]string{"verify", dir, "--manifest", manifests[0]}, old.verify...)...)
			for _, format := range []string{"text", "json", "csv", "html", "lines"} {
				w.output(0, "report", dir, "--format", format)
			}
		})
	}
}

// oldStatus is the status of a job, in a folder or in a bucket.
func (w *testWorld) oldStatus(name string) *status.Status {
	w.t.Helper()
	var s status.Status
	if err := json.Unmarshal(w.output(0, "status", name, "--json"), &s); err != nil {
		w.t.Fatal(err)
	}
	return &s
}

// unpack writes the files of an archive below a folder.
func unpack(t *testing.T, archive, folder string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// alreadyDone puts the objects under the key that a job's state has as done, as the
// program did that recorded it.
func (w *testWorld) alreadyDone(dir, manifest string) {
	w.t.Helper()
	ctx := w.t.Context()
	store, err := checkpoint.OpenDir(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		w.t.Fatal(err)
	}
	src, name, err := inventory.LocalFile(manifest)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := inventory.Open(ctx, src, name, inventory.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	segments, err := list.Segments(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := snapshot.Rows(ctx, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	done := map[string]bool{}
	for batch, err := range list.Read(ctx, segments) {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range batch.Records {
			done[strings.Clone(r.Key)] = rows.Settled(r.Pos.Row) && !rows.Failed(r.Pos.Row)
		}
	}
	w.sim.Locked(func(world *simulator.World) {
		type object struct {
			simulator.ObjectInfo
			simulator.Body
		}
		var all []object
		for o, body := range world.Walk(oldBucket) {
			if done[o.Key] {
				o.Encryption = simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: simaws.Key, BucketKeyEnabled: true}
				all = append(all, object{o, body})
			}
		}
		for _, o := range all {
			if err := world.SeedObject(oldBucket, o.ObjectInfo, o.Body); err != nil {
				w.t.Error(err)
			}
		}
	})
}

// intoBucket puts the files of a job below a prefix of a bucket, and returns the address
// of the job.
func (w *testWorld) intoBucket(dir, prefix string) string {
	w.t.Helper()
	const bucket = "old-jobs"
	r := w.sim.Request(bucket)
	w.sim.Locked(func(world *simulator.World) {
		if err := world.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: *r}); err != nil {
			w.t.Fatal(err)
		}
	})
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		w.sim.Locked(func(world *simulator.World) {
			if _, err := world.PutObject(time.Now(), &simulator.PutObjectInput{Request: *r, Key: prefix + "/" + name, Body: simulator.Bytes(data)}); err != nil {
				w.t.Error(err)
			}
		})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return "s3://" + bucket + "/" + prefix
}

// A job of a program that is newer than this one is refused with a word that says so,
// and stays as it is.
func TestNewerJobsAreRefused(t *testing.T) {
	t.Parallel()
	for name, newer := range map[string]struct {
		file     string
		from, to string
		commands [][]string
	}{
		"plan":      {"plan.json", `"version": 1,`, `"version": 2, "new_option": true,`, [][]string{{"run", "--yes"}, {"status"}, {"verify"}, {"report"}}},
		"decisions": {"plan.json", `"decision_version": 1,`, `"decision_version": 2,`, [][]string{{"run", "--yes"}, {"status"}, {"verify"}, {"report"}}},
		"options":   {"options.json", "", `{"version": 2}`, [][]string{{"run", "--yes"}, {"verify"}}},
		"lease":     {"lease.json", `"format":2,`, `"format":3,`, [][]string{{"run", "--yes"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{}, simulator.Population{N: 1})
			folder := t.TempDir()
			unpack(t, filepath.Join("testdata", "jobs", "2026-11-30.zip"), folder)
			file := filepath.Join(folder, "job", newer.file)
			was, _ := os.ReadFile(file) // options.json is not there
			is := strings.Replace(string(was), newer.from, newer.to, 1)
			if is == string(was) {
				t.Fatalf("%s has no %s", newer.file, newer.from)
			}
			if err := os.WriteFile(file, []byte(is), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range newer.commands {
				cmd := w.command(append([]string{command[0], filepath.Join(folder, "job")}, command[1:]...)...)
				out, err := cmd.CombinedOutput()
				if cmd.ProcessState.ExitCode() != exitMismatch || !strings.Contains(string(out), "newer") {
					t.Errorf("reseal %s: %v, %s; want exit 6 and the word newer", command[0], err, out)
				}
			}
			if now, err := os.ReadFile(file); err != nil || string(now) != is {
				t.Errorf("%s was changed: %v", newer.file, err)
			}
		})
	}
}
