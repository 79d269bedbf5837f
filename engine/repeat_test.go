package engine

import (
	"context"
	"testing"
	"testing/synctest"

	"reseal/inventory"
	"reseal/plan"
)

// tagged is a store whose objects have a tag, until a copy loses it.
type tagged struct {
	*store
	drops bool // copies lose the tag
	looks int
}

func (s *tagged) Snapshot(ctx context.Context, t *plan.Task, g Gate) (*plan.Snapshot, error) {
	head, err := s.Inspect(ctx, t, g)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	tags := []plan.Tag{{Key: "team", Value: "film"}}
	if s.drops && s.objects[t.Record.Key].encrypted {
		tags = nil
	}
	return &plan.Snapshot{Head: *head, Tags: plan.Saw(tags)}, nil
}

// A copy whose answer was lost is compared with the look before, like any other.
func TestARepeatIsCompared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		drops    bool
		accepted []plan.Attribute
		then     Class // of the copies after the one that was lost; 0 for what the store says
		want     Outcome
	}{
		{"as before", false, nil, 0, Done},
		{"tags lost", true, nil, 0, Failed},
		{"tags lost, and no answer ever", true, nil, Transient, Failed},
		{"tags lost, and denied", true, nil, Denied, Failed},
		{"tags lost, as was accepted", true, []plan.Attribute{plan.Tags}, 0, Done},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := &tagged{store: newStore(8), drops: tt.drops}, newLog()
				lost := false
				s.lose = func(op, k string) bool {
					first := op == "copy" && k == key(5) && !lost
					lost = lost || first
					return first
				}
				s.before = func(op, k string, nth int) error {
					if lost && tt.then != 0 && op == "copy" && k == key(5) {
						return failure(op, k, tt.then)
					}
					return nil
				}
				cfg := config(s.store, l)
				cfg.Snapshotter, cfg.Accepted, cfg.Workers = s, tt.accepted, 1
				cfg.Policy.Snapshots = 1
				if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
					t.Fatal(err)
				}
				check(t, s.store, l)
				for _, r := range l.results {
					if r.Task.Record.Key != key(5) {
						continue
					}
					if r.Outcome != tt.want || r.Before == nil {
						t.Errorf("ended as %v with a look before %t, want %v", r.Outcome, r.Before != nil, tt.want)
					}
					if tt.want == Failed && (r.Reason != plan.Unfaithful || len(r.Err.Lost) != 1 || r.Err.Lost[0].Before == "") {
						t.Errorf("failed with %q, %+v; want the tags that it had", r.Reason, r.Err)
					}
				}
			})
		})
	}
}

// A look at what an earlier run re-encrypted is none from before.
func TestALookAfterIsNoLookBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, l := &tagged{store: newStore(8)}, newLog()
		s.objects[key(5)] = &object{etag: "kms-v1-5", encrypted: true}
		cfg := config(s.store, l)
		cfg.Snapshotter = s
		cfg.Uncertain = func(inventory.Position) bool { return true }
		cfg.Policy.Snapshots = 1
		if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
			t.Fatal(err)
		}
		for _, r := range l.results {
			if repeat := r.Task.Record.Key == key(5); r.Outcome != Done || r.Repeat != repeat || (r.Before == nil) != repeat {
				t.Errorf("%s: %v, repeat %t, with a look before %t", r.Task.Record.Key, r.Outcome, r.Repeat, r.Before != nil)
			}
		}
	})
}
