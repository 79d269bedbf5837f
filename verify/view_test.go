package verify

import (
	"reflect"
	"testing"
	"time"

	"reseal/report"
)

// What a report shows of a verification is what its note has: verdicts that some row
// has, in order, with what they mean; a bound for a sample only.
func TestNoteView(t *testing.T) {
	at := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	if (*Note)(nil).View(at) != nil {
		t.Error("a view of no note")
	}
	n := &Note{At: at, Written: at, Sample: "100%", Tally: Tally{Rows: 9, Looked: 7, Sampled: 7, Wrong: 1,
		Verdicts: map[Verdict]int64{NeverUnderKey: 1, LeftAlone: 2, NotDone: 1, Proven: 4, ChangedUnderKey: 1, Gone: 0}}}
	v := n.View(at)
	want := []report.VerdictCount{{Verdict: "proven", Grade: "fine", Rows: 4}, {Verdict: "left-alone", Grade: "fine", Rows: 2},
		{Verdict: "changed-since-under-key", Grade: "fine", Rows: 1}, {Verdict: "not-done", Grade: "open", Rows: 1}, {Verdict: "never-under-key", Grade: "wrong", Rows: 1}}
	if !reflect.DeepEqual(v.Verdicts, want) || v.UnderKey != 5 || v.Grade != "wrong" || v.Older || v.Bound != 0 {
		t.Errorf("%+v", v)
	}
	n.Unsampled, n.Verdicts = 93, map[Verdict]int64{Proven: 7}
	if v = n.View(at.Add(time.Second)); v.DrawnFrom != 100 || v.Bound != UpperBound(1, 7) || v.Grade != "fine" || !v.Older {
		t.Errorf("a sample: %+v", v)
	}
	n.Uncompared = 2
	if v = n.View(at); v.Grade != "open" || v.Untold != 2 {
		t.Errorf("objects that nothing was compared of: %+v", v)
	}
	if n.Whole = true; n.View(at).Untold != 0 {
		t.Error("a write of AWS is whole or nothing")
	}
}

// A look before the job had begun is no failure of the job: reports say that it has not
// begun, or that nobody looked since.
func TestNoteOfAJobNotBegun(t *testing.T) {
	at := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	n := &Note{At: at, Sample: "100%", Tally: Tally{Rows: 3, Verdicts: map[Verdict]int64{NotDone: 3}}}
	for _, tt := range []struct {
		lastWrite time.Time
		evidence  string
	}{{time.Time{}, "the job has not begun"}, {at.Add(time.Hour), "reseal verify looked before the job had begun"}} {
		if p := n.Proofs(tt.lastWrite)[1]; p.Result() != "not yet" || p.Evidence != tt.evidence {
			t.Errorf("last write %v: %s, %+v", tt.lastWrite, p.Result(), p)
		}
		if v := n.View(tt.lastWrite); !v.Early || v.Older == tt.lastWrite.IsZero() {
			t.Errorf("last write %v: %+v", tt.lastWrite, v)
		}
	}
}
