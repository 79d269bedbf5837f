package canary

import (
	"testing"

	"reseal/engine"
	"reseal/plan"
)

// Tags with other values are a doubt like tags that are gone: no look tells a client's
// from those that an endpoint mangles. Each such object fails with the values that it
// had, which stay in the job, and a second one is a loss.
func TestMangledTagsAreADoubt(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{1, 2} {
		s := newStore(40, tagged)
		s.write = func(key string, o *plan.Snapshot) error {
			if key == name(1) || bad > 1 && key == name(9) { // within those that a doubt has compared
				o.Tags = plan.Saw([]plan.Tag{{Key: "a", Value: "mangled"}})
			}
			return nil
		}
		trials := s.trials(nil)
		if _, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, s); err != nil {
			t.Fatal(err) // tags are kept, as far as that one shows
		}
		if _, err := trials.Every().Rewrite(t.Context(), t.Context(), s.task(1), open{}, s); !isClass(err, engine.Permanent) {
			t.Errorf("the first that differs: %v", err)
		}
		for i := 2; i < 40; i++ {
			if _, err := trials.Rewrite(t.Context(), t.Context(), s.task(i), open{}, s); isClass(err, engine.Permanent) != (bad == 2 && i == 9) {
				t.Errorf("object %d: %v", i, err)
			}
		}
		k := trials.Table(true).Kinds[0]
		switch loss := trials.Loss(); {
		case bad == 1 && (loss != nil || k.Verdict != InDoubt || len(s.notes) != 1):
			t.Errorf("one object: loss %v, %d notes, %+v", loss, len(s.notes), k)
		case bad == 2 && (loss == nil || k.Verdict != Lost || len(s.notes) != 2):
			t.Errorf("two objects: loss %v, %d notes, %+v", loss, len(s.notes), k)
		}
	}
}
