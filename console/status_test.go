package console

import (
	"strings"
	"testing"
	"time"

	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
	"reseal/verify"
)

// Where nearly all that was looked at is gone, the summaries ask for the reason.
func TestNearlyAllIsGone(t *testing.T) {
	const question = "gone: wrong bucket, report or endpoint?"
	for _, tt := range []struct {
		gone, others int64
		want         bool
	}{{0, 0, false}, {99, 0, false}, {100, 0, true}, {95, 5, true}, {50, 50, false}} {
		s := &status.Status{State: "unfinished", Skipped: map[string]int64{"gone": tt.gone, "filtered": 1000}, Done: tt.others / 2, Failed: tt.others - tt.others/2}
		v := &verify.Verification{Tally: verify.Tally{Looked: tt.gone + tt.others, Verdicts: map[verify.Verdict]int64{verify.Gone: tt.gone, verify.Proven: tt.others}}}
		for name, text := range map[string]func(*strings.Builder) error{
			"status": func(b *strings.Builder) error { return Status(b, s, Step{}, time.Now()) },
			"verify": func(b *strings.Builder) error { return Verification(b, v) },
		} {
			var b strings.Builder
			if err := text(&b); err != nil || strings.Contains(b.String(), question) != tt.want {
				t.Errorf("%s, %d gone and %d not: %v, %q; want the question: %v", name, tt.gone, tt.others, err, b.String(), tt.want)
			}
		}
	}
}

func TestFiguresSayWhatTheyAre(t *testing.T) {
	s := &status.Status{State: "unfinished", Requests: 100, KMSCalls: 30, Done: 7, CutOff: 2, Are: job.Accuracy{Done: job.AtLeast, Requests: job.AtLeast, KMSCalls: job.AtMost, Spent: job.AtMost}}
	var out strings.Builder
	if err := Status(&out, s, Step{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"at least 7 objects", "at least 100 to S3; at most 30 by S3 to KMS", "2 runs were cut off: what they sent last is not counted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("status lacks %q:\n%s", want, out.String())
		}
	}
}

// What was set aside for a run that was cut off is told apart from what the plan said.
func TestStatusTellsCutOffApart(t *testing.T) {
	var out strings.Builder
	s := &status.Status{State: "finished", Spent: 5 * cost.Cent, Estimated: &cost.Span{Expected: 2 * cost.Cent, Max: 3 * cost.Cent}, Prices: "list prices", SpentCutOff: 3 * cost.Cent}
	if err := Status(&out, s, Step{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Spent        at most $0.05; the plan expected $0.02, at most $0.03\n             list prices\n", "above the plan: at most $0.03 of it is set aside for what a run"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("status lacks %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	s.State, s.Spent, s.Estimated = "unfinished", 1, &cost.Span{Expected: 1, Max: 2}
	if _ = Status(&out, s, Step{}, time.Now()); !strings.Contains(out.String(), "less than $0.01 so far; the plan expected less than $0.01\n             list prices\n") {
		t.Errorf("status of small amounts:\n%s", out.String())
	}
}
