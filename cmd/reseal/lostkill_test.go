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

// A run that is killed between the completion of a copy in parts and the look that
// shows a loss: the next run puts back what was lost and stops for it, as it does
// without a kill, whether or not objects are compared first.
func TestLossesAreToldOverAKill(t *testing.T) {
	const size = 6 << 30
	for _, compared := range [][]string{nil, {"--no-canary", "--accept", "unproven-endpoint"}} {
		t.Run(fmt.Sprint(compared), func(t *testing.T) {
			t.Parallel()
			w := largeWorld(t, size)
			w.sim.Locked(func(world *simulator.World) {
				world.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: simulator.AttrTags, How: simulator.Lose, Way: simulator.ByParts}}})
			})
			completed, killed := make(chan struct{}, 1), make(chan struct{})
			cut := &wire{After: func(r *http.Request, _ *http.Response) { // the answer does not arrive
				if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
					completed <- struct{}{}
					<-killed
				}
			}}
			direct := w.env
			w.env = append(w.env, "AWS_ENDPOINT_URL="+cut.serve(t, w.sim.URL()).URL)
			job := filepath.Join(t.TempDir(), "job")
			run := append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
				"--accept", "versioned", "--accept", "weak-conditions", "--accept", "drops-expires"}, compared...)
			cmd := w.command(run...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-completed:
			case <-time.After(time.Minute):
				t.Error("no upload was completed")
			}
			_ = cmd.Process.Kill()
			if err := cmd.Wait(); err == nil {
				t.Fatal("the run ended before it could be killed")
			}
			close(killed)
			cut.settle(t)
			w.env = direct
			again := w.command(run...)
			out, _ := again.CombinedOutput()
			if code := again.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(string(out), "put back: tags") {
				t.Errorf("run again: exit %d, want %d for the tags that were put back\n%s", code, exitRefused, out)
			}
			w.sim.Locked(func(world *simulator.World) {
				for o := range world.Walk(scriptBucket) {
					if o.IsLatest && (o.Encryption.Type != simulator.SSEKMS || fmt.Sprint(o.Tags) != "[{keep me}]") {
						t.Errorf("afterwards: under %s with tags %v", o.Encryption.Type, o.Tags)
					}
				}
			})
			if s := w.status(job); s.Done != 1 || s.Repeats != 1 {
				t.Errorf("%d done, %d repeats; want 1 of each", s.Done, s.Repeats)
			}
			if left := w.uploads(job).Uploads; len(left) != 0 {
				t.Errorf("notes left: %+v", left)
			}
		})
	}
}
