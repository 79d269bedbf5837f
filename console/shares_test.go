package console

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/job"
	"reseal/job/status"
)

// Each share is told apart: not begun, running, silent for too long, ended, finished,
// empty. What is to be typed next takes up the first that has something left and that
// nobody works on, whatever the exit code of its last run was.
func TestStatusOfShares(t *testing.T) {
	now := time.Now()
	none, two, four, zero := 0, 2, 4, 0
	shares := []job.ShareStatus{
		{Share: "0/6", State: job.ShareRunning, User: "ada", Host: "h0", PID: 1, Settled: 10, Rate: 5, Segments: &two},
		{Share: "1/6", State: job.ShareFinished, User: "ada", Host: "h1", PID: 2, Settled: 20, Failed: 3, Segments: &two, Finished: 2, ExitCode: &four},
		{Share: "2/6", State: job.ShareEmpty, Segments: &none},
		{Share: "3/6", State: job.ShareDead, User: "ada", Host: "h2", PID: 3, Settled: 7, LastSeen: now.Add(-time.Hour), Segments: &two, Finished: 1},
		{Share: "4/6", State: job.ShareEnded, User: "ada", Host: "h3", PID: 4, ExitCode: &zero, Segments: &two},
		{Share: "5/6", State: job.ShareNotBegun, Segments: &two},
	}
	for i, want := range []string{
		"0/6 running, 10 rows settled, 5/s (ada on h0, process 1)", "1/6 finished, 20 rows settled, 3 failed (ada on h1, process 2)", "2/6 empty",
		"3/6 dead, 7 rows settled, silent for 1h", "4/6 ended with exit code 0, 0 rows settled", "5/6 not begun",
	} {
		if got := shareLine(&shares[i], now); !strings.Contains(got, want) {
			t.Errorf("%q, want %q in it", got, want)
		}
	}
	s := &status.Status{Job: "s3://b/j", State: "unfinished", Failed: 3, Shares: shares}
	for _, want := range []string{"reseal run s3://b/j --shard 3/6", "reseal run s3://b/j --shard 4/6", "reseal run s3://b/j --shard 5/6", "reseal status s3://b/j --watch"} {
		got := NextStep(s, job.Share{}).Command
		if got != want {
			t.Errorf("next: %q, want %q", got, want)
		}
		if i := slices.IndexFunc(shares, func(o job.ShareStatus) bool { return strings.HasSuffix(got, o.Share) }); i >= 0 {
			shares[i].State = job.ShareRunning
		}
	}
	for part, want := range map[int]string{0: "reseal status s3://b/j --watch", 1: "reseal retry-failed s3://b/j --shard 1/6", 2: "reseal verify s3://b/j"} {
		if got := NextStep(s, job.Share{Index: part, Count: 6}).Command; got != want {
			t.Errorf("next of share %d: %q, want %q", part, got, want)
		}
	}
	s.Shares, s.State = shares[1:3], "finished"
	if got := NextStep(s, job.Share{}).Command; got != "reseal retry-failed s3://b/j" {
		t.Errorf("next of a finished job: %q", got)
	}
}
