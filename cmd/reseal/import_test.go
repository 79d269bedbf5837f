package main

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// batchJob is an S3 Batch Operations job as the test plays it: it copies what a
// manifest lists, one object after the other, and writes the completion report.
type batchJob struct {
	w      *testWorld
	denied func(i int) bool // tasks that fail
	idle   bool             // it succeeds and does nothing, as a job of another operation would
}

// play works through the manifest, by rows first to last, and returns the
// manifest.json of its report.
func (b batchJob) play(manifest string, first, last int) string {
	b.w.t.Helper()
	file, err := os.Open(manifest)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer file.Close()
	var ok, failed bytes.Buffer
	lines := bufio.NewScanner(file)
	for i := 0; lines.Scan(); i++ {
		if i < first || i >= last {
			continue
		}
		bucket, rest, _ := strings.Cut(lines.Text(), ",")
		encoded, version, _ := strings.Cut(rest, ",")
		key, err := url.PathUnescape(encoded)
		if err != nil {
			b.w.t.Fatal(err)
		}
		if b.denied != nil && b.denied(i) {
			fmt.Fprintf(&failed, "%q,%q,%q,\"failed\",\"AccessDenied\",\"403\",\"Access Denied (Service: Amazon S3)\"\n", bucket, encoded, version)
			continue
		}
		if !b.idle {
			b.copy(bucket, key)
		}
		fmt.Fprintf(&ok, "%q,%q,%q,\"succeeded\",\"\",\"200\",\"Successful\"\n", bucket, encoded, version)
	}
	return b.report(ok.Bytes(), failed.Bytes())
}

func (b batchJob) copy(bucket, key string) {
	b.w.t.Helper()
	off := false
	in := &simulator.CopyObjectInput{Request: simulator.Request{Bucket: bucket}, Key: key, Source: simulator.CopySource{Bucket: bucket, Key: key}}
	in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: simaws.Key, BucketKeyEnabled: &off}
	b.w.sim.Locked(func(world *simulator.World) {
		pending, err := world.BeginCopy(time.Now(), in)
		if err == nil {
			_, err = pending.Commit(time.Now())
		}
		if err != nil {
			b.w.t.Fatalf("copy %q: %v", key, err)
		}
	})
}

// report writes a completion report into a new folder.
func (b batchJob) report(ok, failed []byte) string {
	b.w.t.Helper()
	dir := b.w.t.TempDir()
	type result struct{ TaskExecutionStatus, Bucket, MD5Checksum, Key string }
	var results []result
	for status, data := range map[string][]byte{"succeeded": ok, "failed": failed} {
		sum := md5.Sum(data)
		key := "out/job-1/results/" + status + ".csv"
		results = append(results, result{status, "reports", hex.EncodeToString(sum[:]), key})
		name := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			b.w.t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			b.w.t.Fatal(err)
		}
	}
	doc, err := json.Marshal(map[string]any{"Format": "Report_CSV_20180820", "ReportCreationDate": "2026-11-21T10:00:00.000Z",
		"Results": results, "ReportSchema": report.CSVColumns})
	if err != nil {
		b.w.t.Fatal(err)
	}
	name := filepath.Join(dir, "out", "job-1", "manifest.json")
	if err := os.WriteFile(name, doc, 0o600); err != nil {
		b.w.t.Fatal(err)
	}
	return name
}

// A job is planned, handed to S3 Batch Operations, and the result taken back:
// what succeeded there is done, what failed is failed and can be tried again
// here, the rest is run here, and all of it ends in one report that verify proves.
func TestImport(t *testing.T) {
	t.Parallel()
	const objects = 300
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
	// What another engine did takes no requests of the job's, so that it is no
	// match for its estimate.
	w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "RESEAL_TEST_AUDIT=") })
	dir := t.TempDir()
	job, out := filepath.Join(dir, "job"), filepath.Join(dir, "out")
	options := []string{"--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--bucket-key-enabled=false"}
	w.output(0, append([]string{"plan"}, options...)...)
	w.output(0, "export", "batch-operations", "--job", job, "--out", out)
	denied := func(i int) bool { return i%25 == 7 }
	b := batchJob{w: w, denied: denied}
	done := b.play(filepath.Join(out, "manifest-STANDARD.csv"), 0, 200) // and 100 objects stay for reseal

	want := imported{Job: job, Report: done, Tasks: 200, Done: 192, Failed: 8}
	for _, step := range []struct {
		want  imported
		about string
	}{{want, "first"}, {imported{Job: job, Report: done, Tasks: 200, Known: 200}, "again"}} {
		var got imported
		if err := json.Unmarshal(w.output(0, "import", "--job", job, "--json", done), &got); err != nil || got != step.want {
			t.Errorf("import %s: %+v, %v; want %+v", step.about, got, err, step.want)
		}
	}
	s := w.status(job)
	if s.Done != 192 || s.Imported != 192 || s.Failed != 8 || s.Requests != 0 || s.State != "unfinished" {
		t.Errorf("status after the import: %+v", s)
	}
	if text := w.output(0, "report", "--job", job); !bytes.Contains(text, []byte("AccessDenied")) || !bytes.Contains(text, []byte("batch-operations")) {
		t.Errorf("the report does not tell why tasks failed:\n%s", text)
	}

	runs, err := os.ReadFile(filepath.Join(job, "runs.json"))
	if n := strings.Count(string(runs), `"command": "import"`); err != nil || n != 2 || strings.Count(string(runs), `"exit_code": 0`) != 2 {
		t.Errorf("%d imports recorded, %v; want 2, with their ends\n%s", n, err, runs)
	}
	before := w.sim.Copies()
	w.output(exitFailures, append([]string{"run", "--yes", "--quiet", "--probe-key-prefix", "reseal-probe/"}, options...)...)
	w.output(0, "retry-failed", "--job", job, "--quiet", "--probe-key-prefix", "reseal-probe/")
	if histogram := w.sim.Rewrites(scriptBucket); histogram[1] != objects {
		t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
	}
	s = w.status(job)
	if s.Done != objects || s.Imported != 192 || s.Failed != 0 || s.State != "finished" || len(s.Skipped) != 0 {
		t.Errorf("status at the end: %+v, %d copies before", s, before)
	}
	var r struct {
		Summary struct {
			Groups []report.Group `json:"groups"`
		} `json:"summary"`
		Proof []report.Proof `json:"proof"`
	}
	text := w.output(0, "report", "--job", job, "--format", "json")
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Proof) == 0 || r.Proof[0].Holds != plan.Unknown || !strings.Contains(r.Proof[0].Evidence, "192 objects") {
		t.Errorf("the report claims what only another engine's word stands for: %+v", r.Proof)
	}
	w.output(0, "verify", "--job", job)
}

// What is no report about this job's objects is refused, and nothing of it recorded.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 60, Seed: 1, Plain: true})
	dir := t.TempDir()
	jobDir, out := filepath.Join(dir, "job"), filepath.Join(dir, "out")
	w.output(0, "plan", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", jobDir, "--bucket-key-enabled=false", "--exclude-prefix", "none/")
	w.output(0, "export", "batch-operations", "--job", jobDir, "--out", out)
	manifest := filepath.Join(out, "manifest-STANDARD.csv")
	list, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	b := batchJob{w: w}
	row := func(bucket, key string) []byte {
		return fmt.Appendf(nil, "%s,%s,,succeeded,,200,Successful\n", bucket, key)
	}
	all := bytes.ReplaceAll(list, []byte("\n"), []byte(",succeeded,,200,Successful\n"))
	for _, tt := range []struct {
		name, report string
		exit         int
	}{
		{"another bucket", b.report(bytes.Replace(all, []byte(scriptBucket), []byte("elsewhere"), 1), nil), exitMismatch},
		{"an object that the job does not have", b.report(append(bytes.Clone(all), row(scriptBucket, "not-there")...), nil), exitMismatch},
		{"a version that the job does not have", b.report(append(bytes.Clone(all), []byte(scriptBucket+",k,v7,succeeded,,200,\n")...), nil), exitMismatch},
		{"a job that did something else", batchJob{w: w, idle: true}.play(manifest, 0, 60), exitRefused},
		{"no completion report", filepath.Join(jobDir, job.PlanFile), exitFatal},
	} {
		w.output(tt.exit, "import", "--job", jobDir, tt.report)
		if s := w.status(jobDir); s.Done+s.Failed != 0 {
			t.Errorf("%s: %d objects done and %d failed in the job, want none", tt.name, s.Done, s.Failed)
		}
	}
	// While a run holds the job nothing is taken in.
	held, err := checkpoint.OpenDir(jobDir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := held.Lock(t.Context(), checkpoint.Self("reseal run"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	w.output(exitMismatch, "import", "--job", jobDir, b.play(manifest, 0, 5))
}
