package engine

import (
	"errors"
	"fmt"
	"time"

	"reseal/plan"
)

// worker carries out tasks until there are none left, or too many workers.
func (r *run) worker(c *crew) {
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
		r.events <- event{fatal: res.Err}
		return // not this object's failure: it stays to be done
	}
	r.events <- event{result: res}
}

// carryOut does one task: look where the report is not enough, decide again,
// rewrite, and start over (bounded) when the object was changed meanwhile.
func (r *run) carryOut(a assignment) *Result {
	var sent tally
	res := &Result{Task: a.task, Segment: a.segment, Started: time.Now()}
	t := &res.Task
	reported := t.Record.ETag
	gate := steps{run: r, sent: &sent}
	defer func() {
		res.Attempts, res.KMSMax = int(sent.requests.Load()), sent.kms.Load()
		res.Took = time.Since(res.Started)
	}()
	for round := 0; round < r.Rounds; round++ {
		res.Err = nil // that of an earlier round says nothing of how it ends
		if t.NeedHead {
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
			r.leaveAlone(res, &sent)
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
		effect, err := r.Rewriter.Rewrite(r.work, t, gate)
		if err == nil {
			res.Outcome, res.Effect = Done, effect
			res.Newer = reported != "" && t.Record.ETag != reported
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

// leaveAlone ends a task that HeadObject showed to need nothing. Where an
// earlier run may have been cut off between the copy and its record, or the
// answer to this run's own copy got lost, an object found under the wanted key is
// that work: a repeat, not a skip.
func (r *run) leaveAlone(res *Result, sent *tally) {
	t := &res.Task
	res.Outcome, res.Reason = Skipped, t.Reason
	if t.Reason == plan.AlreadyEncrypted && r.Lost(t.Record.Pos) {
		res.Outcome, res.Reason = Failed, plan.Unfaithful
		res.Err = &ObjectError{Op: "HeadObject", Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Reason: plan.Unfaithful,
			Err: errors.New("an earlier attempt re-encrypted the object and lost something of it, which trying again does not bring back")}
		return
	}
	if t.Reason == plan.AlreadyEncrypted && t.Head != nil && (r.Uncertain(t.Record.Pos) || sent.unsure.Load()) &&
		plan.SameKey(t.Head.KMSKeyID, r.Policy.Options.KMSKeyID) {
		res.Outcome, res.Reason, res.Repeat = Done, "", true
		res.Effect = Effect{ETag: t.Head.ETag, VersionID: t.Head.VersionID, KMSKeyID: t.Head.KMSKeyID}
	}
}

// conclude sets res by err, and tells whether the object is to be read and
// decided on again.
func (r *run) conclude(res *Result, err error) (again bool) {
	var oe *ObjectError
	switch {
	case errors.Is(err, errNotSent) || r.work.Err() != nil:
		res.Outcome = NotAttempted
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
