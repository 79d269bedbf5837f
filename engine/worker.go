package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"reseal/plan"
)

// worker carries out tasks until there are none left, or too many workers.
func (r *run) worker(c *workerCount) {
	for !c.leave() {
		a, more := <-r.tasks // closed when admission ends
		if !more {
			return
		}
		r.single(a)
	}
}

// single carries out one task and tells how it ended.
func (r *run) single(a assignment) {
	if r.admit.Err() != nil {
		return // drain: not attempted, so a resume takes it up
	}
	r.Stats.InFlight.Add(1)
	res := r.carryOut(a)
	r.Stats.InFlight.Add(-1)
	if res.Err != nil && res.Err.Class == Fatal {
		r.events <- event{result: res, fatal: res.Err}
		return
	}
	r.events <- event{result: res}
}

// carryOut does one task: look where the report is not enough, decide again,
// rewrite, and start over (bounded) when the object was changed meanwhile.
func (r *run) carryOut(a assignment) *Result {
	sent := new(tally)
	res := &Result{Task: a.task, Segment: a.segment, Started: time.Now()}
	t := &res.Task
	reported := t.Record.ETag
	own := steps{run: r, sent: sent}
	gate := Gate(own) // made once: a conversion is memory
	var shown stillThere
	defer r.concluded(res, own)
	for round := 0; round < r.Rounds; round++ {
		res.Err = nil // that of an earlier round says nothing of how it ends
		if t.NeedHead {
			if round > 0 || r.Uncertain(t.Record.Pos) {
				*t = r.Policy.ByNow(*t)
			}
			head, err := r.Rewriter.Inspect(r.work, t, gate)
			if err != nil {
				if again := r.conclude(res, err); !again {
					return res
				}
				continue
			}
			*t = r.Policy.DecideHead(*t, head)
		}
		if t.Action == plan.Skip {
			r.leaveAlone(res, own)
			return res
		}
		if err := r.partsRefused(t); err != nil {
			res.Outcome, res.Reason, res.Err = Failed, err.Reason, err
			return res
		}
		if same, err := r.snapshot(res, gate); err != nil {
			if again := r.conclude(res, err); !again {
				return res
			}
			continue
		} else if !same {
			t.NeedHead = true
			continue
		}
		sent.before = t.Head
		effect, err := r.rewrite(t, gate)
		res.Effect = Effect{PutBack: effect.PutBack, LeftOut: effect.LeftOut}
		sent.wrote = effect
		if err == nil {
			res.Outcome, res.Effect = Done, effect
			res.Newer = reported != "" && t.Record.ETag != reported
			return res
		}
		if oe := shown.contradicts(t, err); oe != nil {
			res.Outcome, res.Reason, res.Err = Failed, oe.Reason, oe
			return res
		}
		if again := r.conclude(res, err); !again {
			return res
		}
	}
	res.Outcome, res.Reason = Failed, plan.Changing
	res.Err = &ObjectError{Op: t.Action.String(), Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Changed, Reason: plan.Changing,
		Err: fmt.Errorf("other clients changed the object %d times while it was being re-encrypted; their data is untouched", r.Rounds)}
	return res
}

// concluded sets what there is to say of res once nothing of it is under way.
func (r *run) concluded(res *Result, g steps) {
	sent := g.sent
	r.resolve(res, g)
	if res.Err != nil && res.Err.Class == Fatal {
		res.Outcome, res.Reason = NotAttempted, "" // not this object's failure: it stays to be done
	}
	res.Doubted = r.Uncertain(res.Task.Record.Pos)
	// Also where a look has shown it since: nobody has recorded it.
	res.Unsure = (res.Outcome == NotAttempted || res.Outcome == Deferred) && sent.own.Load() ||
		res.Outcome == Deferred && res.Doubted && !sent.looked.Load()
	res.Attempts, res.KMSMax = int(sent.requests.Load()), sent.kms.Load()
	res.Took = time.Since(res.Started)
}

// partsRefused returns the error of an object that only a copy in parts does, where
// nobody accepted what such copies bring with them. That is no skip: once it is
// accepted, another try does it.
func (r *run) partsRefused(t *plan.Task) *ObjectError {
	open := r.Policy.NoParts
	if t.Action != plan.MultipartCopy || len(open) == 0 {
		return nil
	}
	return &ObjectError{Op: t.Action.String(), Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Reason: plan.NeedsParts, Untouched: true,
		Err: fmt.Errorf("nothing was written: %s, and the plan had no copies in parts to ask about; try again with --accept %s, or without --no-canary",
			r.Policy.WhyParts(t), strings.Join(open, " --accept "))}
}

// leaveAlone ends a task that HeadObject showed to need nothing. The object may be
// this job's own work. An earlier run may have been cut off between the copy and its
// record. Or this run's copy took effect, and its answer got lost, or the look after
// it showed something else. Such an object is a repeat, not a skip. It is compared
// with the look before, where there was one.
func (r *run) leaveAlone(res *Result, g steps) {
	t, sent := &res.Task, g.sent
	res.Outcome, res.Reason = Skipped, t.Reason
	putBack := t.Head != nil && len(t.Head.PutBack) > 0 // by a note of an earlier attempt, so it was this job's
	if !putBack && t.Reason == plan.AlreadyEncrypted && r.Lost(t.Record.Pos) {
		res.Outcome, res.Reason = Failed, plan.Unfaithful
		res.Err = &ObjectError{Op: "HeadObject", Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Reason: plan.Unfaithful,
			Err: errors.New("an earlier attempt re-encrypted the object and lost something of it, which trying again does not bring back")}
		return
	}
	if t.Reason == plan.AlreadyEncrypted && t.Head != nil &&
		(putBack || (r.Uncertain(t.Record.Pos) || sent.own.Load()) && r.Policy.Reached(t.Head)) {
		res.Outcome, res.Reason, res.Repeat = Done, "", true
		res.Effect = Effect{ETag: t.Head.ETag, VersionID: t.Head.VersionID, KMSKeyID: t.Head.KMSKeyID, RequestID: t.Head.RequestID}
		if w := &sent.wrote; w.ETag != "" { // another client may have written since: what is claimed is this job's write
			res.Effect = *w
			res.Effect.KMSKeyID = t.Head.KMSKeyID
		}
		res.Effect.PutBack = t.Head.PutBack
		r.compareRepeat(res, g)
	}
}

// resolve finds out how an object fared that failed, or was refused, although its
// re-encryption may have taken effect: as the answer to it was lost, or no look has
// shown the effect. A copy that took effect may be what S3 then refuses: one of a
// restored object is archived.
// That is this job's own work, a repeat, and no failure. Where the look fails, too,
// the object is put off: whoever looks at it later recognises it. The same goes for
// one that an earlier pass or run may have re-encrypted, and that nobody could look at.
func (r *run) resolve(res *Result, g steps) {
	if r.unseen(res, g.sent) {
		res.Outcome, res.Reason = Deferred, ""
		return
	}
	refused := res.Outcome == Skipped && res.Reason != plan.Gone // which a look showed
	if res.Outcome != Failed && !refused || !g.sent.unproven.Load() || !g.sent.blind.Load() {
		return
	}
	t := &res.Task
	met, now := res.Err, r.Policy.ByNow(*t)
	head, err := r.Rewriter.Inspect(r.work, &now, g)
	var oe *ObjectError
	switch {
	case err == nil:
		found := r.Policy.DecideHead(*t, head)
		if found.Action != plan.Skip {
			return // it did not take effect
		}
		g.sent.own.Store(true)
		res.Task, res.Err = found, nil
		r.leaveAlone(res, g)
	case r.leave(res, err):
	case errors.As(err, &oe) && oe.Class == Gone:
		res.Outcome, res.Reason, res.Err = Skipped, plan.Gone, nil
	case errors.As(err, &oe) && oe.Class == Refused: // another client wrote what no look shows
		res.Outcome, res.Reason, res.Err = Skipped, oe.Reason, nil
	default:
		if errors.As(err, &oe) {
			met = oe
		}
		res.Outcome, res.Reason, res.Err = Deferred, "", met
	}
}

// unseen tells whether res failed although an earlier pass or run may have done it, as
// no look at it got through.
func (r *run) unseen(res *Result, sent *tally) bool {
	if res.Outcome != Failed || res.Err == nil || sent.looked.Load() || !r.Uncertain(res.Task.Record.Pos) {
		return false
	}
	return res.Err.Class == Denied || res.Err.Class == Transient || res.Err.Class == Throttled
}

// conclude sets res by err, and tells whether the object is to be read and
// decided on again.
func (r *run) conclude(res *Result, err error) (again bool) {
	var oe *ObjectError
	switch {
	case r.leave(res, err), holdBack(res, err):
		return false
	case !errors.As(err, &oe):
		t := &res.Task
		oe = &ObjectError{Op: t.Action.String(), Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Err: err}
	}
	res.Err = oe
	looked := res.Task.Head != nil
	switch oe.Class {
	case Changed:
		res.Task.NeedHead = true
		return true
	case InParts:
		res.Task = r.Policy.DecideInParts(res.Task)
		return true
	case Gone:
		if res.Task.NeedHead { // HeadObject itself says so
			res.Outcome, res.Reason, res.Err = Skipped, plan.Gone, nil
			return false
		}
		res.Task.NeedHead = true // may be a condition that failed: look
		return true
	case Denied:
		if !looked && !res.Task.NeedHead {
			res.Task.NeedHead = true // denied, or gone and unlistable: look once
			return true
		}
	case Refused:
		res.Outcome, res.Reason, res.Err = Skipped, oe.Reason, nil
		return false
	}
	res.Outcome, res.Reason = Failed, reasonOf(oe)
	return false
}

// reasonOf returns the word for an error in reports.
func reasonOf(e *ObjectError) plan.Reason {
	switch {
	case e.Reason != "":
		return e.Reason
	case e.Class == Denied:
		return plan.Denied
	}
	return plan.RequestError
}
