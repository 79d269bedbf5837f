package verify

import "testing"

// Rows that were under the key before count as under it; those under another key do not.
func TestUnderKey(t *testing.T) {
	tally := Tally{Verdicts: map[Verdict]int64{Gone: 5, LeftAlone: 7}, OtherKeys: map[string]int64{otherKey: 3}}
	if n := tally.UnderKey(theKey); n != 0 {
		t.Errorf("%d rows under the key, want none", n)
	}
	tally.Verdicts[Proven], tally.Verdicts[ChangedUnderKey], tally.OtherKeys[theKey] = 1, 2, 4
	if n := tally.UnderKey(theKey); n != 7 {
		t.Errorf("%d rows under the key, want 7", n)
	}
}
