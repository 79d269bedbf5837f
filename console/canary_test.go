package console

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"reseal/canary"
	"reseal/engine"
	"reseal/inventory"
	"reseal/migrate"
	"reseal/plan"
)

// Each way in which a canary ends a run is put into words, with what to do next; another
// error is none of its.
func TestCanaryWords(t *testing.T) {
	tried := func(reason plan.Reason) *engine.Result {
		return &engine.Result{Task: plan.Task{Record: inventory.Record{Key: "a/b"}}, Outcome: engine.Failed, Reason: reason}
	}
	doubt := func(of ...plan.Attribute) canary.Doubt {
		d := canary.Doubt{Key: "a/b"}
		for _, a := range of {
			d.Differences = append(d.Differences, plan.Difference{Attribute: a, Before: "1", After: "2"})
		}
		return d
	}
	for name, tt := range map[string]struct {
		err     error
		refused bool
		want    []string
		not     string
	}{
		"refused before":    {fmt.Errorf("run: %w", &migrate.RefusedError{Err: errors.New("too dear")}), true, []string{"too dear"}, "run:"},
		"all failed":        {&migrate.CanaryFailedError{Tried: 2, Failed: []*engine.Result{tried(plan.Unfaithful), tried(plan.Unfaithful)}}, true, []string{"of 2 objects, tried first, none", `"a/b" and 1 more`, "reseal verify names it"}, "--no-canary"},
		"all failed, again": {&migrate.CanaryFailedError{Tried: 1, Failed: []*engine.Result{tried("denied")}}, true, []string{"the same command tries them again", "--no-canary"}, "verify"},
		"lost":              {&canary.LossError{Doubts: []canary.Doubt{doubt(plan.Tags, plan.ACL), doubt(plan.Tags)}}, true, []string{`"a/b": not as before`, "to go on and lose that: --accept " + plan.ACL.Hazard() + " --accept " + plan.Tags.Hazard()}, ""},
		"lost for good":     {&canary.LossError{Doubts: []canary.Doubt{doubt(plan.Tags), doubt("data")}}, true, []string{"kept in the job"}, "--accept"},
		"unproven":          {&canary.UnprovenError{Kinds: []canary.Kind{{Action: "copy", Class: "STANDARD", Verdict: canary.NotProven, Missing: []string{"tags"}}}}, true, []string{"not proven", "tags", "--no-canary"}, ""},
		"lossy":             {&migrate.CanaryLossError{Err: &engine.LossError{Bucket: "b", Key: "k", Lost: []plan.Difference{{Attribute: plan.Tags}}}}, true, []string{"no further object was begun", "--accept " + plan.Tags.Hazard()}, ""},
		"another":           {errors.New("gone"), false, []string{"gone"}, "canary"},
	} {
		words, refused := CanaryWords(tt.err)
		if refused != tt.refused {
			t.Errorf("%s: refused %v", name, refused)
		}
		for _, w := range tt.want {
			if !strings.Contains(words.Error(), w) {
				t.Errorf("%s: no %q in\n%v", name, w, words)
			}
		}
		if tt.not != "" && strings.Contains(words.Error(), tt.not) {
			t.Errorf("%s: %q in\n%v", name, tt.not, words)
		}
	}
}

// What was tried first is said in the number that it is, with what got lost.
func TestCanaryTried(t *testing.T) {
	table := func(k canary.Kind) *canary.Table { return &canary.Table{Kinds: []canary.Kind{k}} }
	for want, tried := range map[string]migrate.FirstTried{
		"1 object re-encrypted and compared with what it was before: nothing got lost.":                           {Objects: 1, Compared: 1, Table: table(canary.Kind{})},
		"2 objects re-encrypted and compared with what they were before: nothing got lost but what was accepted.": {Objects: 2, Compared: 2, Table: table(canary.Kind{Accepted: []string{"tags"}})},
		"2 of 5 objects re-encrypted and compared: these kept all, others did not. 3 not compared":                {Objects: 5, Compared: 2, Table: table(canary.Kind{Doubts: []canary.Doubt{{Key: "k"}}})},
		"none of 3 objects was re-encrypted, so nothing is proven yet. 2 not compared":                            {Objects: 3, Failed: []*engine.Result{{Reason: "denied"}}, Table: table(canary.Kind{})},
	} {
		var out bytes.Buffer
		CanaryTried(&out, tried)
		if said := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// A kind is shown once, and again once something is new of it.
func TestCanaryTableShowsWhatIsNew(t *testing.T) {
	var shown CanaryTable
	show := func(k canary.Kind) string {
		var out bytes.Buffer
		shown.Show(&out, &canary.Table{Kinds: []canary.Kind{k}})
		return out.String()
	}
	k := canary.Kind{Action: "copy", Class: "STANDARD", Verdict: canary.Proven, Compared: 4}
	first, again := show(k), show(k)
	k.Compared = 9
	if first == "" || again != "" || show(k) == "" {
		t.Errorf("first %q, unchanged %q, and nothing of what changed", first, again)
	}
}
