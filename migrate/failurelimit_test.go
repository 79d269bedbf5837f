package migrate

import (
	"testing"

	"reseal/engine"
	"reseal/job"
)

func TestFailureLimit(t *testing.T) {
	one, tenth, all, five, none := FailureLimit{Share: 0.01}, FailureLimit{Share: 0.001}, FailureLimit{Share: 1}, FailureLimit{Count: 5}, FailureLimit{}
	for _, tt := range []struct {
		limit             FailureLimit
		attempted, failed int64
		want              bool
	}{
		{one, 1, 1, false},
		{one, enoughAttempts - 1, enoughAttempts - 1, false},
		{one, enoughAttempts, 1, false},
		{one, enoughAttempts, 2, true},
		{one, 10_000, 99, false},
		{one, 10_000, 100, true},
		{tenth, enoughAttempts, 0, false}, // a fifth of an object
		{tenth, enoughAttempts, 1, true},
		{all, 500, 499, false},
		{five, 500, 4, false},
		{five, 5, 5, true},
		{none, 500, 500, false},
	} {
		if got := tt.limit.reached(tt.attempted, tt.failed); got != tt.want {
			t.Errorf("%+v: %d of %d failed: stop %v, want %v", tt.limit, tt.failed, tt.attempted, got, tt.want)
		}
	}
	quarter := job.Share{Index: 1, Count: 4}
	for whole, want := range map[FailureLimit]int64{none: 0, {Count: 1}: 1, {Count: 7}: 2, {Count: 8}: 2, one: 0} {
		if got := whole.Of(quarter); got.Count != want || got.Share != whole.Share {
			t.Errorf("a quarter of %+v = %+v", whole, got)
		}
	}
}

// The engine is asked nothing where there is no limit, and told which one is reached.
func TestFailureBudget(t *testing.T) {
	if (FailureLimit{Text: "0"}).Budget("") != nil {
		t.Error("no limit has a budget")
	}
	budget := FailureLimit{Text: "1", Count: 1}.Budget(", of which share 0/2 has 1")
	stats := new(engine.Stats)
	if why := budget(stats); why != "" {
		t.Errorf("nothing failed, and it stops: %q", why)
	}
	stats.Outcomes[engine.Failed].Add(1)
	if why := budget(stats); why != "--max-failures 1, of which share 0/2 has 1" {
		t.Errorf("one failed: %q", why)
	}
}
