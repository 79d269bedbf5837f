package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// An upload whose beginning was not answered is said at the end of the run, with the
// command that removes it, and by uploads until it is gone. Off AWS nothing is aborted.
func TestStraysAreSaid(t *testing.T) {
	t.Parallel()
	w := largeWorld(t, 6<<30)
	w.sim.Locked(func(world *simulator.World) {
		world.AddFault(simulator.Fault{Op: "CreateMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1})
	})
	job := filepath.Join(t.TempDir(), "job")
	out, err := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary",
		"--accept", "unproven-endpoint", "--accept", "versioned", "--accept", "weak-conditions", "--accept", "drops-expires").CombinedOutput()
	if err != nil {
		t.Fatalf("run: %v\n%s", err, out)
	}
	id := ""
	w.sim.Locked(func(world *simulator.World) {
		list, err := world.ListMultipartUploads(time.Now(), &simulator.ListMultipartUploadsInput{Request: *w.sim.Request(scriptBucket)})
		if err != nil || len(list.Uploads) != 1 {
			t.Fatalf("%d uploads left, %v; want the one without an answer", len(list.Uploads), err)
		}
		id = list.Uploads[0].ID
	})
	want := regexp.MustCompile(`aws s3api abort-multipart-upload --bucket \S+ --endpoint-url http\S+ --key '?huge\.bin'? --upload-id '` + regexp.QuoteMeta(id) + `'`)
	if text := string(out); strings.Count(text, "may be left") != 1 || !want.MatchString(text) {
		t.Errorf("the run says\n%s", text)
	}
	for _, more := range [][]string{nil, {"--sweep"}} {
		if left := w.uploads(job, more...).Uploads; len(left) != 1 || left[0].State != "unsure" || left[0].ID != id {
			t.Errorf("uploads %v: %+v, want the one that is unsure", more, left)
		}
	}
}
