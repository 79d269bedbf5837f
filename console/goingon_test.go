package console

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
	"reseal/job/verification"
	"reseal/ratelimit"
)

// What a run goes on with is said of what is known: how many there are, and how many failed.
func TestGoingOn(t *testing.T) {
	t0, failed := checkpoint.Totals{Counters: map[string]int64{job.CounterDone + "copy": 5}}, checkpoint.Totals{Failed: 2, Counters: map[string]int64{job.CounterDone + "copy": 5}}
	for want, got := range map[string]string{
		"Going on with job j: 5 of 9 objects done, 4 left":                            GoingOn("j", 9, t0),
		"Going on with job j: 5 of 9 objects done, 2 failed, 2 left":                  GoingOn("j", 9, failed),
		"Going on with job j: 5 objects done, 2 failed":                               GoingOn("j", job.Unknown, failed),
		"Going on with job j: 5 of 3 objects done, 0 left":                            GoingOn("j", 3, t0),
		"Job j is finished: there is nothing left to do.":                             NothingLeft("j", t0),
		"Job j is finished, but for the 2 objects that failed: reseal retry-failed j": NothingLeft("j", failed),
		"Trying again the 2 objects of job j that failed":                             TryingAgain("j", 9, failed),
		"Nothing failed in job j: there is nothing to try again.":                     NothingFailed("j", t0),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A watched job is a line in a log; on a terminal it fits the screen, and no name in it
// can draw.
func TestWatched(t *testing.T) {
	s := &status.Status{Job: "j\x1b[2J", State: status.Unfinished, Damages: []string{"a", "b", "c", "d", "e", "f"}}
	now := time.Unix(1e9, 0)
	var out bytes.Buffer
	if err := Watched(&out, s, job.Share{}, now); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("in a log: %q, %v", &out, err)
	}
	for rows, more := range map[int]bool{6: true, 60: false} {
		text, err := frame(s, job.Share{}, now, 80, rows)
		if err != nil || strings.Contains(text, "\x1b[2J") || !strings.HasPrefix(text, "\x1b[H") || strings.Count(text, "\n") >= rows || strings.Contains(text, "without --watch") != more {
			t.Errorf("on %d rows: %q, %v", rows, text, err)
		}
	}
}

// The cap of a verification is the user's, or half of the Region's quota.
func TestVerifyCap(t *testing.T) {
	live := &verification.Live{Rows: 5, Seen: new(atomic.Int64), Region: "eu-west-1", Pace: func() (s ratelimit.Status) { s.KMS.Cap = 7; return s }}
	if c := VerifyCap(live, 7); c.KMS != 7 || c.Source != "--kms-rps" {
		t.Errorf("%+v", c)
	}
	if c := VerifyCap(live, 0); c.KMS != 7 || !strings.HasSuffix(c.Source, "in eu-west-1") || !strings.HasPrefix(c.Source, "half of the default quota of ") {
		t.Errorf("%+v", c)
	}
	p := VerifyProgress(terminal.NewScreen(new(bytes.Buffer)), true, live)
	if _, priced := p.Spent(); priced || p.Status().KMS.Cap != 7 {
		t.Errorf("priced: %v, cap %v", priced, p.Status().KMS.Cap)
	}
}
