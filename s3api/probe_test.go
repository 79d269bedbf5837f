package s3api

import (
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/plan"
)

func TestProbeLeavesOtherObjectsAlone(t *testing.T) {
	for _, knob := range []bool{false, true} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.SetKnobs(simulator.Knobs{IgnoreDestinationConditions: knob})
			return w.SeedObject(bucket, simulator.ObjectInfo{Key: "scratch/mine", Size: 1}, simulator.Body{})
		})
		got, err := s.client.ProbeIfMatch(t.Context(), bucket, "scratch/")
		if err != nil || got != plan.AnswerOf(knob) {
			t.Errorf("ProbeIfMatch = %v, %v; want %v", got, err, plan.AnswerOf(knob))
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			var keys []string
			for o := range w.Walk(bucket) {
				keys = append(keys, o.Key)
			}
			if len(keys) != 1 || keys[0] != "scratch/mine" {
				t.Errorf("objects after the probe: %q", keys)
			}
			return nil
		})
	}
	hermetic(t)
	c, err := New(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ProbeIfMatch(t.Context(), bucket, ""); err == nil {
		t.Error("a probe without a prefix of its own was let through")
	}
	defer func() {
		if recover() == nil {
			t.Error("remove took a key that no probe made")
		}
	}()
	_ = (&scratch{client: c, bucket: bucket, key: "precious", versions: []string{""}}).remove(t.Context())
}
