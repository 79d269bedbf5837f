package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"reseal/internal/wait"
	"reseal/plan"
)

// errNotSent is returned by a step that was never sent because the run stops.
var errNotSent = errors.New("the run is stopping; the request was not sent")

// steps is the Gate that a Rewriter sees: the real gate with retries in front
// of it, so that every try passes the real gate anew. One task uses one steps,
// possibly from several goroutines.
type steps struct {
	run  *run
	sent *tally
}

// tally counts the requests of one task, and knows what is not known of them.
type tally struct {
	requests, kms atomic.Int64
	own           atomic.Bool // one that commits took effect, or got no answer and may have
	unproven      atomic.Bool // one that commits was sent, and no look at the object since
	looked        atomic.Bool // a look at the object succeeded
	blind         atomic.Bool // the last one commits or looks, and ended without success; see ended

	// For carryOut alone.
	wrote  Effect     // what the answer to the one that took effect says of it
	before *plan.Head // of the look before the last one that commits, nil for none
}

// learn takes in how a request of the task ended.
func (t *tally) learn(k plan.StepKind, class Class, err error) {
	switch {
	case k.Commits() && (err == nil || class == Transient):
		t.own.Store(true)
		t.unproven.Store(true)
	case isLook(k) && err == nil:
		t.looked.Store(true)
		t.unproven.Store(false)
	}
}

// ended takes note of the request that ended last. What throws an upload away says
// nothing of the object.
func (t *tally) ended(k plan.StepKind, blind bool) {
	if k != plan.StepAbort {
		t.blind.Store(blind)
	}
}

// Do sends s until it works, until its error is one that sending again does not
// mend, or until the attempts are used up. Those that an outage took do not count.
//
// A step that begins work gives up as soon as admission stops. One that finishes
// committed work, such as a proof or the completion of an upload, waits for its turn as
// long as work in flight may continue.
func (g steps) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	waiting, done := g.waiting(ctx, s)
	defer done()
	tries := [numClasses]int{}
	try := &attempt{steps: g, ctx: ctx, step: s, send: send}
	once := try.once
	defer try.settled()
	for {
		if !g.run.outage.pass(waiting) {
			return errNotSent
		}
		try.sent = false
		err := g.run.Gate.Do(waiting, try.step, once)
		switch {
		case !try.sent:
			return errNotSent
		case err == nil:
			g.sent.learn(s.Kind, 0, nil)
			g.sent.ended(s.Kind, false)
			g.run.outage.learn(waiting, nil, false)
			return nil
		}
		g.sent.ended(s.Kind, s.Kind.Commits() || isLook(s.Kind))
		var oe *ObjectError
		if !errors.As(err, &oe) {
			return err
		}
		class := oe.Class
		g.sent.learn(s.Kind, class, err)
		last := tries[class]+1 >= g.run.triesOf(class)
		excused := g.run.outage.learn(waiting, oe, last)
		switch {
		case !class.passes():
			return err
		case class != Throttled && g.run.outage.spent.Load():
			return errNotSent // the run has given up waiting: no answer is no object's failure
		case excused:
			try.step.Retry = true
			g.run.Stats.Retries.Add(1)
			continue
		}
		tries[class]++
		if last {
			return exhausted(oe, tries[class])
		}
		if class == Throttled && tries[class] >= g.run.Attempts {
			try.refused(oe, tries[class])
		}
		g.run.Logger.Debug("retry", "operation", s.Kind.String(), "key", s.Key, "attempt", try.number, "class", class.String(), "code", oe.Code)
		if wait.For(waiting, backoff(tries[class], class, rand.Float64())) != nil {
			return errNotSent
		}
		try.step.Retry = true
		g.run.Stats.Retries.Add(1)
	}
}

// attempt is a request on its way through the gate.
type attempt struct {
	steps
	ctx  context.Context
	step plan.Step
	send func(context.Context) error
	sent bool

	number  int      // of the attempt that was sent last, from 1
	refusal *Refusal // nil unless it is throttled again and again
}

// refused takes note of a request that is throttled again and again: one object can
// hold up the end of a run for 40 minutes.
func (a *attempt) refused(e *ObjectError, tries int) {
	now := &Refusal{Key: e.Key, HTTPStatus: e.HTTPStatus, Code: e.Code, Tries: tries, Most: a.run.triesOf(Throttled)}
	shown := &a.run.Stats.Refusal
	if shown.CompareAndSwap(nil, now) || a.refusal != nil && shown.CompareAndSwap(a.refusal, now) {
		a.refusal = now
	}
	if tries == a.run.Attempts {
		a.run.Logger.Warn("throttled again and again", "operation", e.Op, "key", e.Key, "status", e.HTTPStatus, "code", e.Code, "tries", tries, "at_most", now.Most)
	}
}

// settled takes it back once the request has ended.
func (a *attempt) settled() {
	if a.refusal != nil {
		a.run.Stats.Refusal.CompareAndSwap(a.refusal, nil)
	}
}

// once sends the request, once.
func (a *attempt) once(context.Context) error {
	a.sent = true
	a.count(&a.step)
	stats := a.run.Stats
	if stats.Unmet.Add(1) == 1 {
		stats.Heard.Store(time.Now().UnixNano())
	}
	a.number++
	err := a.send(a.run.numbered(a.ctx, a.number))
	stats.Unmet.Add(-1)
	if err == nil || answered(err) {
		stats.Heard.Store(time.Now().UnixNano())
	}
	return err
}

// answered tells whether an error is what the service said.
func answered(err error) bool {
	var oe *ObjectError
	return errors.As(err, &oe) && oe.Class != Transient
}

// throttledPatience is how many times as often a throttled request is sent
// before its object fails: throttling says nothing about the object, and ends
// when whoever else uses the quota is done.
const throttledPatience = 10

// emptyTries is how often a request is sent at most that is answered without what was
// asked for. With the back-off of this package that is below 13 seconds: what an
// endpoint leaves out of so many answers it leaves out for this object.
const emptyTries = 8

// triesOf returns how often a request is sent at most that keeps ending in c.
func (r *run) triesOf(c Class) int {
	switch {
	case c == Throttled:
		return r.Attempts * throttledPatience
	case c == Empty:
		return min(r.Attempts, emptyTries)
	case c == Expired && r.Alive == nil:
		return 1
	}
	return r.Attempts
}

// exhausted is the error of a request that was sent often enough. Credentials
// that stay expired are no object's failure.
func exhausted(e *ObjectError, tries int) *ObjectError {
	out := *e
	switch e.Class {
	case Expired:
		out.Class = Fatal
	case Empty:
		const advice = "; the log of the endpoint, or of what lies between, may tell why; then try again"
		out.Err = fmt.Errorf("%s was asked %d times: %w%s", e.Op, tries, e.Err, advice)
		if e.Said != "" {
			out.Said = fmt.Sprintf("%s was asked %d times: %s%s", e.Op, tries, e.Said, advice)
		}
	default:
		return e
	}
	return &out
}

// waiting returns the context under which a step waits for permission: it ends
// with ctx, and for a step that begins work also when admission stops.
func (g steps) waiting(ctx context.Context, s plan.Step) (context.Context, func()) {
	switch {
	case s.Finishes || finishes(s.Kind):
		return ctx, func() {}
	case ctx == g.run.work:
		return g.run.admit, func() {}
	}
	both, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(g.run.admit, cancel)
	return both, func() { unhook(); cancel() }
}

// count books one request that is about to be sent.
func (g steps) count(s *plan.Step) {
	g.sent.requests.Add(1)
	g.sent.kms.Add(s.Demand.KMS.Max)
	st := g.run.Stats
	st.Requests.Add(1)
	st.KMSMax.Add(s.Demand.KMS.Max)
	st.Writes.Add(s.Demand.Writes.Max)
	st.Reads.Add(s.Demand.Reads.Max)
}

// finishes tells whether a step of this kind completes work that is committed
// or nearly so.
func finishes(k plan.StepKind) bool {
	switch k {
	case plan.StepConfirm, plan.StepComplete, plan.StepAbort, plan.StepPutTags, plan.StepPutACL, plan.StepPutRetention, plan.StepPutLegalHold:
		return true
	}
	return false
}

// isLook tells whether the answer to a step of this kind shows what the object is.
func isLook(k plan.StepKind) bool { return k == plan.StepHead || k == plan.StepConfirm }

// backoff returns how long to wait after the attempt-th try: "full jitter", a
// uniformly random part u of a bound that doubles from 100 ms to 30 s. A quota
// that was exceeded waits at least half of its bound, as the gate slows down as
// a whole anyway and the second that was exceeded has to pass.
func backoff(attempt int, c Class, u float64) time.Duration {
	const first, last = 100 * time.Millisecond, 30 * time.Second
	bound := last
	if shift := attempt - 1; shift < 9 {
		bound = min(last, first<<shift)
	}
	if c == Throttled {
		return bound/2 + time.Duration(u*float64(bound/2))
	}
	return time.Duration(u * float64(bound))
}
