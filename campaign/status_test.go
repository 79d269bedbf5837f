package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/control"
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
// and not before, nor once a later run was to list it and did not.
func TestUntilCleanIsFinishedOnceClean(t *testing.T) {
	start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	chain := func(verdicts ...generations.Verdict) (all []generations.Generation) { // that end at minute 2, 3...
		for i, v := range verdicts {
			g := generations.Generation{Number: i + 2, Source: generations.Listing, Verdict: v, Rows: 4, Done: 4, Bytes: 40, Spent: 5, Began: at(i + 1), Created: at(i + 1)}
			if v == generations.Clean || v == generations.Left {
				g.Done, g.Bytes = 0, 0
			}
			if v != generations.Open {
				g.Ended = at(i + 2)
			}
			all = append(all, g)
		}
		return all
	}
	const clean = "clean as of the listing of 2026-12-01 00:02:00 UTC, and not listed since"
	for name, c := range map[string]struct {
		first   status.State
		failed  int64
		chain   []generations.Generation
		began   int // minute
		ended   int // exit code, at minute 10
		want    State
		objects int64
		why     string
	}{
		"no listing":                     {status.Finished, 0, nil, 0, 0, GoesOn, 9, "not listed since its first pass"},
		"no listing, and failures":       {status.Finished, 2, nil, 0, 3, GoesOn, 9, "not listed since its first pass"},
		"one goes on":                    {status.Finished, 0, chain(generations.Open), 0, 0, GoesOn, 13, "generation 2 is not at its end"},
		"something was found":            {status.Finished, 0, chain(generations.Worked), 0, 4, Stopped, 13, "told. Its job is as it was: the last generation found something"},
		"something was found by hand":    {status.Finished, 0, chain(generations.Worked), 0, 0, GoesOn, 13, "found something to do"},
		"clean":                          {status.Finished, 2, chain(generations.Worked, generations.Clean), 0, 0, Finished, 13, ""},
		"clean, and then an error":       {status.Finished, 2, chain(generations.Worked, generations.Clean), 0, 1, Finished, 13, "nothing is left in its job"},
		"clean, and then cut off":        {status.Finished, 2, chain(generations.Worked, generations.Clean), 9, 0, GoesOn, 13, clean},
		"clean, and then stopped":        {status.Finished, 2, chain(generations.Worked, generations.Clean), 9, 4, Stopped, 13, "told. Its job is as it was: " + clean},
		"clean, and then refused":        {status.Finished, 2, chain(generations.Worked, generations.Clean), 9, 5, Refused, 13, "told"},
		"clean, and the list is another": {status.Finished, 2, chain(generations.Worked, generations.Clean), 9, 6, OtherJob, 13, "told"},
		"clean by the run itself":        {status.Finished, 2, chain(generations.Worked, generations.Clean), 1, 0, Finished, 13, ""},
		"left":                           {status.Finished, 0, chain(generations.Left), 0, 3, Failures, 9, "put off what it found"},
		"left, and then cut off":         {status.Finished, 0, chain(generations.Left), 9, 0, GoesOn, 9, "not clean as of the listing"},
		"the first pass":                 {status.Unfinished, 0, nil, 0, 0, GoesOn, 9, ""},
	} {
		todo := int64(9)
		s := &status.Status{State: c.first, Runs: 1, Todo: &todo, Left: &todo, Failed: c.failed, Bytes: 90, Generations: c.chain}
		e := &Entry{Name: "media", Made: true, UntilClean: true, Began: at(c.began), Ended: NewEnding(at(10), c.ended, "told")}
		r := RowOf("camp", e, s)
		if r.State != c.want || *r.Todo != c.objects || r.Spent != cost.Money(5*len(c.chain)) || r.Bytes != 90+10*(c.objects-9) {
			t.Errorf("%s: %s of %d objects, %d bytes, %v; want %s", name, r.State, *r.Todo, r.Bytes, r.Spent, c.want)
		}
		if !strings.Contains(r.Why, c.why) || (c.why == "") != (r.Why == "") {
			t.Errorf("%s: %q, want %q", name, r.Why, c.why)
		}
	}
}

// What a person mended in a job counts at once, whatever the campaign remembers of its run.
func TestMendedIsNoFailure(t *testing.T) {
	ended := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	e := &Entry{Name: "media", Made: true, Ended: NewEnding(ended, 3, "")}
	by := func(at time.Time) *status.LastRun {
		return &status.LastRun{At: at, Status: &control.Status{Started: at.Add(-time.Second), Ended: &control.Ending{}}, Over: true}
	}
	for name, c := range map[string]struct {
		s    status.Status
		want State
	}{
		"as it ended":            {status.Status{State: status.Finished, Failed: 2, LastWrite: ended}, Failures},
		"mended":                 {status.Status{State: status.Finished, LastWrite: ended, LastRun: by(ended.Add(time.Second))}, Finished},
		"rows are left":          {status.Status{State: status.Unfinished, LastWrite: ended}, GoesOn},
		"files cannot be read":   {status.Status{State: status.Finished, Damaged: 1, LastWrite: ended}, Failures},
		"it crashed":             {status.Status{State: status.Unfinished, LastRun: &status.LastRun{At: ended, Status: &control.Status{}, Over: true}}, GoesOn},
		"nobody wrote it down":   {status.Status{State: status.Finished}, Finished},
		"left by a listing":      {status.Status{State: status.Finished, Generations: left(ended), LastRun: by(ended)}, Failures},
		"tried after a listing":  {status.Status{State: status.Finished, Generations: left(ended), LastRun: by(ended.Add(2 * time.Second))}, GoesOn},
		"tried, by its last row": {status.Status{State: status.Finished, Generations: left(ended), LastWrite: ended.Add(time.Minute)}, GoesOn},
	} {
		c.s.Runs = 1
		if r := RowOf("camp", e, &c.s); r.State != c.want {
			t.Errorf("%s: %s (%s), want %s", name, r.State, r.Why, c.want)
		}
	}
}

// left is a listing of which something failed that ended then.
func left(ended time.Time) []generations.Generation {
	return []generations.Generation{{Number: 2, Source: generations.Listing, Verdict: generations.Left, Failed: 1, Rows: 1, Began: ended.Add(-time.Minute), Ended: ended}}
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

// Two reasons of a bucket are two sentences, however the first one ends.
func TestReasonsAreSentences(t *testing.T) {
	now := time.Now()
	s := &status.Status{State: status.Finished, Runs: 1, Generations: []generations.Generation{{Number: 2, Rows: 4, Began: now}}}
	for _, why := range []string{"the key is disabled", "the key is disabled.", "the key is disabled..."} {
		r := RowOf("camp", &Entry{Name: "media", Made: true, Ended: NewEnding(now.Add(time.Minute), 4, why)}, s)
		if want := "the key is disabled. Its job is as it was: "; !strings.HasPrefix(r.Why, want) {
			t.Errorf("%q, want %q", r.Why, want)
		}
	}
}
