package s3api

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/plan"
)

// However many workers meet odd keys at once, one twin of each kind is looked at.
func TestOneTwinOfAKind(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for i := range 20 {
		put(t, s.client, fmt.Sprintf("p//%d", i), "data", "row")
		put(t, s.client, fmt.Sprintf("p./%d", i), "data", "row")
	}
	rows := rowsOf(t, s.client, bucket)
	rw := rewriter(t, s.client, RewriteConfig{Options: anOptions(), Facts: facts(t, s.client, bucket)})
	s.calls()
	var g sync.WaitGroup
	for _, row := range rows {
		task := *decide(t, rw.config, row, nil)
		g.Go(func() {
			if _, err := rw.Inspect(t.Context(), &task, &gate{}); err != nil {
				t.Errorf("%q: %v", task.Record.Key, err)
			}
		})
	}
	g.Wait()
	if calls := s.calls(); calls["HeadObject"] != int64(len(rows))+2 || calls["ListObjectsV2"] != 0 {
		t.Errorf("%v for %d keys of two kinds, want a look at each, one at a twin of each kind, and no listing", calls, len(rows))
	}
}

// Of two objects that are alike, what the job wrote of one is what it wrote of the
// other as far as ETags tell: a later look is held against a twin, too.
func TestAlikeAfterTheWrite(t *testing.T) {
	s := simulate(t, simulator.Config{})
	put(t, s.client, "p/", "", "other")
	put(t, s.client, "p//", "", "row")
	row := rowsOf(t, s.client, bucket)["p//"]
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{MergedSlashes: true})
		return nil
	})
	rw := rewriter(t, s.client, RewriteConfig{Options: anOptions(), Facts: facts(t, s.client, bucket)})
	task := *decide(t, rw.config, row, nil)
	task.Wrote = func(h *plan.Head) bool { return h.ETag == row.ETag }
	head, err := rw.Inspect(t.Context(), &task, &gate{})
	if oe := objectError(t, err); head != nil || oe.Reason != plan.Unaddressable || oe.Class != engine.Permanent {
		t.Errorf("%+v, %v; want it unaddressable", head, err)
	}
}
