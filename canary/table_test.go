package canary

import (
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
