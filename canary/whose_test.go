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

// answering is a store that says something of its own of what it wrote, and that
// remembers which looks were told that they show what the job wrote.
type answering struct {
	*store
	say   func(*engine.Effect)
	fail  error
	wrote []bool
}

func (a *answering) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	e, err := a.store.Rewrite(ctx, t, g)
	if a.say != nil {
		a.say(&e)
	}
	return e, errors.Join(err, a.fail)
}

func (a *answering) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	s, err := a.store.Snapshot(ctx, t, g)
	if err == nil && t.Wrote != nil {
		a.wrote = append(a.wrote, t.Wrote(&s.Head))
	}
	return s, err
}

// An object is what this job wrote where it has the version that the answer named, or
// an ETag that no other write has. Else a client may have written the same bytes since,
// and one object that lost something is a doubt.
func TestWhoseObjectItIs(t *testing.T) {
	t.Parallel()
	const before = "before-2" // an object made in parts
	for _, tt := range []struct {
		name            string
		aws             plan.Answer
		sse             string
		etag            string // after, in answer and look
		version, looked string
		doubted, others bool
	}{
		{"an ETag of data, and the version", plan.No, plan.TargetKMS, before, "v2", "v2", false, false},
		{"an ETag of data, and another version", plan.No, plan.TargetKMS, before, "v2", "v3", false, true},
		{"an ETag of data, and the version that a write replaces", plan.No, plan.TargetKMS, before, "null", "null", true, false},
		{"an ETag of data alone", plan.No, plan.TargetKMS, before, "", "", true, false},
		{"under a key on AWS, where ETags are not of the data", plan.Yes, plan.TargetKMS, "after", "", "", false, false},
		{"under SSE-S3 on AWS", plan.Yes, plan.TargetAES256, "after", "", "", true, false},
		{"under a key on AWS, and another version", plan.Yes, plan.TargetKMS, "after", "v2", "v3", false, true},
	} {
		s := newStore(1, func(_ int, o *plan.Snapshot) {
			o.Head.ETag = before
			if tt.sse == plan.TargetAES256 {
				o.Head.Encryption, o.Head.KMSKeyID = inventory.SSEKMS, key
			}
		})
		s.between = func(_ string, o *plan.Snapshot, after bool) {
			if !after {
				return
			}
			o.Head.ETag, o.Head.VersionID, o.Head.StorageClass = tt.etag, tt.looked, inventory.Glacier
			if tt.sse == plan.TargetAES256 {
				o.Head.Encryption, o.Head.KMSKeyID = inventory.SSES3, ""
			}
		}
		a := &answering{store: s, say: func(e *engine.Effect) { e.ETag, e.VersionID = tt.etag, tt.version }}
		trials := s.trials(nil)
		p := trials.cfg.Policy
		trials.cfg.Snapshotter, p.Facts.AWS, p.Options.SSE = a, tt.aws, tt.sse
		_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, a)
		var oe *engine.ObjectError
		errors.As(err, &oe)
		switch loss := trials.Loss(); {
		case tt.others && (err != nil || loss != nil || trials.Compared() > 0 || trials.Table(true).Kinds[0].Reasons[0].Why != whyLater):
			t.Errorf("%s: %v, loss %v; want another client's", tt.name, err, loss)
		case !tt.others && (oe == nil || oe.InDoubt != tt.doubted || (loss == nil) != tt.doubted):
			t.Errorf("%s: %v, loss %v; want a doubt: %t", tt.name, err, loss, tt.doubted)
		}
		if len(a.wrote) == 0 || a.wrote[0] == tt.others {
			t.Errorf("%s: looks are told %v of what they show", tt.name, a.wrote)
		}
	}
}

// An object that is not what the report says is decided on anew, before it is written.
// What the report does not say is no reason for that.
func TestTheETagOfTheReport(t *testing.T) {
	t.Parallel()
	for etag, writes := range map[string]bool{"old0": true, "": true, "older": false} {
		s := newStore(1, nil)
		task := s.task(0)
		task.Record.ETag, task.Head = etag, nil
		_, err := s.trials(nil).Rewrite(t.Context(), t.Context(), task, open{}, s)
		if (err == nil) != writes || isClass(err, engine.Changed) == writes || len(s.written) > 0 != writes {
			t.Errorf("the report has %q: %v, written %v", etag, err, s.written)
		}
	}
}

// An object that was not written proves nothing, and the reason says whether somebody
// tried, and what came of it.
func TestNotWrittenAfterAll(t *testing.T) {
	t.Parallel()
	s := newStore(1, nil)
	trials := s.trials(nil)
	if err := trials.Recheck(t.Context(), s.task(0), &Note{Before: s.objects[name(0)]}, open{}); err != nil {
		t.Fatal(err)
	}
	if r := trials.Table(true).Kinds[0].Reasons; len(r) != 1 || r[0].Why != whyNever || r[0].Request != "" {
		t.Errorf("of an earlier run: %+v", r)
	}
	s = newStore(1, nil)
	s.between = func(_ string, o *plan.Snapshot, after bool) {
		if after {
			o.Head.ETag, o.Head.Encryption, o.Head.KMSKeyID, o.Head.LastModified = "old0", inventory.SSES3, "", time.Unix(1, 0)
		}
	}
	trials = s.trials(nil)
	a := &answering{store: s, say: func(e *engine.Effect) { *e = engine.Effect{} },
		fail: &engine.ObjectError{Op: "CopyObject", Class: engine.Permanent, Reason: plan.NotEncrypted, Err: errors.New("answered, and did nothing")}}
	_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, a)
	if r := trials.Table(true).Kinds[0].Reasons; !isClass(err, engine.Permanent) || len(r) != 1 || r[0].Why != whyFailed || r[0].Request != "CopyObject" {
		t.Errorf("by this run: %v, %+v", err, r)
	}
}

// The error of an object says what it lost, or why nobody could look.
func TestWhatTheErrorSays(t *testing.T) {
	t.Parallel()
	for _, refused := range []bool{true, false} {
		s := newStore(1, tagged)
		s.look = func(_ string, under bool) error {
			if under && refused {
				return refusal("GetObjectTagging", "AccessDenied", engine.Denied)
			}
			return nil
		}
		s.write = func(_ string, o *plan.Snapshot) error { o.Tags = plan.Saw([]plan.Tag{}); return nil }
		_, err := s.trials(nil).Rewrite(t.Context(), t.Context(), s.task(0), open{}, s)
		var oe *engine.ObjectError
		if !errors.As(err, &oe) || oe.Reason != plan.Unfaithful {
			t.Fatal(err)
		}
		lost, known := plan.LostIn(oe.Words())
		switch {
		case refused && (oe.Op != "GetObjectTagging" || oe.Code != "AccessDenied" || oe.HTTPStatus != 403 || known):
			t.Errorf("refused: %v, %+v", err, oe)
		case !refused && (oe.Op != plan.Copy.String() || oe.Code != "" || !slices.Equal(lost, []plan.Attribute{plan.Tags})):
			t.Errorf("lost: %v, %+v", err, oe)
		}
	}
}
