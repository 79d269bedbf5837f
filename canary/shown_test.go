package canary

import (
	"context"
	"errors"
	"slices"
	"testing"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// What the report says of an object and no look shows cannot be compared. It holds
// nothing back, and the table has it. What a look did show is not let off.
func TestWhatOnlyTheReportShows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		task     func(*plan.Task)
		head     func(*plan.Head) // of the look before, beyond what the object has
		shown    func(*plan.Snapshot)
		notShown []string
		missing  []string
	}{
		{"a hold", func(t *plan.Task) { t.Head, t.Record.LegalHold = nil, "ON" }, nil, nil, []string{"legal hold"}, nil},
		{"a hold that a look showed, and the next one did not", func(t *plan.Task) { h := *t.Head; h.LegalHold = "ON"; t.Head = &h }, nil, nil, nil, []string{"legal hold"}},
		{"a checksum", func(t *plan.Task) { t.Head, t.Record.Checksum = nil, "SHA1" }, nil, nil, []string{"checksum SHA1"}, nil},
		{"another checksum", func(t *plan.Task) { t.Head, t.Record.Checksum = nil, "SHA1" }, nil,
			func(o *plan.Snapshot) { o.Head.Checksum = "CRC32" }, nil, []string{"checksum SHA1"}},
	} {
		s := newStore(2, func(_ int, o *plan.Snapshot) {
			if tt.shown != nil {
				tt.shown(o)
			}
		})
		trials := s.trials(nil)
		for i := range 2 {
			task := s.task(i)
			tt.task(task)
			if _, err := trials.Rewrite(t.Context(), t.Context(), task, open{}, s); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		k := trials.Table(false).Kinds[0]
		if !slices.Equal(k.NotShown, tt.notShown) || !slices.Equal(k.Missing, tt.missing) || (k.Verdict == Proven) != (tt.missing == nil) || (k.Compared == 1) != (tt.missing == nil) {
			t.Errorf("%s: %+v; want not shown %q, missing %q", tt.name, k, tt.notShown, tt.missing)
		}
	}
}

// An object that could not be looked at waits, be it the only one: its kind is held
// back, and nobody calls it proven.
func TestOneObjectThatWaits(t *testing.T) {
	t.Parallel()
	s := newStore(1, nil)
	s.look = func(string, bool) error { return refusal("HeadObject", "AccessDenied", engine.Denied) }
	trials := s.trials(nil)
	_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, s)
	if k := trials.Table(true).Kinds[0]; !isHeld(err) || !k.HeldBack || k.Verdict != NotProven || trials.Unproven() == nil {
		t.Errorf("%v, unproven: %v, %+v", err, trials.Unproven(), k)
	}
}

// A kind of the plan is in the table, whatever becomes of its objects: with nothing to
// prove where none is to be done any more. One whose class shows only later is not.
func TestExpectedKinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		edit  func(*plan.Task)
		kinds int
	}{
		{"to be copied", nil, 1},
		{"to be looked at", func(t *plan.Task) { t.NeedHead = true }, 1},
		{"of no class", func(t *plan.Task) { t.Record.StorageClass = "" }, 1},
		{"to be looked at, of no class", func(t *plan.Task) { t.NeedHead, t.Record.StorageClass = true, "" }, 0},
		{"left alone", func(t *plan.Task) { t.Action = plan.Skip }, 0},
	} {
		trials := newStore(0, nil).trials(nil)
		task := current("k", tt.edit)
		trials.Expect(&task)
		table := trials.Table(true)
		if len(table.Kinds) != tt.kinds || tt.kinds > 0 && table.Kinds[0].Verdict != NothingToProve || trials.Unproven() != nil {
			t.Errorf("%s: %+v, unproven: %v", tt.name, table.Kinds, trials.Unproven())
		}
	}
}

// A later run knows what an earlier one proved of each action.
func TestProofsOfEachActionLast(t *testing.T) {
	t.Parallel()
	for a := plan.Copy; a < plan.NumActions; a++ {
		earlier := &Table{Kinds: []Kind{{Action: a.String(), Class: string(inventory.Standard), Compared: 3, ToProve: []string{"object"},
			Proven: []Proof{{Attribute: "object", Objects: 3, Keys: []string{"k"}}}}}}
		trials := newStore(0, nil).trials(earlier)
		if k := trials.Table(true).Kinds; len(k) != 1 || k[0].Action != a.String() || k[0].Verdict != Proven || k[0].Compared != 3 {
			t.Errorf("%s: %+v", a, k)
		}
	}
}

// What the answer to a write shows of an object that is not compared counts as well:
// one object is a doubt, a second one a loss.
func TestADoubtOfAnObjectThatIsNotCompared(t *testing.T) {
	t.Parallel()
	tags := []plan.Difference{{Attribute: plan.Tags, Change: plan.WasLost, Before: "{}"}}
	for _, tt := range []struct {
		name    string
		err     engine.ObjectError
		doubted bool
	}{
		{"lost in doubt", engine.ObjectError{InDoubt: true, Lost: tags}, true},
		{"in doubt, of nothing", engine.ObjectError{InDoubt: true}, false},
		{"lost, and booked elsewhere", engine.ObjectError{Lost: tags}, false},
	} {
		s := newStore(4, tagged)
		trials := s.trials(nil)
		keys := []string{"d/0", "p/0", "d/1", "p/1"} // a doubt has others of its prefix compared
		for i := range 2 {
			if _, err := trials.Rewrite(t.Context(), t.Context(), s.put(i, keys[i]), open{}, s); err != nil {
				t.Fatal(err)
			}
		}
		for i := 2; i < 4; i++ {
			failed := tt.err
			failed.Class, failed.Reason, failed.Err = engine.Permanent, plan.Unfaithful, errors.New("not kept")
			if _, err := trials.Rewrite(t.Context(), t.Context(), s.put(i, keys[i]), open{}, failing{s, &failed}); !isClass(err, engine.Permanent) {
				t.Errorf("%s: object %d: %v", tt.name, i, err)
			}
			want := 0
			if tt.doubted {
				want = i - 1
			}
			if k := trials.Table(false).Kinds[0]; len(k.Doubts) != want || (trials.Loss() != nil) != (want == 2) || (s.stopped != nil) != (want == 2) {
				t.Errorf("%s: after object %d: loss %v, stopped by %v, %+v", tt.name, i, trials.Loss(), s.stopped, k)
			}
		}
	}
}

// failing is a store that writes, and reports an error all the same.
type failing struct {
	*store
	err error
}

func (f failing) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	e, err := f.store.Rewrite(ctx, t, g)
	return e, errors.Join(err, f.err)
}

// A doubt has others of its prefix compared also while the prefix is new, and after one
// without the attribute was found to be as it was.
func TestADoubtInANewPrefix(t *testing.T) {
	t.Parallel()
	s := newStore(4, func(i int, o *plan.Snapshot) {
		if i != 2 {
			tagged(i, o)
		}
	})
	keys := []string{"d/0", "p/1", "p/2", "p/3"}
	s.write = func(key string, o *plan.Snapshot) error {
		if key != keys[0] {
			o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0
		}
		return nil
	}
	trials := s.trials(nil)
	for i, lost := range []bool{false, true, false, true} {
		if _, err := trials.Rewrite(t.Context(), t.Context(), s.put(i, keys[i]), open{}, s); isClass(err, engine.Permanent) != lost {
			t.Errorf("%s: %v; want it lost: %t", keys[i], err, lost)
		}
	}
	if loss := trials.Loss(); loss == nil || len(loss.Doubts) != 2 {
		t.Errorf("loss %v, want that of two objects", loss)
	}
}
