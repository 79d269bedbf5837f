package untilclean

import (
	"errors"
	"strings"
	"testing"

	"reseal/cost"
	"reseal/job"
	"reseal/job/generations"
	"reseal/migrate"
	"reseal/preflight"
)

// A run of a generation is one of that generation with the plan that the job was told of;
// a run of a job is not one of a generation.
func TestLaterIsTheGenerationThatIsMeant(t *testing.T) {
	link := job.Generation{Of: strings.Repeat("a", 64), Number: 2}
	made := &job.Plan{Generation: &link}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	other := job.Generation{Of: link.Of, Number: 3}
	for _, tt := range []struct {
		name  string
		later *Later
		plan  *job.Plan // of the job that is there, nil for none
		fails any       // nil for no error
	}{
		{"not made yet", &Later{Link: link}, nil, nil},
		{"gone", &Later{Link: link, Plan: digest}, nil, new(*generations.LinkError)},
		{"begun before", &Later{Link: link, Plan: digest}, made, nil},
		{"made, and not written down", &Later{Link: link}, made, nil},
		{"another plan", &Later{Link: link, Plan: strings.Repeat("b", 64)}, made, new(*generations.LinkError)},
		{"another generation", &Later{Link: other}, made, new(*generations.LinkError)},
		{"no generation", &Later{Link: link}, &job.Plan{}, new(*generations.LinkError)},
		{"a job that is not there", nil, nil, nil},
		{"a generation by itself", nil, made, new(*preflight.RefusedError)},
	} {
		err := tt.later.Check(t.Context(), &migrate.Claim{Name: "job", Plan: tt.plan, Found: tt.plan != nil})
		if (err != nil) != (tt.fails != nil) || err != nil && !errors.As(err, tt.fails) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// What the other generations spent is taken off a limit, which never becomes none.
func TestLaterHasWhatIsLeft(t *testing.T) {
	var whole *Later
	if got := whole.Left(100); got != 100 {
		t.Errorf("of a job: %d", got)
	}
	for spent, want := range map[cost.Money]cost.Money{0: 100, 40: 60, 100: 1, 200: 1} {
		if got := (&Later{Spent: spent}).Left(100); got != want {
			t.Errorf("%d spent of 100: %d, want %d", spent, got, want)
		}
	}
}
