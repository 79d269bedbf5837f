package canary

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// open is a Gate that lets everything pass.
type open struct{}

func (open) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// deaf is a store whose answers to copies are lost: of those that are carried out,
// and of those that are not.
type deaf struct {
	*store
	then engine.Class // of the request that is sent again
	skip bool         // nothing is carried out
}

func (s *deaf) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (e engine.Effect, err error) {
	step := plan.Step{Kind: plan.StepCopy, Key: t.Record.Key}
	_ = g.Do(ctx, step, func(context.Context) error {
		if !s.skip {
			_, err = s.store.Rewrite(ctx, t, g)
		}
		return refusal("CopyObject", "no answer", engine.Transient)
	})
	return engine.Effect{}, errors.Join(err, refusal("CopyObject", "then", s.then))
}

// An object whose answer was lost is compared by the run that wrote it, whatever
// the request met that was sent again.
func TestALostAnswerIsCompared(t *testing.T) {
	t.Parallel()
	for _, class := range []engine.Class{engine.Changed, engine.Denied, engine.Transient, engine.Permanent} {
		for _, tt := range []struct {
			name     string
			drops    bool
			want     engine.Class
			lost     bool
			compared int64
			notes    int
		}{
			{"tags lost", true, engine.Permanent, true, 0, 1},
			{"as before", false, class, false, 1, 0},
		} {
			s := newStore(1, tagged)
			s.write = func(_ string, o *plan.Snapshot) error {
				if tt.drops {
					o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0
				}
				return nil
			}
			trials := s.trials(nil)
			_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, &deaf{s, class, false})
			var oe *engine.ObjectError
			if !errors.As(err, &oe) || oe.Class != tt.want || (oe.Reason == plan.Unfaithful) != tt.lost || (len(oe.Lost) > 0) != tt.lost {
				t.Errorf("%s, then %v: %+v", tt.name, class, err)
			}
			if trials.Compared() != tt.compared || len(s.notes) != tt.notes {
				t.Errorf("%s, then %v: %d compared, %d notes", tt.name, class, trials.Compared(), len(s.notes))
			}
		}
	}
}

// What no lost request carried out is as if none had been sent.
func TestALostRequestThatDidNothing(t *testing.T) {
	t.Parallel()
	s := newStore(1, tagged)
	trials := s.trials(nil)
	_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, &deaf{s, engine.InParts, true})
	if !isClass(err, engine.InParts) || len(s.notes) > 0 || len(trials.Table(false).Kinds[0].Reasons) > 0 {
		t.Errorf("%v, notes %v, reasons %+v", err, s.notes, trials.Table(false).Kinds[0].Reasons)
	}
}

// liar is a store that answers a copy with an ETag that the object never has.
type liar struct{ *store }

func (s *liar) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	e, err := s.store.Rewrite(ctx, t, g)
	e.ETag = "wrong"
	return e, err
}

// An ETag that the answer did not say is another client's only where somebody wrote
// since, by its time, its version or its data; else the object is compared.
func TestAWrongETagIsCompared(t *testing.T) {
	t.Parallel()
	drop := func(o *plan.Snapshot) { o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0 }
	for _, tt := range []struct {
		name     string
		after    func(o *plan.Snapshot)
		compared int64
		lost     []plan.Attribute
	}{
		{"as before", func(*plan.Snapshot) {}, 1, nil},
		{"tags lost", drop, 0, []plan.Attribute{plan.Tags}},
		{"not encrypted", func(o *plan.Snapshot) { o.Head.Encryption, o.Head.KMSKeyID = inventory.SSES3, "" }, 0, []plan.Attribute{plan.Encryption}},
		{"nothing done", func(o *plan.Snapshot) {
			o.Head.ETag, o.Head.LastModified, o.Head.Encryption, o.Head.KMSKeyID = "old0", time.Unix(1, 0), inventory.SSES3, ""
		}, 0, []plan.Attribute{plan.Encryption}},
		{"written since", func(o *plan.Snapshot) { drop(o); o.Head.LastModified = time.Now().Add(time.Minute) }, 0, nil},
		{"other data, not encrypted", func(o *plan.Snapshot) {
			o.Body, o.Head.Encryption, o.Head.KMSKeyID = plan.Saw("other"), inventory.SSES3, ""
		}, 0, nil},
		{"other data", func(o *plan.Snapshot) { drop(o); o.Body = plan.Saw("other") }, 0, nil},
		{"another size", func(o *plan.Snapshot) { drop(o); o.Head.Size = 7 }, 0, nil},
	} {
		s := newStore(1, tagged)
		s.between = func(_ string, o *plan.Snapshot, after bool) {
			if after {
				tt.after(o)
			}
		}
		trials := s.trials(nil)
		_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, &liar{s})
		var oe *engine.ObjectError
		var lost []plan.Attribute
		if errors.As(err, &oe) {
			lost = plan.NamesOf(oe.Lost)
		}
		if !slices.Equal(lost, tt.lost) || trials.Compared() != tt.compared {
			t.Errorf("%s: lost %v (%v), %d compared; want %v, %d", tt.name, lost, err, trials.Compared(), tt.lost, tt.compared)
		}
	}
}
