package main

import (
	"strings"
	"testing"
	"time"

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
			"status": func(b *strings.Builder) error { return printStatus(b, s, step{}, time.Now()) },
			"verify": func(b *strings.Builder) error { return printVerification(b, v) },
		} {
			var b strings.Builder
			if err := text(&b); err != nil || strings.Contains(b.String(), question) != tt.want {
				t.Errorf("%s, %d gone and %d not: %v, %q; want the question: %v", name, tt.gone, tt.others, err, b.String(), tt.want)
			}
		}
	}
}
