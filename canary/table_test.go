package canary

import (
	"reflect"
	"slices"
	"testing"

	"reseal/plan"
)

// What no look showed in one share, or was accepted to be lost there, is not missing in the
// table of all of them, however many follow.
func TestMergeKeepsWhatOneShareKnows(t *testing.T) {
	share := func() *Table {
		return &Table{Kinds: []Kind{{Action: "copy", Verdict: Proven, ToProve: []string{"object", "tags", string(plan.Expires)}, Proven: []Proof{{Attribute: "object"}}}}}
	}
	all, second := share(), share()
	second.Kinds[0].NotShown, second.Kinds[0].Accepted = []string{"tags"}, []string{string(plan.Expires)}
	all.Merge(second)
	all.Merge(share())
	if k := all.Kinds[0]; len(k.Missing) > 0 || !slices.Equal(k.NotShown, []string{"tags"}) || !slices.Equal(k.Accepted, []string{string(plan.Expires)}) {
		t.Errorf("missing %v, not shown %v, accepted %v", k.Missing, k.NotShown, k.Accepted)
	}
}

// The table of all shares has what each of them proved, object by object, and the
// worse verdict of two.
func TestMergeAddsUp(t *testing.T) {
	all := &Table{Kinds: []Kind{{Action: "copy", Verdict: Proven, Compared: 3, ToProve: []string{"object", "tags"},
		Proven: []Proof{{"object", 3, []string{"a"}}, {"tags", 2, []string{"b"}}}}}}
	all.Merge(&Table{Kinds: []Kind{{Action: "copy", Verdict: Proven, Compared: 4, ToProve: []string{"object", "data"},
		Proven: []Proof{{"object", 4, []string{"c"}}, {"data", 1, []string{"d"}}}}}})
	want := []Proof{{"object", 7, []string{"a"}}, {"tags", 2, []string{"b"}}, {"data", 1, []string{"d"}}}
	if k := all.Kinds[0]; len(all.Kinds) != 1 || k.Compared != 7 || len(k.Missing) > 0 || !reflect.DeepEqual(k.Proven, want) {
		t.Errorf("%+v, want proofs %v", all.Kinds, want)
	}
	verdicts := []Verdict{NothingToProve, Proven, InDoubt, NotProven, Lost}
	for i, a := range verdicts {
		for j, b := range verdicts {
			all := &Table{Kinds: []Kind{{Action: "copy", Verdict: a}}}
			all.Merge(&Table{Kinds: []Kind{{Action: "copy", Verdict: b}}})
			if got, want := all.Kinds[0].Verdict, verdicts[max(i, j)]; got != want {
				t.Errorf("%s and %s: %s, want %s", a, b, got, want)
			}
		}
	}
}
