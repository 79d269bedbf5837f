package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/minio"
	"reseal/inventory"
)

// TestMinIO runs reseal against a server that nobody here wrote, and lets
// another S3 client say what became of the objects.
func TestMinIO(t *testing.T) {
	server := minio.Start(t)
	for _, tt := range []struct {
		name string
		play func(*testing.T, *minio.Server)
	}{
		{"a bucket of all sorts", aBucketOfAllSorts},
		{"a killed run in a versioned bucket", aKilledRun},
		{"locked objects", lockedObjects},
		{"large objects in parts", largeObjects},
		{"checksummed objects", checksummedObjects},
		{"other clients", otherClients},
		{"objects that cannot be looked at", unseenObjects},
		{"a probe", aProbe},
		{"updates", refusedUpdates},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.play(t, server) })
	}
}

// accepted are the hazards of every MinIO. A run asks for those of foreseen by itself;
// that it has no bucket keys is seen by the canary, or by a probe.
var (
	foreseen = []string{"--accept", "weak-conditions", "--accept", "drops-expires"}
	accepted = append(slices.Clone(foreseen), "--accept", "drops-bucket-key")
)

// underTheKey fails the test where after is not what a run has to make of
// before: the same object under the key.
func underTheKey(t *testing.T, before, after *objectVersion) {
	t.Helper()
	if after.SSE != "aws:kms" || after.KMSKey != "arn:aws:kms:"+minio.Key {
		t.Errorf("%q is under %s %q", after.Key, after.SSE, after.KMSKey)
	}
	was, is := before.carried, after.carried
	was.Expires, is.Expires = "", "" // accepted
	if was != is {
		t.Errorf("%q was\n%+v, is\n%+v", after.Key, was, is)
	}
}

// aBucketOfAllSorts goes the whole way, from a plan to the proof.
func aBucketOfAllSorts(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "all-sorts")
	b.fill()
	before := b.versions()
	if len(before) < 500 {
		t.Fatalf("%d objects, want at least 500", len(before))
	}
	w := new(wire).serve(t, server.URL)
	b.endpoint = w.URL
	job := filepath.Join(t.TempDir(), "job")
	where := []string{"--manifest", b.localInventory(inventory.CSV, before), "--sse-kms-key-id", minio.Key}
	run := slices.Concat([]string{"run", "--job", job, "--yes"}, where)

	b.reseal(append([]string{"plan"}, where...)...).want(t, exitDone)
	b.reseal(append(run, "--dry-run")...).want(t, exitDone)
	for _, accept := range [][]string{nil, foreseen[:2], foreseen[2:]} {
		out := b.reseal(append(run, accept...)...).want(t, exitRefused)
		for i := 1; i < len(foreseen); i += 2 {
			_, left, _ := strings.Cut(out.stderr, "to accept them:")
			left, _, _ = strings.Cut(left, "\n")
			if refused := slices.Contains(strings.Fields(left), foreseen[i]); refused == slices.Contains(accept, foreseen[i]) {
				t.Errorf("accepting %q: refused for %s: %v\n%s", accept, foreseen[i], refused, out.stderr)
			}
		}
	}
	noKey := slices.Concat(run, accepted, []string{"--quiet", "--job", filepath.Join(t.TempDir(), "nokey"), "--sse-kms-key-id", "nokey"})
	out := b.reseal(noKey...)
	said := 0 // of what an ending has: what happened, the answer, what helps, the next command
	for line := range strings.Lines(out.stderr) {
		for _, begins := range []string{"reseal: ", "answer: ", "hint: ", "next: "} {
			if strings.HasPrefix(line, begins) {
				said++
			}
		}
	}
	if lines := strings.Count(out.stderr, "\n"); out.code != exitFatal && out.code != exitRefused || !strings.HasPrefix(out.stderr, "reseal: ") || said != lines || lines > 4 {
		t.Errorf("a key that is not there: exit code %d and %d lines, want 1 or 5 and the lines of one ending:\n%s", out.code, lines, out.stderr)
	}
	if w.copies.Load()+w.parts.Load()+w.writes.Load() > 0 {
		t.Errorf("%d copies and %d other writes got through before anything was accepted", w.copies.Load(), w.writes.Load())
	}
	b.unchanged("before anything was accepted", before)

	out = b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	for i := 1; i < len(foreseen); i += 2 {
		if !strings.Contains(out.stderr, foreseen[i]+": accepted") {
			t.Errorf("the run does not say that %s was accepted:\n%s", foreseen[i], out.stderr)
		}
	}
	if !strings.Contains(out.stderr, "lost, as accepted: bucket key") {
		t.Errorf("the canary does not say that the bucket key was lost:\n%s", out.stderr)
	}
	todo := int64(len(before) - sealedObjects)
	if got := w.copies.Load(); got != todo || w.parts.Load()+w.writes.Load() > 0 {
		t.Errorf("%d copies, %d parts, %d other writes; want %d copies alone", got, w.parts.Load(), w.writes.Load(), todo)
	}
	after := b.versions()
	if len(after) != len(before) {
		t.Fatalf("%d objects, before %d", len(after), len(before))
	}
	for i := range after {
		if before[i].SSE == "aws:kms" {
			if after[i] != before[i] {
				t.Errorf("%q was under the key already, and was changed", before[i].Key)
			}
			continue
		}
		underTheKey(t, &before[i], &after[i])
	}

	b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	b.unchanged("by the same command again", after)
	out = b.reseal("verify", "--job", job).want(t, exitDone)
	if !regexp.MustCompile(fmt.Sprintf(`(?m)^proven +%d$`, todo)).MatchString(out.stdout) {
		t.Errorf("verify did not prove %d objects:\n%s", todo, out.stdout)
	}
	b.unchanged("by verify", after)
}

// aProbe finds out on scratch objects what MinIO does, and leaves none behind.
func aProbe(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "probed")
	b.withVersions()
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	for _, key := range []string{"a", "b"} {
		if _, err := b.put(t.Context(), key, content(key, 100), s3.PutObjectInput{Expires: &expires}); err != nil {
			t.Fatal(err)
		}
	}
	before := b.versions()
	run := []string{"run", "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--manifest", b.localInventory(inventory.CSV, before),
		"--sse-kms-key-id", minio.Key, "--accept", "versioned", "--probe-key-prefix", "reseal-probe/"}
	for i := 0; i < len(accepted); i += 2 {
		out := b.reseal(slices.Concat(run, accepted[:i], accepted[i+2:])...).want(t, exitRefused)
		if shown := strings.Count(out.stderr, "shown on a scratch object"); shown != 1 || !strings.Contains(out.stderr, "--accept "+accepted[i+1]) {
			t.Errorf("all but %s was accepted, and the probe has to show that:\n%s", accepted[i+1], out.stderr)
		}
	}
	b.reseal(slices.Concat(run, accepted, []string{"--sse-kms-key-id", "nokey"})...).want(t, exitRefused)
	b.unchanged("by probes", before)

	b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	if after := b.versions(); len(after) != 2*len(before) {
		t.Errorf("%d versions, want %d", len(after), 2*len(before))
	}
}
