package console

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
)

// surveyOf is the survey of a report with these keys, of which so many pass the filters.
func surveyOf(o *plan.Options, passing int, keys ...string) *migrate.Survey {
	s := &migrate.Survey{Rows: int64(len(keys)), Tally: cost.NewTally(time.Unix(0, 0)), Filters: plan.NewFilterUse(o)}
	for i, key := range keys {
		r := inventory.Record{Key: key}
		s.Filters.See(&r)
		t := plan.Task{Record: r, Action: plan.Copy}
		if i >= passing {
			t.Action, t.Reason = plan.Skip, plan.Filtered
		}
		s.Tally.Add(&t)
	}
	return s
}

// A filter that matches no row is named, with what is there in its place; where a file of
// the report could not be read, its rows may match.
func TestUnusedFilters(t *testing.T) {
	keys := []string{"photos/a.jpg", "video/b.mp4", "top"}
	for _, tt := range []struct {
		o       plan.Options
		passing int
		want    []string // in the error; nil for none
	}{
		{plan.Options{}, 3, nil},
		{plan.Options{Prefixes: []string{"photos/"}, IncludeGlobs: []string{"*.jpg"}}, 1, nil},
		{plan.Options{Prefixes: []string{"photo/"}}, 0, []string{"nothing was done: ", `--prefix "photo/": no key of the report begins with it; there are "photos/", "video/"`}},
		{plan.Options{Prefixes: []string{"photos/"}, IncludeGlobs: []string{"*.png"}}, 0, []string{`--include "*.png": no key of the report is like it`}},
		{plan.Options{MinSize: 1}, 0, []string{"none of the 3 rows of the report passes the filters"}},
	} {
		s := surveyOf(&tt.o, tt.passing, keys...)
		err := UnusedFilters(s)
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%+v: %v", tt.o, err)
		}
		for _, w := range tt.want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: no %q in\n%v", tt.o, w, err)
			}
		}
		s.Damage = []error{errors.New("a file is gone")}
		if err := UnusedFilters(s); err != nil {
			t.Errorf("%+v, of half a report: %v", tt.o, err)
		}
	}
	many := surveyOf(&plan.Options{Prefixes: []string{"z/"}}, 0, "a/1", "b/1", "c/1", "d/1", "e/1", "f/1", "g/1")
	if err := UnusedFilters(many); err == nil || !strings.HasSuffix(err.Error(), " and 2 more") {
		t.Errorf("%v", err)
	}
}

// Tags that no object had are named at the end of a job that did nothing, and else not.
func TestUntagged(t *testing.T) {
	filtered := map[string]int64{job.CounterSkipped + string(plan.Filtered): 5}
	done := map[string]int64{job.CounterSkipped + string(plan.Filtered): 5, job.CounterDone + "copy": 1}
	for _, tt := range []struct {
		tags   []string
		totals checkpoint.Totals
		want   string
	}{
		{[]string{"team=a", "keep"}, checkpoint.Totals{Counters: filtered}, "note: no object that was left to re-encrypt has --tag \"team=a\" and --tag \"keep\"; case matters in tags\n"},
		{nil, checkpoint.Totals{Counters: filtered}, ""},
		{[]string{"keep"}, checkpoint.Totals{}, ""},
		{[]string{"keep"}, checkpoint.Totals{Counters: done}, ""},
		{[]string{"keep"}, checkpoint.Totals{Counters: filtered, Failed: 1}, ""},
	} {
		var out bytes.Buffer
		Untagged(&out, &job.Plan{Frozen: plan.Frozen{Options: plan.Options{Tags: tt.tags}}}, tt.totals)
		if out.String() != tt.want {
			t.Errorf("%q, %+v: %q", tt.tags, tt.totals, &out)
		}
	}
}
