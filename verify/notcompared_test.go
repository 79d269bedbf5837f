package verify

import "testing"

// Objects that nothing tells of what they were are as good as the endpoint's writes:
// where those are not known to be whole or nothing, somebody has to allow them.
func TestGradeOfObjectsNotCompared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n       int64
		whole   bool
		allowed []Verdict
		want    Grade
	}{
		{0, false, nil, Fine},
		{1, false, nil, Open},
		{1, true, nil, Fine},
		{1, false, []Verdict{NotCompared}, Fine},
		{1, false, []Verdict{NotDone}, Open},
	} {
		tally := Tally{Verdicts: map[Verdict]int64{Proven: 5}, Uncompared: tt.n, Whole: tt.whole}
		if got := tally.Grade(tt.allowed...); got != tt.want {
			t.Errorf("%d not compared, whole %t, allowed %v: %v, want %v", tt.n, tt.whole, tt.allowed, got, tt.want)
		}
	}
}
