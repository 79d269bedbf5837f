package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// knobsCmd makes the simulator play another server: knobs {"SilentSSE":true}
func knobsCmd(ts *testscript.TestScript, neg bool, args []string) {
	var k simulator.Knobs
	ts.Check(json.Unmarshal([]byte(args[0]), &k))
	sceneOf(ts).sim.Locked(func(w *simulator.World) { w.SetKnobs(k) })
}

// populateHistory makes a bucket that keeps versions, with n objects of two
// versions each, and takes its inventory.
func populateHistory(ctx context.Context, sim *simaws.Account, n int64, dir string) (string, error) {
	now := time.Now().Add(-time.Hour)
	if err := sim.MakeBuckets(now, scriptBucket, simaws.ReportBucket); err != nil {
		return "", err
	}
	if err := sim.World.PutBucketVersioning(now, sim.Request(scriptBucket), "Enabled"); err != nil {
		return "", err
	}
	for i := range n {
		for v := range 2 {
			o := simulator.ObjectInfo{Key: fmt.Sprintf("k/%05d", i), VersionID: fmt.Sprintf("v%05d.%d", i, v), Size: 100 + i, LastModified: now.Add(time.Duration(v) * time.Minute)}
			if v == 0 && i%2 == 0 {
				o.Tags = []simulator.Tag{{Key: "half", Value: "old"}}
			}
			if err := sim.World.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
				return "", err
			}
		}
	}
	return sim.WriteReport(ctx, scriptBucket, simaws.Report{Folder: dir})
}
