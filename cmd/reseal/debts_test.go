package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// A run that is killed between the completion of a copy in parts and what has to
// follow it owes the object its tags: those that no header of the upload holds, or
// those that a client set in the moment of the completion. The next run pays, and
// counts a repeat; sweeping uploads in between forgets nothing.
func TestDebtsAreKeptOverAKill(t *testing.T) {
	const size = 6 << 30
	theirs := []simulator.Tag{{Key: "by", Value: "client"}}
	var long []simulator.Tag
	for i := range 10 {
		long = append(long, simulator.Tag{Key: fmt.Sprint("long", i), Value: strings.Repeat("日", 100)})
	}
	for _, tt := range []struct {
		name      string
		versioned bool
		tags      []simulator.Tag
		retag     bool
	}{
		{"long tags", false, long, false},
		{"long tags, versioned", true, long, false},
		{"changed in the moment of the completion", true, []simulator.Tag{{Key: "keep", Value: "me"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := largeWorld(t, size)
			w.sim.Locked(func(world *simulator.World) {
				now, r := time.Now(), w.sim.Request(scriptBucket)
				if tt.versioned {
					if err := world.PutBucketVersioning(now, r, simulator.Enabled); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := world.PutObjectTagging(now, &simulator.ObjectInput{Request: *r, Key: "huge.bin"}, tt.tags); err != nil {
					t.Fatal(err)
				}
			})
			want := tt.tags
			completed, killed := make(chan struct{}, 1), make(chan struct{})
			completes := func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }
			cut := &wire{
				Before: func(r *http.Request) {
					if completes(r) && tt.retag {
						w.sim.Locked(func(world *simulator.World) {
							in := &simulator.ObjectInput{Request: *w.sim.Request(scriptBucket), Key: "huge.bin"}
							if _, err := world.PutObjectTagging(time.Now(), in, theirs); err != nil {
								t.Error(err)
							}
						})
						want = theirs
					}
				},
				After: func(r *http.Request, _ *http.Response) { // the answer does not arrive
					if completes(r) {
						completed <- struct{}{}
						<-killed
					}
				},
			}
			direct := w.env
			w.env = append(w.env, "AWS_ENDPOINT_URL="+cut.serve(t, w.sim.URL()).URL)
			job := filepath.Join(t.TempDir(), "job")
			run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary", "--accept", "unproven-endpoint",
				"--accept", "versioned", "--accept", "weak-conditions", "--accept", "drops-expires"}
			cmd := w.command(run...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-completed
			_ = cmd.Process.Kill()
			if err := cmd.Wait(); err == nil {
				t.Fatal("the run ended before it could be killed")
			}
			close(killed)
			cut.settle(t)
			w.env = direct
			if s := w.status(job); s.Done != 0 {
				t.Errorf("after the kill the job says that %d objects are done", s.Done)
			}
			w.uploads(job, "--sweep")
			if out, err := w.command(run...).CombinedOutput(); err != nil {
				t.Fatalf("run again: %v\n%s", err, out)
			}
			w.sim.Locked(func(world *simulator.World) {
				for o := range world.Walk(scriptBucket) {
					if o.IsLatest && (o.Encryption.Type != simulator.SSEKMS || o.Size != size || fmt.Sprint(o.Tags) != fmt.Sprint(want)) {
						t.Errorf("afterwards: %d bytes under %s with tags %v; want %d under the key with %v", o.Size, o.Encryption.Type, o.Tags, int64(size), want)
					}
				}
			})
			if s := w.status(job); s.Done != 1 || s.Repeats != 1 {
				t.Errorf("%d done, %d repeats; want 1 of each", s.Done, s.Repeats)
			}
			if n := w.calls("CompleteMultipartUpload"); n != 1 {
				t.Errorf("%d uploads were completed, want 1", n)
			}
			if left := w.uploads(job).Uploads; len(left) != 0 {
				t.Errorf("notes left: %+v", left)
			}
		})
	}
}
