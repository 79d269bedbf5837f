package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
)

// knobsCmd makes the simulator play another server: knobs {"SilentSSE":true}
func knobsCmd(ts *testscript.TestScript, neg bool, args []string) {
	var k simulator.Knobs
	ts.Check(json.Unmarshal([]byte(args[0]), &k))
	sceneOf(ts).sim.front.Locked(func(w *simulator.World) { w.SetKnobs(k) })
}

// populateHistory makes a bucket that keeps versions, with n objects of two
// versions each, and takes its inventory.
func (s *simulation) populateHistory(ctx context.Context, bucket string, n int64, dir string) (string, error) {
	now := time.Now().Add(-time.Hour)
	for _, name := range []string{bucket, simReports} {
		if err := s.makeBucket(now, name); err != nil {
			return "", err
		}
	}
	if err := s.world.PutBucketVersioning(now, s.request(bucket), "Enabled"); err != nil {
		return "", err
	}
	for i := range n {
		for v := range 2 {
			o := simulator.ObjectInfo{Key: fmt.Sprintf("k/%05d", i), VersionID: fmt.Sprintf("v%05d.%d", i, v), Size: 100 + i, LastModified: now.Add(time.Duration(v) * time.Minute)}
			if err := s.world.SeedObject(bucket, o, simulator.Body{}); err != nil {
				return "", err
			}
		}
	}
	return s.inventory(ctx, bucket, dir)
}
