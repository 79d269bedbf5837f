package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// What a job says that it sent is what the simulator counted, with the scratch
// objects of a probe and both looks at the objects of a canary.
func TestTotalsCountProbeAndCanary(t *testing.T) {
	for _, via := range []string{"copy", "multipart"} {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 60, Seed: 1, Plain: true, MaxSize: 1000})
			var requests, listings, kms atomic.Int64
			w.sim.Locked(func(world *simulator.World) {
				world.Observe(func(o simulator.Observed) {
					w.audit.see(o)
					if o.Bucket == scriptBucket && o.Key != "" {
						requests.Add(1)
					}
					if o.Bucket == scriptBucket && o.Op == simulator.OpListObjects {
						listings.Add(1)
					}
					kms.Add(o.KMS)
				})
			})
			job := filepath.Join(t.TempDir(), "job")
			run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--bucket-key-enabled=false",
				"--accept", "drops-expires", "--accept", "weak-conditions", "--probe-key-prefix", "reseal-probe/"}
			if via == "multipart" {
				run = append(run, "--copy-via", via)
			}
			for i, more := range [][]string{{"--limit", "10"}, nil} {
				if out, err := w.command(append(run, more...)...).CombinedOutput(); err != nil && len(more) == 0 {
					t.Fatalf("%v\n%s", err, out)
				}
				for _, look := range [][]string{{"status", job, "--json"}, {"report", job, "--format", "json"}} {
					text, err := w.command(look...).Output()
					var said struct {
						Requests int64 `json:"requests"`
						KMS      int64 `json:"kms_calls_max"`
						Totals   struct {
							Requests int64 `json:"requests"`
							KMS      int64 `json:"kms_calls"`
						} `json:"totals"`
					}
					_ = json.Unmarshal(text, &said) // a report may have more after it
					// A listing is asked whether a look met its object, and one before each run belongs to no object.
					sent := requests.Load() + listings.Load() - int64(i+1)
					if said.Requests+said.Totals.Requests != sent || said.KMS+said.Totals.KMS != kms.Load() {
						t.Errorf("%s after %q: %+v; the simulator counted %d and %d of KMS (%v)\n%s", look[0], strings.Join(more, " "), said, sent, kms.Load(), err, text)
					}
				}
			}
		})
	}
}
