package verify

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"reseal/plan"
)

// Each count is of what its name says.
func TestTallyCounts(t *testing.T) {
	t.Parallel()
	var tally Tally
	for _, f := range []Finding{
		{Verdict: Proven, Looked: true, Sampled: true, Contradicted: true},
		{Verdict: LostAttribute, Looked: true, Sampled: true},
		{Verdict: LostAttribute, Looked: true}, // for its snapshot alone
		{Verdict: Gone, Looked: true, Sampled: true, Unlisted: "nobody may list"},
		{Verdict: Gone, Looked: true, Sampled: true},
		{Verdict: Gone, Looked: true, Sampled: true},
	} {
		tally.Add(&f)
	}
	if tally.Rows != 6 || tally.Looked != 6 || tally.Sampled != 5 || tally.Wrong != 1 || tally.Contradicted != 1 || tally.Unlisted != 1 || len(tally.OtherKeys) != 0 {
		t.Errorf("%+v", tally)
	}
}

// Keys are told apart up to a number; all of them are counted.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	var tally Tally
	for range 2 {
		for i := range 2 * maxKeys {
			tally.Add(&Finding{Verdict: LeftAlone, Reason: plan.AlreadyEncrypted, Key: fmt.Sprint("key", i)})
		}
	}
	if len(tally.OtherKeys) != maxKeys+1 || tally.OtherKeys["key0"] != 2 || tally.OtherKeys["others"] != 2*maxKeys {
		t.Errorf("%d keys, %d of the first, %d of others", len(tally.OtherKeys), tally.OtherKeys["key0"], tally.OtherKeys["others"])
	}
}

// Files that cannot be read are listed up to a number and all counted. Rows that
// nobody counted are what is left of the report, where its number of rows is known.
func TestTallyOfUnreadFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		unread  []int64 // rows of the files, -1 where unknown
		rows    int64   // of the report, 0 where unknown
		could   int64   // not be looked at
		uncount int64
		grade   Grade
	}{
		{"all read", nil, 10, 0, 0, Fine},
		{"counted", []int64{5, 7}, 0, 12, 0, Wrong},
		{"a file without rows", []int64{0}, 0, 0, 0, Fine},
		{"not counted", []int64{5, -1}, 0, 5, 1, Wrong},
		{"not counted, in a report of known length", []int64{5, -1, -1}, 40, 30, 0, Wrong},
		{"not counted, and more rows than the report says", []int64{5, -1}, 12, 5, 1, Wrong},
		{"counted, in a report that says more", []int64{5}, 40, 5, 0, Wrong},
		{"not counted, in a report of as many rows as were read", []int64{-1}, 10, 0, 1, Wrong},
	} {
		var tally Tally
		for range 10 {
			tally.Add(&Finding{Verdict: Proven})
		}
		for _, rows := range tt.unread {
			tally.addUnread(&Unread{rows, errors.New("damaged")})
		}
		tally.know(tt.rows)
		if tally.Verdicts[CouldNotLook] != tt.could || tally.Uncount != tt.uncount || tally.Rows != 10+tt.could || tally.Grade() != tt.grade || len(tally.Unread) != len(tt.unread) {
			t.Errorf("%s: %+v, grade %s", tt.name, tally, tally.Grade())
		}
		if _, counted := tally.Verdicts[CouldNotLook]; counted != (tt.could > 0) {
			t.Errorf("%s: a verdict of no row: %v", tt.name, tally.Verdicts)
		}
	}
	var tally Tally
	for range maxUnread + 10 {
		tally.addUnread(&Unread{1, errors.New("damaged")})
	}
	if len(tally.Unread) != maxUnread || tally.Rows != maxUnread+10 {
		t.Errorf("%d files listed, %d rows", len(tally.Unread), tally.Rows)
	}
}

// What may be allowed is what is not fine by itself.
func TestAllowable(t *testing.T) {
	t.Parallel()
	want := []Verdict{NotDone, ChangedNotUnderKey, NeverUnderKey, LostAttribute, CouldNotLook, NotCompared}
	if got := Allowable(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
