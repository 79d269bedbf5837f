package console

import (
	"errors"
	"os"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/signals"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/preflight"
)

// What ends a run says what is recorded, and what goes on.
func TestWordsOfARunsEnd(t *testing.T) {
	lossy := &engine.LossError{}
	for _, tt := range []struct {
		name   string
		err    error
		whole  string
		failed int64
		want   string // at the end; "" for the error as it is
	}{
		{"a limit", &engine.StopError{Limit: "--limit 1"}, "", 0, "; everything done is recorded, the same command goes on"},
		{"a limit, with failures", &engine.StopError{Limit: "--limit 1"}, "", 2, "the same command goes on, and reseal retry-failed tries the 2 objects that failed"},
		{"a limit, with failures of a generation", &engine.StopError{Limit: "--limit 1"}, "./job", 1, "the same command goes on, and the 1 object that failed, too"},
		{"a signal", &signals.Error{Signal: os.Interrupt}, "", 0, "everything done is recorded, the same command goes on"},
		{"too many failures", &engine.BreakerError{Err: errors.New("x")}, "", 0, "once that is mended, the same command goes on"},
		{"an outage", &inventory.OutageError{Err: errors.New("x")}, "", 0, "once it answers again, the same command goes on"},
		{"what was not recorded", &engine.UnrecordedError{Err: errors.New("x")}, "", 0, "the same command finds out about the rest"},
		{"a loss that the canary told", &preflight.RefusedError{Err: lossy}, "", 0, ""},
		{"another error", errors.New("x"), "", 1, ""},
	} {
		e := &RunEnd{Job: "./job", Whole: tt.whole, Plan: &job.Plan{}, Outcome: &migrate.Outcome{Totals: checkpoint.Totals{Failed: tt.failed}}}
		got := e.Words(tt.err)
		if !errors.Is(got, tt.err) || !strings.HasSuffix(got.Error(), tt.want) || (tt.want == "") != (got == tt.err) {
			t.Errorf("%s: %v\nwant at its end %q", tt.name, got, tt.want)
		}
	}
}

// Failed objects are tried again by the whole job, where the run was of a generation of it.
func TestRetryOfARun(t *testing.T) {
	for _, tt := range []struct {
		whole  string
		again  bool
		failed int64
		want   string
	}{
		{"", false, 0, ""},
		{"", false, 1, "reseal retry-failed ./job"},
		{"", true, 1, ""},
		{"./whole", false, 1, "reseal run ./whole --until-clean"},
	} {
		e := &RunEnd{Job: "./job", Whole: tt.whole, Again: tt.again, Outcome: &migrate.Outcome{Totals: checkpoint.Totals{Failed: tt.failed}}}
		if got := e.Retry(); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
