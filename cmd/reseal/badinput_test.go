package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/report"
)

// TestBadInput has one run meet, an object each, what a bucket can do to it since
// the report, or in the middle of the work. Each ends as it should, with its
// reason in the result line, and nothing of any object is lost.
func TestBadInput(t *testing.T) {
	t.Parallel()
	const large = 6 << 30 // copied in seven parts
	type fault = simulator.Fault
	tags := []simulator.Tag{{Key: "keep", Value: "me"}}
	var w *testWorld
	overwrite := func(world *simulator.World, key string) *simulator.Error {
		in := &simulator.PutObjectInput{Request: *w.sim.Request(scriptBucket), Key: key, Body: simulator.Bytes([]byte("newer"))}
		in.Tags = tags
		_, err := world.PutObject(time.Now(), in)
		return err
	}
	cases := []struct {
		name   string
		size   int64
		change func(world *simulator.World, key string) *simulator.Error // between report and run
		faults []fault

		status, reason, words string // of the result line; words are in its error
		untouched             bool   // the object is not under the key
		newer                 bool   // and has another client's data
	}{
		{name: "deleted", size: 10, change: func(world *simulator.World, key string) *simulator.Error {
			_, err := world.DeleteObject(time.Now(), &simulator.DeleteObjectInput{Request: *w.sim.Request(scriptBucket), Key: key})
			return err
		}, status: "skipped", reason: "gone"},
		{name: "overwritten", size: 10, change: overwrite, status: "done", reason: "newer-write", newer: true},
		{name: "overwritten-large", size: large, change: overwrite, status: "done", reason: "newer-write", newer: true},
		{name: "re-tagged", size: 10, change: func(world *simulator.World, key string) *simulator.Error {
			_, err := world.PutObjectTagging(time.Now(), &simulator.ObjectInput{Request: *w.sim.Request(scriptBucket), Key: key}, append(tags, simulator.Tag{Key: "new", Value: "1"}))
			return err
		}, status: "done"},
		{name: "412-once", size: 10, faults: []fault{{Op: "CopyObject", Code: "PreconditionFailed", HTTPStatus: 412, Count: 1}}, status: "done"},
		{name: "412-always", size: 10, faults: []fault{{Op: "CopyObject", Code: "PreconditionFailed", HTTPStatus: 412}},
			status: "failed", reason: "request-error", words: "HeadObject shows that it was not", untouched: true},
		{name: "409", size: 10, faults: []fault{{Op: "CopyObject", Code: "ConditionalRequestConflict", HTTPStatus: 409, Count: 1}}, status: "done"},
		{name: "409-at-completion", size: large, faults: []fault{{Op: "CompleteMultipartUpload", Code: "ConditionalRequestConflict", HTTPStatus: 409, Count: 1}}, status: "done"},
		{name: "404-once", size: 10, faults: []fault{{Op: "CopyObject", Code: "NoSuchKey", HTTPStatus: 404, Count: 1}}, status: "done"},
		{name: "error-in-200", size: 10, faults: []fault{{Op: "CopyObject", Code: "InternalError", HTTPStatus: 200, Count: 2}}, status: "done"},
		{name: "error-in-200-always", size: 10, faults: []fault{{Op: "CopyObject", Code: "InternalError", Message: "We broke.", HTTPStatus: 200}},
			status: "failed", reason: "request-error", words: "We broke.", untouched: true},
		{name: "error-in-200-at-completion", size: large, faults: []fault{{Op: "CompleteMultipartUpload", Code: "InternalError", HTTPStatus: 200, Count: 1}}, status: "done"},
		{name: "answer-lost", size: 10, faults: []fault{{Op: "CopyObject", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1}}, status: "done", reason: "repeat"},
		{name: "answer-lost-at-completion", size: large, faults: []fault{{Op: "CompleteMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1}},
			status: "done", reason: "repeat"},
		{name: "no-such-upload", size: large, faults: []fault{{Op: "UploadPartCopy", Code: "NoSuchUpload", HTTPStatus: 404, Nth: 4, Count: 1}}, status: "done"},
		{name: "part-changed", size: large, faults: []fault{{Op: "UploadPartCopy", Code: "PreconditionFailed", HTTPStatus: 412, Nth: 4, Count: 1}}, status: "done"},
		{name: "tags-not-to-be-read", size: 10, faults: []fault{{Op: "CopyObject", Code: "AccessDenied", Message: "not authorized to perform: s3:GetObjectTagging", HTTPStatus: 403}},
			status: "failed", reason: "access-denied", words: "s3:GetObjectTagging", untouched: true},
		{name: "tags-not-to-be-read-large", size: large, faults: []fault{{Op: "GetObjectTagging", Code: "AccessDenied", Message: "not authorized to perform: s3:GetObjectTagging", HTTPStatus: 403}},
			status: "failed", reason: "access-denied", words: "s3:GetObjectTagging", untouched: true},
	}
	sim := newAccount(t, simaws.Config{Seed: 1})
	for _, c := range cases {
		o := simulator.ObjectInfo{Key: c.name, Size: c.size, LastModified: time.Now().Add(-time.Hour), Tags: tags}
		if err := sim.World.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	w = serveWorld(t, sim, manifest)
	w.sim.Locked(func(world *simulator.World) {
		for _, c := range cases {
			if c.change != nil {
				if err := c.change(world, c.name); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
			}
			for _, f := range c.faults {
				f.Key = c.name
				world.AddFault(f)
			}
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary", "--results", "all",
		"--probe-key-prefix", "reseal-probe/", "--accept", "unproven-endpoint", "--attempts", "4")
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailures {
		t.Fatalf("run: %v, want exit %d\n%s", err, exitFailures, out)
	}
	out, err := w.command("report", "--job", job, "--format", "lines").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]report.Line{}
	for l, err := range report.Lines(bytes.NewReader(out)) {
		if err != nil {
			t.Fatal(err)
		}
		lines[l.Key] = l
	}
	now := map[string]simulator.ObjectInfo{}
	uploads := 0
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			now[o.Key] = o
		}
		if list, err := world.ListMultipartUploads(time.Now(), &simulator.ListMultipartUploadsInput{Request: *w.sim.Request(scriptBucket)}); err == nil {
			uploads = len(list.Uploads)
		}
	})
	for _, c := range cases {
		l, o := lines[c.name], now[c.name]
		if l.Status != c.status || string(l.Reason) != c.reason || !strings.Contains(l.Error, c.words) || (l.Error != "") != (c.status == "failed") {
			t.Errorf("%s: %s %q, error %q; want %s %q with %q", c.name, l.Status, l.Reason, l.Error, c.status, c.reason, c.words)
		}
		if c.status == "skipped" {
			if o.Key != "" {
				t.Errorf("%s: it is back: %+v", c.name, o)
			}
			continue
		}
		size, want := c.size, "[{keep me}]"
		if c.newer {
			size = int64(len("newer"))
		}
		if c.name == "re-tagged" {
			want = "[{keep me} {new 1}]"
		}
		if (o.Encryption.Type == simulator.SSEKMS) == c.untouched || o.Size != size || fmt.Sprint(o.Tags) != want {
			t.Errorf("%s: %d bytes under %s with tags %v; want %d, under the key: %t, %s", c.name, o.Size, o.Encryption.Type, o.Tags, size, !c.untouched, want)
		}
	}
	if uploads != 0 {
		t.Errorf("%d uploads left behind", uploads)
	}
}

// Keys that cannot be used end the run before it begins, with the reason; and an
// endpoint that answers 200 and does not encrypt is no success.
func TestBadKeyOrEndpoint(t *testing.T) {
	t.Parallel()
	const objects = 20
	for _, tt := range []struct {
		name  string
		key   string
		knobs simulator.Knobs
		exit  int
		words string
	}{
		{"another Region", strings.Replace(simaws.Key, "us-east-1", "eu-central-1", 1), simulator.Knobs{}, exitRefused, "Region"},
		{"another account", strings.Replace(simaws.Key, "111122223333", "444455556666", 1), simulator.Knobs{}, exitRefused, "key"},
		{"not encrypted, no canary", simaws.Key, simulator.Knobs{IgnoreEncryptionHeaders: true}, exitFailures, ""},
		{"not encrypted, silent", simaws.Key, simulator.Knobs{IgnoreEncryptionHeaders: true, SilentSSE: true}, exitFailures, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
			w.sim.Locked(func(world *simulator.World) { world.SetKnobs(tt.knobs) })
			job := filepath.Join(t.TempDir(), "job")
			cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", tt.key, "--job", job, "--yes", "--quiet", "--no-canary",
				"--accept", "weak-conditions", "--accept", "drops-expires")
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != tt.exit || !strings.Contains(string(out), tt.words) {
				t.Fatalf("%v, want exit %d and %q\n%s", err, tt.exit, tt.words, out)
			}
			if n := w.encrypted(); n != 0 {
				t.Errorf("%d objects are under a key", n)
			}
			if tt.exit == exitRefused {
				return
			}
			if s := w.status(job); s.Done != 0 || s.Failed != objects {
				t.Errorf("%d done, %d failed; want 0 and %d", s.Done, s.Failed, objects)
			}
			lines, err := w.command("report", "--job", job, "--format", "lines").Output()
			if err != nil || strings.Count(string(lines), `"reason":"not-encrypted"`) != objects || strings.Count(string(lines), "answered 200, but the object is under") != objects {
				t.Errorf("%v, result lines:\n%s", err, lines)
			}
		})
	}
}
