package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/canary"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// Where the objects that the plan chose to try first have been encrypted by others
// meanwhile, or are denied, others of their kind prove it, and the rest is done.
func TestCanaryOfSpoiltSample(t *testing.T) {
	for _, denied := range []int{0, 1, 2} { // of each two that were chosen
		t.Run(fmt.Sprintf("%d of 2 denied", denied), func(t *testing.T) {
			t.Parallel()
			const objects = 200
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
			dir := filepath.Join(t.TempDir(), "job")
			w.output(0, "plan", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", dir, "--bucket-key-enabled=false")
			text, err := os.ReadFile(filepath.Join(dir, job.PlanFile))
			if err != nil {
				t.Fatal(err)
			}
			var made struct {
				Canary []struct{ Key []byte }
			}
			if err := json.Unmarshal(text, &made); err != nil || len(made.Canary) < 4 {
				t.Fatalf("%d objects chosen, %v", len(made.Canary), err)
			}
			refused := int64(0)
			w.sim.Locked(func(world *simulator.World) {
				bodies := map[string]simulator.Body{}
				infos := map[string]simulator.ObjectInfo{}
				for o, body := range world.Walk(scriptBucket) {
					bodies[o.Key], infos[o.Key] = body, o
				}
				for i, one := range made.Canary {
					key := string(one.Key)
					if i%2 < denied {
						world.AddFault(simulator.Fault{Op: "CopyObject", Key: key, Code: "AccessDenied", HTTPStatus: 403, Message: "explicitly"})
						refused++
						continue
					}
					o := infos[key]
					o.Encryption, o.ETag, o.LastModified = simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: simaws.Key}, strings.Repeat("ab", 16), time.Now()
					if err := world.SeedObject(scriptBucket, o, bodies[key]); err != nil {
						t.Error(err)
					}
				}
			})
			code := exitFailures
			if refused == 0 {
				code = exitDone
			}
			cmd := w.command("run", "--job", dir, "--yes", "--probe-key-prefix", "reseal-probe/")
			out, _ := cmd.CombinedOutput()
			s := w.status(dir)
			chosen := int64(len(made.Canary))
			if got := cmd.ProcessState.ExitCode(); got != code || s.Failed != refused || s.Done != objects-chosen {
				t.Fatalf("exit %d, %d done, %d failed; want %d, %d, %d\n%s", got, s.Done, s.Failed, code, objects-chosen, refused, out)
			}
			for _, k := range s.Canary.Kinds {
				if k.Verdict != canary.Proven {
					t.Errorf("%s %s: %s", k.Action, k.Class, k.Verdict)
				}
			}
		})
	}
}
