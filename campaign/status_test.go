package campaign

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// A bucket whose job a run has begun is not new, although that run wrote down nothing
// that it did.
func TestBegunIsNotNew(t *testing.T) {
	e := &Entry{Name: "media", Made: true}
	for runs, want := range map[int64]State{0: New, 1: GoesOn} {
		if r := RowOf("camp", e, &status.Status{State: status.NotBegun, Runs: runs}); r.State != want {
			t.Errorf("after %d runs: %s, want %s", runs, r.State, want)
		}
	}
}

// A bucket that is left out is in no sum, also where its job cannot be read.
func TestLeftOutIsInNoSum(t *testing.T) {
	dir := t.TempDir()
	store, err := job.Opener{}.Create(t.Context(), filepath.Join(dir, "logs"), job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.GiveBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "logs", job.PlanFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := sample()
	s, err := ReadStatus(t.Context(), job.Opener{}, dir, d)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Buckets[1]; r.State != LeftOut || r.Why == "" {
		t.Errorf("the one left out: %s, %q", r.State, r.Why)
	}
	if s.Sum.Buckets != 1 || s.Sum.Unknown != 0 {
		t.Errorf("sum %+v", s.Sum)
	}
}

// A bucket whose run lists until nothing is left is finished once a listing found nothing,
// and not before.
func TestUntilCleanIsFinishedOnceClean(t *testing.T) {
	chain := func(verdicts ...generations.Verdict) (all []generations.Generation) {
		for i, v := range verdicts {
			g := generations.Generation{Number: i + 2, Verdict: v, Rows: 4, Done: 4, Spent: 5}
			if v == generations.Clean || v == generations.Left {
				g.Done = 0
			}
			all = append(all, g)
		}
		return all
	}
	for _, c := range []struct {
		first   status.State
		failed  int64
		chain   []generations.Generation
		ended   int
		want    State
		objects int64
	}{
		{status.Finished, 0, nil, 0, GoesOn, 9},
		{status.Finished, 2, nil, 3, Failures, 9},
		{status.Finished, 0, chain(generations.Open), 0, GoesOn, 13},
		{status.Finished, 0, chain(generations.Worked), 4, Stopped, 13},
		{status.Finished, 0, chain(generations.Worked), 0, GoesOn, 13},
		{status.Finished, 2, chain(generations.Worked, generations.Clean), 0, Finished, 13},
		{status.Finished, 2, chain(generations.Worked, generations.Clean), 4, Finished, 13}, // run by hand since
		{status.Finished, 0, chain(generations.Left), 3, Failures, 9},
		{status.Unfinished, 0, nil, 0, GoesOn, 9},
	} {
		todo := int64(9)
		s := &status.Status{State: c.first, Runs: 1, Todo: &todo, Left: &todo, Failed: c.failed, Generations: c.chain}
		e := &Entry{Name: "media", Made: true, UntilClean: true, Ended: NewEnding(time.Now(), c.ended, "why")}
		if r := RowOf("camp", e, s); r.State != c.want || *r.Todo != c.objects || r.Spent != cost.Money(5*len(c.chain)) {
			t.Errorf("%+v: %s of %d objects, %v; want %s", c, r.State, *r.Todo, r.Spent, c.want)
		}
	}
}

// How the last run of the campaign ended says nothing of a generation that began since.
func TestLaterGenerationIsNoEarlierEnd(t *testing.T) {
	now := time.Now()
	s := &status.Status{State: status.Finished, Runs: 1, LastWrite: now.Add(-time.Hour), Generations: []generations.Generation{{Number: 2, Rows: 4, Began: now}}}
	for ended, want := range map[time.Time]State{now.Add(-time.Millisecond): GoesOn, now.Add(time.Minute): Stopped} {
		if r := RowOf("camp", &Entry{Name: "media", Made: true, Ended: NewEnding(ended, 4, "why")}, s); r.State != want {
			t.Errorf("ended %v: %s, want %s", ended, r.State, want)
		}
	}
}
