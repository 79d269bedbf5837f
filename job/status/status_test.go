package status

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/verify"
)

// A job that is only made can be read without a lock, and is to be begun.
func TestReadOfAJobThatNobodyBegan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	store, err := job.Opener{}.Create(t.Context(), dir, job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test")) // reading waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	made := &job.Plan{Frozen: plan.Frozen{Options: plan.Options{Bucket: "b"}}, Segments: make([]inventory.Segment, 3)}
	s, err := Read(t.Context(), store, made, job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Job != dir || s.State != NotBegun || s.Files != 3 || s.Bucket != "b" || s.Done != 0 || s.Run != nil || s.LastRun != nil {
		t.Errorf("%+v", s)
	}
	if s.Holder == nil || s.Holder.State != job.ShareRunning {
		t.Errorf("held by %+v, want this process", s.Holder)
	}
	if next, _ := s.Next(job.Share{}); next != Watch {
		t.Errorf("next: %d, want to watch, as somebody holds it", next)
	}
	s.Holder = nil
	if next, _ := s.Next(job.Share{}); next != Begin {
		t.Errorf("next: %d, want to begin", next)
	}
}

// The totals of a job come from its counters; what has no counter is zero, and what
// nobody counted is null.
func TestNew(t *testing.T) {
	made := &job.Plan{Segments: make([]inventory.Segment, 1)}
	totals := checkpoint.Totals{Done: 9, Failed: 1, Finished: 1, Counters: map[string]int64{
		job.CounterDone + "copy": 4, job.CounterDone + "update": 2, job.CounterSkipped + "gone": 3, job.CounterImported: 2, job.CounterBytes: 70,
	}}
	s := New("j", made, totals, job.History{})
	if s.State != NotBegun || s.Done != 6 || s.Skipped["gone"] != 3 || s.Imported != 2 || s.Bytes != 70 || s.Settled != 10 {
		t.Errorf("%+v", s)
	}
	totals.Written = time.Unix(1, 0)
	if s = New("j", made, totals, job.History{}); s.State != Finished || s.Are.Done != job.Exact {
		t.Errorf("after the last row: %+v", s)
	}
}

// What the canary found stops the next run where it is a loss, and names what must be
// accepted, unless something among it cannot be.
func TestNextAfterTheCanary(t *testing.T) {
	kind := func(v canary.Verdict, a plan.Attribute) *canary.Table {
		return &canary.Table{Kinds: []canary.Kind{{Verdict: v, Doubts: []canary.Doubt{{Key: "k", Differences: []plan.Difference{{Attribute: a}}}}}}}
	}
	loss := plan.Losses()[0]
	for _, tt := range []struct {
		name   string
		s      Status
		want   Next
		accept []plan.Attribute
	}{
		{"a loss", Status{State: Unfinished, Canary: kind(canary.Lost, loss)}, LookAtLoss, []plan.Attribute{loss}},
		{"a loss that nobody may accept", Status{State: Unfinished, Canary: kind(canary.Lost, "nothing we know")}, LookAtLoss, nil},
		{"a doubt", Status{State: Finished, Failed: 1, Canary: kind(canary.InDoubt, loss)}, LookAtDoubt, nil},
		{"a doubt and a failure", Status{State: Finished, Failed: 2, Canary: kind(canary.InDoubt, loss)}, Retry, nil},
		{"a doubt in the midst", Status{State: Unfinished, Failed: 1, Canary: kind(canary.InDoubt, loss)}, Resume, nil},
		{"a failure in the midst", Status{State: Unfinished, Failed: 1}, ResumeRetry, nil},
		{"all done", Status{State: Finished}, Verify, nil},
	} {
		next, share := tt.s.Next(job.Share{})
		accept, _ := tt.s.Lost()
		if next != tt.want || share != "" || !slices.Equal(accept, tt.accept) {
			t.Errorf("%s: %d %q %q, want %d and %q", tt.name, next, share, accept, tt.want, tt.accept)
		}
	}
}

// Once all is done, a verification of the job as it is now is followed by a report,
// unless it found something; one of an earlier state does not count.
func TestNextAfterAVerification(t *testing.T) {
	at := time.Unix(1000, 0)
	note := func(v verify.Verdict, of time.Time) *verify.Note {
		return &verify.Note{At: at, Written: of, Tally: verify.Tally{Rows: 1, Looked: 1, Sampled: 1, Verdicts: map[verify.Verdict]int64{v: 1}}}
	}
	empty := note(verify.LeftAlone, at)
	empty.Unsampled, empty.Sampled = 10, 0
	untold := func(allowed ...verify.Verdict) *verify.Note {
		n := note(verify.Proven, at)
		n.Uncompared, n.Allowed = 1, allowed
		return n
	}
	both := untold(verify.NotCompared, verify.NotDone)
	both.Verdicts[verify.NotDone] = 1
	for name, tt := range map[string]struct {
		s    Status
		want Next
	}{
		"not compared":              {Status{State: Finished, Verified: untold()}, AllowUntold},
		"not compared, and allowed": {Status{State: Finished, Verified: untold(verify.NotCompared)}, MakeReport},
		"work left, and allowed":    {Status{State: Finished, Verified: both}, VerifyAgain},
		"not compared in a later":   {Status{State: Finished, Verified: note(verify.Proven, at), Proof: Untold}, AllowUntold},
		"none":                      {Status{State: Finished}, Verify},
		"fine":                      {Status{State: Finished, Verified: note(verify.Proven, at)}, MakeReport},
		"wrong":                     {Status{State: Finished, Verified: note(verify.LostAttribute, at)}, VerifyAgain},
		"open":                      {Status{State: Finished, Verified: note(verify.NotDone, at)}, VerifyAgain},
		"proves nothing":            {Status{State: Finished, Verified: empty}, VerifyAgain},
		"of earlier":                {Status{State: Finished, Verified: note(verify.Proven, at.Add(-time.Second))}, Verify},
		"failed objects":            {Status{State: Finished, Failed: 1, Verified: note(verify.NotDone, at)}, Retry},
		"before all is done":        {Status{State: Unfinished, Verified: note(verify.Proven, at)}, Resume},
	} {
		tt.s.LastWrite = at
		if next, _ := tt.s.Next(job.Share{}); next != tt.want {
			t.Errorf("%s: %d, want %d", name, next, tt.want)
		}
	}
}

// The claims of a report hold as far as something was looked at, and no further.
func TestProofs(t *testing.T) {
	rows := int64(10)
	for _, tt := range []struct {
		name             string
		s                Status
		under, accounted plan.Answer
	}{
		{"all", Status{State: Finished, KMSKeyID: "k", Rows: &rows, Settled: 10}, plan.Yes, plan.Yes},
		{"a row too few", Status{State: Finished, Rows: &rows, Settled: 9}, plan.Yes, plan.No},
		{"in the midst", Status{State: Unfinished, Rows: &rows, Settled: 9}, plan.Yes, plan.Unknown},
		{"an unreadable file", Status{State: Finished, Damaged: 1, Settled: 9}, plan.Yes, plan.No},
		{"imported", Status{State: Finished, Rows: &rows, Settled: 10, Imported: 1}, plan.Unknown, plan.Yes},
		{"unconfirmed", Status{State: Finished, Rows: &rows, Settled: 10, Unconfirmed: 1}, plan.Unknown, plan.Yes},
	} {
		if p := tt.s.proofs(); p[0].Holds != tt.under || p[1].Holds != tt.accounted {
			t.Errorf("%s: %+v, want %v and %v", tt.name, p, tt.under, tt.accounted)
		}
	}
}
