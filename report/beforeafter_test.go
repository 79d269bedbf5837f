package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// encrypted is a tally of objects: so many to be done of each encryption, and so many
// left alone.
func encrypted(todo, left map[inventory.Encryption]int) *cost.Tally {
	t := cost.NewTally(evaluated)
	add := func(how inventory.Encryption, n int, action plan.Action) {
		for range n {
			task := plan.Task{Action: action, FromKMS: how == inventory.SSEKMS}
			if action == plan.Skip {
				task.Reason = plan.Archived
			}
			task.Record = inventory.Record{Key: "k", Size: 1, Encryption: how}
			t.Add(&task)
		}
	}
	for how, n := range todo {
		add(how, n, plan.Copy)
	}
	for how, n := range left {
		add(how, n, plan.Skip)
	}
	return t
}

func TestBeforeAndAfter(t *testing.T) {
	type by = map[inventory.Encryption]int
	for name, tt := range map[string]struct {
		todo, left by
		done       int64
		sse        string
		want       string
	}{
		"all done":        {by{inventory.SSES3: 9}, by{inventory.SSES3: 2, inventory.SSEKMS: 3}, 9, plan.TargetKMS, "SSE-KMS 3>3, SSE-S3 11>2, " + underTheKey + " ->9"},
		"one kind failed": {by{inventory.SSES3: 9}, by{inventory.SSEKMS: 3}, 7, plan.TargetKMS, "SSE-KMS 3>3, SSE-S3 9>2, " + underTheKey + " ->7"},
		"some of two kinds failed": {by{inventory.SSES3: 9, inventory.NotSSE: 1}, by{inventory.NotSSE: 4}, 7, plan.TargetKMS,
			"NOT-SSE 5>4, SSE-S3 9>0, " + asBefore + " ->3, " + underTheKey + " ->7"},
		"not known before": {by{inventory.EncryptionUnknown: 5}, nil, 5, plan.TargetKMS, "unknown 5>0, " + underTheKey + " ->5"},
		"another key":      {by{inventory.SSEKMS: 5}, by{inventory.SSEKMS: 1}, 4, plan.TargetKMS, "SSE-KMS 6>2, " + underTheKey + " ->4"},
		"back":             {by{inventory.SSEKMS: 5}, nil, 5, plan.TargetAES256, "SSE-KMS 5>0, " + toSSES3 + " ->5"},
		"nothing to do":    {nil, by{inventory.SSEKMS: 5}, 0, plan.TargetKMS, "SSE-KMS 5>5, " + underTheKey + " ->0"},
	} {
		v := &Run{Tally: encrypted(tt.todo, tt.left), Totals: Totals{Done: tt.done}}
		v.Job.Options.SSE = tt.sse
		var got []string
		for _, c := range v.changes() {
			got = append(got, fmt.Sprintf("%s %s>%d", c.name, orDash(c.before), c.after))
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), tt.want)
		}
	}
}

// A finished report does not show the encryption of before as if nothing had happened.
func TestReportShowsWhatVerifySaw(t *testing.T) {
	v := sampleRun()
	var page bytes.Buffer
	if err := WriteRunHTML(&page, v); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "verify saw") || strings.Contains(page.String(), ">By encryption<") {
		t.Error("a sample speaks for all, or the encryption of before stands alone")
	}
	v.Verified.Unsampled, v.Verified.UnderKey = 0, 4807
	page.Reset()
	if err := WriteRunHTML(&page, v); err != nil {
		t.Fatal(err)
	}
	if p := page.String(); !strings.Contains(p, `data-label="verify saw">4,807<`) || !strings.Contains(p, "nothing is estimated") {
		t.Error("what verify saw of all objects is missing")
	}
}

func TestWhatASampleProves(t *testing.T) {
	for _, tt := range []struct {
		d    Verified
		want string
	}{
		{Verified{Rows: 10, Looked: 10}, "Every row of the report has a verdict: nothing is estimated."},
		{Verified{Unsampled: 20, DrawnFrom: 20}, "The sample took none of the 20 objects that have to be looked at: it proves nothing. A larger --sample does."},
		{Verified{Unsampled: 1801, Sampled: 199, DrawnFrom: 2000, Bound: 0.01494}, "The sample is 199 of 2,000 objects, drawn at random. 0 of them are not as promised: with 95 % confidence at most 1.5 % of all are, which is 30 objects."},
		{Verified{Unsampled: 9e8, Sampled: 1e6, DrawnFrom: 1e9, Wrong: 1, Bound: 0.00000474}, "The sample is 1,000,000 of 1,000,000,000 objects, drawn at random. 1 of them is not as promised: with 95 % confidence at most 0.00048 % of all are, which is 4,740 objects."},
	} {
		if got := tt.d.proves(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// Each hazard that was accepted is named once, with what it is and the first who did.
func TestAcceptedHazards(t *testing.T) {
	at := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	v := &Run{History: []JobRun{
		{Started: at, User: "ann", Host: "h", PID: 1, Accepted: []string{"versioned"}},
		{Started: at.Add(time.Hour), User: "bob", Host: "h", PID: 2, Caller: "arn:x", Accepted: []string{"drops-expires", "versioned"}},
	}}
	got := v.acceptances()
	if len(got) != 2 || got[0].name != "versioned" || got[0].who != "ann on h, process 1" || got[0].when != Time(at) || got[0].what == "" ||
		got[1].name != "drops-expires" || got[1].who != "arn:x (bob on h, process 2)" || got[1].what != "copies may lose the attribute expires" {
		t.Errorf("%+v", got)
	}
}

func TestRunAnswer(t *testing.T) {
	for _, tt := range []struct {
		totals Totals
		want   string
	}{
		{Totals{Rows: 10, Done: 7, Skipped: 3}, "All 7 objects that had to be re-encrypted are under the key; 3 rows left alone."},
		{Totals{Rows: 10, Done: 5, Skipped: 3, Failed: 2}, "5 of 7 objects that had to be re-encrypted are under the key; 2 failed; 3 rows left alone."},
		{Totals{Rows: 10, Done: 5, Left: 4, Deferred: 1}, "5 of 10 objects that had to be re-encrypted are under the key; 5 not done yet."},
		{Totals{Rows: 3, Skipped: 3}, "No object had to be re-encrypted; 3 rows left alone."},
		{Totals{Rows: 1, Done: 1}, "The object that had to be re-encrypted is under the key."},
	} {
		v := &Run{Totals: tt.totals}
		v.Job.Options.SSE = plan.TargetKMS
		if got, want := runAnswer(v), tt.want+" reseal verify has not looked at the objects again."; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
