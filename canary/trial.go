package canary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/plan"
)

// trial is one object on its way: looked at, re-encrypted, looked at, compared.
type trial struct {
	*Trials
	task  *plan.Task
	group *group
}

// carryOut does the object. Its own failure is returned as it is; what kept it
// from proving anything is in the table.
func (o *trial) carryOut(ctx context.Context, g engine.Gate, rw engine.Rewriter) (engine.Effect, error) {
	defer o.end()
	before, err := o.before(ctx, g)
	if err != nil {
		return engine.Effect{}, err
	}
	note := &Note{Before: before}
	if err := o.cfg.Notes.Put(o.task, note); err != nil {
		return engine.Effect{}, held(o.task, "there is no room to remember what it was before")
	}
	if err := o.cfg.Notes.Kept(ctx, o.task.Record.Pos); err != nil {
		return engine.Effect{}, engine.ErrNotBegun // the journal ends the run
	}
	w := &witness{Gate: g}
	effect, err := rw.Rewrite(ctx, o.task, w)
	if err != nil && w.lost.Load() && ctx.Err() == nil {
		if c := o.compare(ctx, o.task, note, engine.Finishing{Gate: g}); c.result != notWritten {
			return effect, o.unanswered(&c, err)
		}
	}
	if decidedAnew(err) {
		return effect, cmp.Or(err, o.cfg.Notes.Put(o.task, nil))
	}
	switch fateOf(err) {
	case unsure: // the note stays, and whoever comes next compares
		return effect, err
	case untouched:
		o.because(o.task, reasonOf(whyUntouched(err), err))
		if oe := (*engine.ObjectError)(nil); errors.As(err, &oe) && oe.Class != engine.Denied { // of which the engine keeps count
			o.giveUp()
		}
		return effect, cmp.Or(err, o.cfg.Notes.Put(o.task, nil))
	}
	note.ETag, note.VersionID, note.Source = effect.ETag, effect.VersionID, effect.Source
	note.Answered, note.Modified = time.Now(), effect.Modified
	if err := o.cfg.Notes.Put(o.task, note); err != nil {
		return effect, err
	}
	c := o.compare(ctx, o.task, note, engine.Finishing{Gate: g})
	return effect, o.conclude(o.task, &c, err)
}

// witness is a Gate that remembers whether a request that writes the object went
// without an answer: it may have been carried out, whatever comes of the next one.
type witness struct {
	engine.Gate
	lost atomic.Bool
}

// Do implements engine.Gate.
func (w *witness) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return w.Gate.Do(ctx, s, func(ctx context.Context) error {
		err := send(ctx)
		var oe *engine.ObjectError
		if s.Kind.Commits() && errors.As(err, &oe) && oe.Class == engine.Transient {
			w.lost.Store(true)
		}
		return err
	})
}

// unanswered ends an object that was re-encrypted, as a look shows, by a request
// without an answer, and that met err since. Where it could not be looked at, the
// note stays, and whoever comes next compares.
func (o *trial) unanswered(c *comparison, err error) error {
	if c.result == differs {
		return cmp.Or(o.conclude(o.task, c, nil), err)
	}
	return o.conclude(o.task, c, err)
}

// before looks at the object that is to be written. Where it is not what was
// decided on, the error has it decided on anew.
func (o *trial) before(ctx context.Context, g engine.Gate) (*plan.Snapshot, error) {
	t := o.task
	s, err := o.cfg.Snapshotter.Snapshot(ctx, t, g)
	var oe *engine.ObjectError
	switch {
	case err == nil && (t.Record.ETag != "" && s.Head.ETag != t.Record.ETag || o.cfg.Policy.DecideHead(*t, &s.Head).Action != t.Action):
		return nil, &engine.ObjectError{Op: "HeadObject", Bucket: t.Record.Bucket, Key: t.Record.Key, Class: engine.Changed, Reason: plan.Changing,
			Err: errors.New("the object is not what the report says")}
	case err == nil:
		return s, nil
	case !errors.As(err, &oe) || oe.Class == engine.Changed || oe.Class == engine.Gone || oe.Class == engine.Fatal,
		oe.Reason == plan.KeySpelling: // as if it was gone, and told as a failure of its own
		return nil, err
	case oe.Contradicted && t.Head != nil: // what it shows would be sent along
		o.because(t, reasonOf(whyFailed, err))
		o.giveUp()
		return nil, err
	}
	o.because(t, reasonOf(whyBefore, err))
	o.giveUp()
	return nil, held(t, "it could not be looked at")
}

// end lets the next object of the group have its turn.
func (o *trial) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.group.running--
	close(o.group.wake)
	o.group.wake = make(chan struct{})
}

// Words for why an object proves nothing.
const (
	whyFailed    = "failed"
	whyOthers    = "changed meanwhile, and are looked at anew"
	whyMeanwhile = "written by another client meanwhile"
	whyLater     = "written by another client after it was re-encrypted"
	whyBetween   = "changed by another client right before it was re-encrypted"
	whyGone      = "gone meanwhile"
	whyNever     = "begun by a run that stopped before the write, and then left to a later run: nothing to compare at that time"
	whyBefore    = "could not be looked at before"
	whyAfter     = "could not be looked at after"
)

// because books why the object of a task proves nothing. All but its own failure
// counts towards closing its group.
func (t *Trials) because(task *plan.Task, r Reason) {
	r.Objects, r.Key = 1, task.Record.Key
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(groupOf(task))
	g.reasons = addReason(g.reasons, r)
	if r.Why != whyFailed {
		g.vain[g.vainAt(task.Record.Key)]++
	}
	if r.Why == whyBefore {
		g.held++ // it is put off
	}
}

// whyUntouched says why an object was not re-encrypted. One that others wrote or
// deleted has not failed: it is decided on anew.
func whyUntouched(err error) string {
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.Class == engine.Changed:
		return whyOthers
	case errors.As(err, &oe) && oe.Class == engine.Gone:
		return whyGone
	}
	return whyFailed
}

// giveUp ends the run once so many objects proved nothing that no other will, with
// none compared in any run of the job.
func (t *Trials) giveUp() {
	t.mu.Lock()
	t.vain++
	over := t.vain == hopeless
	for _, g := range t.groups {
		over = over && g.compared == 0
	}
	t.mu.Unlock()
	if over {
		t.cfg.Stop(&UnprovenError{Kinds: t.Table(false).Kinds})
	}
}

// reasonOf puts an error into the words of a table.
func reasonOf(why string, err error) Reason {
	r := Reason{Why: why}
	var oe *engine.ObjectError
	if errors.As(err, &oe) {
		r.Request, r.Code, r.HTTPStatus = oe.Op, oe.Code, oe.HTTPStatus
	}
	return r
}

// decidedAnew tells whether an object was not written as it is of another kind than it
// was taken for, which says nothing about either.
func decidedAnew(err error) bool {
	var oe *engine.ObjectError
	return errors.As(err, &oe) && oe.Class == engine.InParts
}

// fate is what became of an object by the error of its re-encryption.
type fate uint8

const (
	untouched fate = iota
	unsure         // no answer came
	written        // as was asked for, or with a loss that was seen already
)

// fateOf tells what became of an object.
func fateOf(err error) fate {
	var oe *engine.ObjectError
	switch {
	case err == nil:
		return written
	case !errors.As(err, &oe), oe.Class == engine.Transient, oe.Class == engine.Empty, oe.Class == engine.Fatal:
		return unsure
	case oe.Untouched:
		return untouched
	case oe.Reason == plan.Unfaithful, oe.Reason == plan.NotEncrypted:
		return written
	}
	return untouched
}

// conclude books what a comparison showed, and returns the error of the object,
// which err is where it has one already.
func (t *Trials) conclude(task *plan.Task, c *comparison, err error) error {
	switch c.result {
	case same:
		t.prove(task, c)
		return cmp.Or(err, t.cfg.Notes.Put(task, nil))
	case others:
		t.because(task, Reason{Why: c.why})
		return cmp.Or(err, t.cfg.Notes.Put(task, nil))
	case notWritten:
		why := whyFailed
		if err == nil {
			why = whyNever
		}
		t.because(task, reasonOf(why, err))
		return cmp.Or(err, t.cfg.Notes.Put(task, nil))
	case unseen:
		t.because(task, reasonOf(whyAfter, c.err))
		t.giveUp()
		return cmp.Or[error](err, unfaithful(task, c.err, nil))
	case stopping: // the note stays, and the row open: the next run compares
		return cmp.Or(err, engine.ErrNotBegun)
	}
	if loss := t.doubt(task, c); loss != nil {
		t.cfg.Stop(loss)
	}
	failed := unfaithful(task, nil, c.lost)
	failed.InDoubt = !c.grave(task)
	return cmp.Or[error](err, failed)
}

// unfaithful is the error of an object that was re-encrypted and differs, or could
// not be compared because of cause.
func unfaithful(task *plan.Task, cause error, lost []plan.Difference) *engine.ObjectError {
	out := &engine.ObjectError{Op: task.Action.String(), Bucket: task.Record.Bucket, Key: task.Record.Key, Class: engine.Permanent,
		Reason: plan.Unfaithful, Lost: lost}
	var oe *engine.ObjectError
	switch {
	case cause == nil:
		out.Err = errors.New(plan.NotKept(plan.NamesOf(lost)))
	case errors.As(cause, &oe):
		out.Op, out.Code, out.HTTPStatus, out.RequestID = oe.Op, oe.Code, oe.HTTPStatus, oe.RequestID
		fallthrough
	default:
		out.Err = fmt.Errorf("re-encrypted, but it could not be compared with what it was before: %w", cause)
	}
	return out
}

// prove books what an object was seen to keep.
func (t *Trials) prove(task *plan.Task, c *comparison) {
	kept := seen(task, c.before)
	all := kept
	var lost, unchecked Traits
	for _, a := range c.accepted {
		lost |= narrowed(traitOf(a), all)
	}
	for _, a := range c.unchecked {
		unchecked |= traitOf(a)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(groupOf(task))
	g.compared++
	clear(g.vain)
	g.prefixes[prefixOf(task.Record.Key)] = true
	kept &^= (lost | unchecked) &^ Whole
	g.wanted |= kept
	g.accepted |= lost &^ Whole
	g.absent |= all & unchecked
	g.proven |= kept
	if task.Head == nil {
		g.absent |= wanted(task) & (Retention | LegalHold | EventHold) &^ kept
	}
	if c.before.Head.Checksum == "" { // however the report has one
		g.absent |= wanted(task) & Checksum &^ lost
	}
	g.absent |= wanted(task) & OtherSum &^ (kept | lost)
	g.clear(task.Record.Key, kept|BucketKey&^lost)
	for _, i := range kept.each() {
		p := &g.proofs[i]
		p.Attribute = traitNames[i]
		if p.Objects++; len(p.Keys) < maxKeys {
			p.Keys = append(p.Keys, task.Record.Key)
		}
	}
}

// doubt books an object that is not as it was before, and returns the loss that
// follows from it, nil for none yet. One object is enough if only this job's write
// explains the difference. If a client may have made it, a second object is needed.
func (t *Trials) doubt(task *plan.Task, c *comparison) *LossError {
	return t.book(task, c.lost, seen(task, c.before), c.grave(task))
}

// book is doubt for an object that had these traits; grave says that it is enough for
// a loss by itself.
func (t *Trials) book(task *plan.Task, lost []plan.Difference, had Traits, grave bool) *LossError {
	d := Doubt{Key: task.Record.Key, Differences: lost}
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(groupOf(task))
	g.wanted |= had
	like := []Doubt{d}
	for i := range g.doubts {
		if o := &g.doubts[i]; o.Key != d.Key && o.traits()&d.traits() != 0 {
			like = append(like, *o)
		}
	}
	if len(g.doubts) < maxDoubts {
		g.doubts = append(g.doubts, d)
	}
	g.suspect(d.Key, narrowed(d.traits(), had), mostVain)
	if t.loss != nil || !grave && len(like) < 2 {
		return nil
	}
	t.loss, t.lost = &LossError{Doubts: like}, d.traits()
	return t.loss
}

// Recheck compares an object that an earlier run wrote and did not compare. The error
// is an *engine.ObjectError where the object differs or could not be compared; class
// Fatal concerns every object. Other errors come from ctx and from the notes.
func (t *Trials) Recheck(ctx context.Context, task *plan.Task, n *Note, g engine.Gate) error {
	t.Expect(task)
	c := t.compare(ctx, task, n, g)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.result == stopping {
		return c.err
	}
	return t.conclude(task, &c, nil)
}
