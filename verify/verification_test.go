package verify

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// What a verification comes to is the worst of its verdicts, those aside that are
// allowed. Where nothing was drawn from those that must be looked at, it proves
// nothing; where nothing was done, work is left.
func TestResult(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    Verification
		want Grade
	}{
		{"all proven", Verification{Tally: Tally{Verdicts: map[Verdict]int64{Proven: 3}}}, Fine},
		{"one lost something", Verification{Tally: Tally{Verdicts: map[Verdict]int64{Proven: 3, LostAttribute: 1}}}, Wrong},
		{"which is allowed", Verification{Allowed: []Verdict{LostAttribute}, Tally: Tally{Verdicts: map[Verdict]int64{Proven: 3, LostAttribute: 1}}}, Fine},
		{"one is left", Verification{Tally: Tally{Verdicts: map[Verdict]int64{Proven: 3, NotDone: 1}}}, Open},
		{"never begun", Verification{NeverBegan: true}, Open},
		{"a sample of nothing", Verification{Tally: Tally{Unsampled: 280}}, Wrong},
	} {
		if got := tt.v.Result(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What an earlier generation did not do counts until a look says what became of it.
func TestResultOfAnEarlierGeneration(t *testing.T) {
	t.Parallel()
	done := &Verification{Tally: Tally{Verdicts: map[Verdict]int64{Proven: 1}}}
	for verdict, want := range map[Verdict]Grade{NotDone: Open, LostAttribute: Wrong, ChangedUnderKey: Fine, Gone: Fine} {
		v := &Verification{Tally: Tally{Verdicts: map[Verdict]int64{verdict: 2, Proven: 1}}}
		if got := Worst([]*Verification{v, done}); got != want {
			t.Errorf("%s: %s, want %s", verdict, got, want)
		}
	}
}

// What nobody should sign is listed, up to a bound; what was not reached is counted only.
func TestDifferencesAreBounded(t *testing.T) {
	v := new(Verification)
	task := &plan.Task{Record: inventory.Record{Key: "k"}}
	v.List(&Finding{Task: *task, Verdict: Proven})
	v.List(&Finding{Task: *task, Verdict: NotDone})
	if len(v.Differences) != 0 {
		t.Fatalf("%+v", v.Differences)
	}
	v.List(&Finding{Task: *task, Verdict: NotDone, Reason: "failed-for-it"})
	for range mostDifferences {
		v.List(&Finding{Task: *task, Verdict: LostAttribute, Why: "tags"})
	}
	if n := len(v.Differences); n != mostDifferences || v.Differences[0].Reason != "failed-for-it" || v.Differences[1].Why != "tags" {
		t.Errorf("%d differences, the first %+v", n, v.Differences[0])
	}
}

// The proofs of a report follow from the note, and say where the job went on since.
func TestProofsOfANote(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name        string
		n           *Note
		kept, again plan.Answer
	}{
		{"none", nil, plan.Unknown, plan.Unknown},
		{"all proven", &Note{Written: at, Tally: Tally{Compared: 2, Verdicts: map[Verdict]int64{Proven: 2}}}, plan.Yes, plan.Yes},
		{"nothing remembered", &Note{Written: at, Tally: Tally{Verdicts: map[Verdict]int64{Proven: 2}}}, plan.Unknown, plan.Yes},
		{"a loss", &Note{Written: at, Tally: Tally{Compared: 2, Verdicts: map[Verdict]int64{Proven: 1, LostAttribute: 1}}}, plan.No, plan.No},
		{"an accepted loss", &Note{Written: at, Tally: Tally{Compared: 2, Verdicts: map[Verdict]int64{Proven: 2}, Accepted: map[plan.Attribute]int64{plan.Tags: 1}}}, plan.No, plan.Yes},
		{"one not seen", &Note{Written: at, Tally: Tally{Compared: 2, Verdicts: map[Verdict]int64{Proven: 1, CouldNotLook: 1}}}, plan.Unknown, plan.No},
		{"an empty sample", &Note{Written: at, Tally: Tally{Unsampled: 5, Verdicts: map[Verdict]int64{}}}, plan.Unknown, plan.Unknown},
	} {
		p := tt.n.Proofs(at)
		if len(p) != 2 || p[0].Holds != tt.kept || p[1].Holds != tt.again {
			t.Errorf("%s: %+v, want %v and %v", tt.name, p, tt.kept, tt.again)
		}
		const since = "; the job went on since"
		for _, later := range tt.n.Proofs(at.Add(time.Second)) {
			if said := len(later.Evidence) > len(since) && later.Evidence[len(later.Evidence)-len(since):] == since; said != (later.Holds != plan.Unknown) {
				t.Errorf("%s: %q of a job that went on", tt.name, later.Evidence)
			}
		}
	}
}
