package s3api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// lossyBucket has one object with one of everything, and an endpoint that loses an
// attribute whenever it writes in parts.
func lossyBucket(t *testing.T, lose simulator.Attribute) *simulation {
	t.Helper()
	s := simulate(t, simulator.Config{})
	keepsEverything(t, s)
	seedSmall(t, s, "k")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: lose, How: simulator.Lose, Way: simulator.ByParts}}})
		return nil
	})
	return s
}

// inPartsOf copies the object in parts.
func inPartsOf(t *testing.T, s *simulation, accept ...plan.Attribute) (engine.Effect, *plan.Snapshot, *plan.Snapshot, error) {
	t.Helper()
	f := facts(t, s.aws, bucket)
	f.AWS = plan.No
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: f, AcceptLoss: accept, Notes: &notes{m: map[inventory.Position][]byte{}}, LocksShown: true})
	task := inspected(t, r, "k")
	task.Action = plan.MultipartCopy
	before, err := r.Snapshot(t.Context(), task, &gate{})
	if err != nil {
		t.Fatal(err)
	}
	effect, err := r.Rewrite(t.Context(), task, &gate{})
	if err != nil {
		return effect, before, nil, err
	}
	after, err := r.Snapshot(t.Context(), inspected(t, r, "k"), &gate{})
	if err != nil {
		t.Fatal(err)
	}
	return effect, before, after, nil
}

// What an endpoint loses and a request can give back is given back, and told.
func TestLossesArePutBack(t *testing.T) {
	for lose, name := range map[simulator.Attribute]plan.Attribute{
		simulator.AttrTags: plan.Tags, simulator.AttrACL: plan.ACL, simulator.AttrRetention: plan.Retention, simulator.AttrLegalHold: plan.LegalHold,
	} {
		s := lossyBucket(t, lose)
		effect, before, after, err := inPartsOf(t, s)
		if err != nil || !slices.Equal(plan.NamesOf(effect.PutBack), []plan.Attribute{name}) || effect.PutBack[0].Before == "" {
			t.Errorf("%s: put back %v, %v", name, effect.PutBack, err)
		}
		if lost := before.Lost(after, time.Now()); len(lost) != 0 {
			t.Errorf("%s: after it was put back there differ %s", name, plan.Words(lost))
		}
	}
}

// What cannot be given back is an error that has the value, and so is what could
// not be given back for want of a permission.
func TestLossesThatCannotBePutBack(t *testing.T) {
	for _, tt := range []struct {
		lose simulator.Attribute
		name plan.Attribute
		deny simulator.Op
	}{
		{simulator.AttrUserMetadata, plan.UserMetadata, ""},
		{simulator.AttrStorageClass, plan.Class, ""},
		{simulator.AttrTags, plan.Tags, simulator.OpPutObjectTagging},
		{simulator.AttrLegalHold, plan.LegalHold, simulator.OpPutObjectLegalHold},
	} {
		s := lossyBucket(t, tt.lose)
		if tt.deny != "" {
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
				w.AddFault(simulator.Fault{Op: tt.deny, Code: "AccessDenied", HTTPStatus: 403})
				return nil
			})
		}
		effect, _, _, err := inPartsOf(t, s)
		var oe *engine.ObjectError
		if !errors.As(err, &oe) || oe.Class != engine.Permanent || oe.Reason != plan.Unfaithful || len(effect.PutBack) != 0 ||
			!slices.Equal(plan.NamesOf(oe.Lost), []plan.Attribute{tt.name}) || oe.Lost[0].Before == "" || !strings.Contains(oe.Error(), string(tt.name)) {
			t.Errorf("%s: put back %v, error %v", tt.name, effect.PutBack, err)
		}
		if lost, ok := plan.LostIn(oe.Words()); !ok || !slices.Equal(lost, []plan.Attribute{tt.name}) {
			t.Errorf("%s: the error of the result line names %v", tt.name, lost)
		}
		if _, _, _, err := inPartsOf(t, lossyBucket(t, tt.lose), tt.name); err != nil {
			t.Errorf("%s accepted: %v", tt.name, err)
		}
	}
}

// An endpoint that takes no checksum for parts fails the object before anything is
// written; where the loss is accepted the object is copied without one.
func TestPartsWithoutChecksum(t *testing.T) {
	s := lossyBucket(t, "")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{PartCopyWithoutChecksum: true})
		return nil
	})
	for _, accept := range [][]plan.Attribute{nil, {plan.ChecksumAlgorithm}} {
		f := facts(t, s.aws, bucket)
		f.AWS = plan.No
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: f, AcceptLoss: accept, Notes: &notes{m: map[inventory.Position][]byte{}}})
		task := inspected(t, r, "k")
		task.Action = plan.MultipartCopy
		_, err := r.Rewrite(t.Context(), task, &gate{})
		var oe *engine.ObjectError
		switch {
		case accept != nil && err != nil:
			t.Errorf("accepted: %v", err)
		case accept == nil && (!errors.As(err, &oe) || oe.Reason != plan.Unfaithful || !strings.Contains(oe.Words(), "--accept drops-checksum-algorithm")):
			t.Errorf("not accepted: %v", err)
		case accept == nil && inspected(t, r, "k").Head.ETag != task.Head.ETag:
			t.Error("the object was written all the same")
		}
	}
	if n := s.calls()["AbortMultipartUpload"]; n != 2 {
		t.Errorf("%d of 2 refused uploads aborted", n)
	}
}

// partsOf is a Rewriter that copies in parts, on an endpoint that is not AWS's own.
func partsOf(t *testing.T, s *simulation, n *notes) *Rewriter {
	t.Helper()
	f := facts(t, s.aws, bucket)
	f.AWS = plan.No
	o := anOptions()
	o.CopyVia = plan.ViaMultipart
	return rewriter(t, s.aws, RewriteConfig{Options: o, Facts: f, Notes: n, LocksShown: true})
}

// One object's loss is decided by that object alone: others that kept their tags
// say nothing of it.
func TestLossIsOfOneObject(t *testing.T) {
	s := lossyBucket(t, simulator.AttrTags)
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: simulator.AttrTags, How: simulator.Lose, Way: simulator.ByParts, Key: "k"}}})
		return nil
	})
	seedSmall(t, s, "kept")
	r := partsOf(t, s, &notes{m: map[inventory.Position][]byte{}})
	for _, key := range []string{"kept", "k"} {
		effect, err := r.Rewrite(t.Context(), inspected(t, r, key), &gate{})
		if err != nil || (len(effect.PutBack) > 0) != (key == "k") {
			t.Errorf("%s: put back %v, %v", key, effect.PutBack, err)
		}
	}
}

// deadAfter is a gate that lets nothing through after a step of a kind, as if the
// process had been killed.
type deadAfter struct {
	gate
	kind plan.StepKind
	dead bool
}

func (g *deadAfter) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if g.dead {
		return errKilled
	}
	err := g.gate.Do(ctx, s, send)
	g.dead = s.Kind == g.kind
	return err
}

// A crash after the completion, before or after what was lost is put back, leaves
// it to the next run, which puts it back and tells of it, as if there had been none.
func TestLossesAreToldAfterACrash(t *testing.T) {
	for _, tt := range []struct {
		lose simulator.Attribute
		name plan.Attribute
		last plan.StepKind
	}{
		{simulator.AttrTags, plan.Tags, plan.StepComplete},
		{simulator.AttrTags, plan.Tags, plan.StepConfirm},
		{simulator.AttrTags, plan.Tags, plan.StepPutTags},
		{simulator.AttrACL, plan.ACL, plan.StepComplete},
		{simulator.AttrACL, plan.ACL, plan.StepPutACL},
		{simulator.AttrRetention, plan.Retention, plan.StepPutRetention},
		{simulator.AttrLegalHold, plan.LegalHold, plan.StepComplete},
		{simulator.AttrLegalHold, plan.LegalHold, plan.StepPutLegalHold},
		{simulator.AttrUserMetadata, plan.UserMetadata, plan.StepComplete}, // for good
	} {
		s := lossyBucket(t, tt.lose)
		n := &notes{m: map[inventory.Position][]byte{}, kept: map[inventory.Position]bool{}}
		r := partsOf(t, s, n)
		task := inspected(t, r, "k")
		before, err := r.Snapshot(t.Context(), task, &gate{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Rewrite(t.Context(), task, &deadAfter{kind: tt.last}); err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("%s: %v, want to be killed after %s, or before that is recorded", tt.name, err, tt.last)
		}
		if len(n.m) != 1 || !n.kept[inventory.Position{}] {
			t.Errorf("%s: %d notes after the crash, want one that is durable", tt.name, len(n.m))
		}
		again := partsOf(t, s, n)
		head, err := again.Inspect(t.Context(), task, &gate{})
		var oe *engine.ObjectError
		if tt.name == plan.UserMetadata {
			if !errors.As(err, &oe) || !slices.Equal(plan.NamesOf(oe.Lost), []plan.Attribute{tt.name}) || len(n.m) != 1 || !Told(engine.Effect{}, err) {
				t.Errorf("%s: %v, %d notes; want the loss, and the note until that is recorded", tt.name, err, len(n.m))
			}
			continue
		}
		if err != nil || !slices.Equal(plan.NamesOf(head.PutBack), []plan.Attribute{tt.name}) || head.PutBack[0].Before == "" {
			t.Errorf("%s after %s: put back %+v, %v", tt.name, tt.last, head, err)
			continue
		}
		after, err := again.Snapshot(t.Context(), task, &gate{})
		if err != nil {
			t.Fatal(err)
		}
		if lost := before.Lost(after, time.Now()); len(lost) != 0 {
			t.Errorf("%s after %s: there differ %s", tt.name, tt.last, plan.Words(lost))
		}
		if len(n.m) != 1 || !Told(engine.Effect{PutBack: head.PutBack}, nil) {
			t.Errorf("%s: %d notes; want the one that tells of the loss until it is recorded", tt.name, len(n.m))
		}
	}
}

// deadAnswer is a gate that does not even let the answer to a step through, as if
// the process had been killed before it came.
type deadAnswer struct {
	gate
	kind plan.StepKind
}

func (g *deadAnswer) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if err := g.gate.Do(ctx, s, send); s.Kind != g.kind {
		return err
	}
	return errKilled
}
