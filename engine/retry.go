package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

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

// tally counts the requests of one task.
type tally struct {
	requests, kms atomic.Int64
	unsure        atomic.Bool // one that commits got no answer: it may have taken effect
}

// Do sends s until it works, until its error is one that sending again does not
// mend, or until the attempts are used up. Those that an outage took do not count.
//
// A step that has yet to begin its work gives up as soon as admission stops;
// one that finishes work already committed (a proof, the completion of an
// upload) waits for its turn as long as in-flight work may go on.
func (g steps) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	wait, done := g.waiting(ctx, s)
	defer done()
	tries := [numClasses]int{}
	try := &attempt{steps: g, ctx: ctx, step: s, send: send}
	once := try.once
	for {
		if !g.run.outage.pass(wait) {
			return errNotSent
		}
		try.sent = false
		err := g.run.Gate.Do(wait, try.step, once)
		switch {
		case !try.sent:
			return errNotSent
		case err == nil:
			g.run.outage.learn(wait, nil, false)
			return nil
		}
		var oe *ObjectError
		if !errors.As(err, &oe) {
			return err
		}
		class := oe.Class
		if class == Transient && commits(s.Kind) {
			g.sent.unsure.Store(true)
		}
		last := tries[class]+1 >= g.run.triesOf(class)
		excused := g.run.outage.learn(wait, oe, last)
		if class != Throttled && class != Transient && class != Expired {
			return err
		}
		if excused {
			try.step.Retry = true
			g.run.Stats.Retries.Add(1)
			continue
		}
		tries[class]++
		if last {
			return exhausted(oe)
		}
		g.run.Logger.Debug("retry", "op", s.Kind.String(), "key", s.Key, "try", tries[class], "class", class.String(), "code", oe.Code)
		if !sleep(wait, backoff(tries[class], class, rand.Float64())) {
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
}

// once sends the request, once.
func (a *attempt) once(context.Context) error {
	a.sent = true
	a.count(&a.step)
	return a.send(a.ctx)
}

// throttledPatience is how many times as often a throttled request is sent
// before its object fails: throttling says nothing about the object, and ends
// when whoever else uses the quota is done.
const throttledPatience = 10

// triesOf returns how often a request is sent at most that keeps ending in c.
func (r *run) triesOf(c Class) int {
	switch {
	case c == Throttled:
		return r.Attempts * throttledPatience
	case c == Expired && r.Alive == nil:
		return 1
	}
	return r.Attempts
}

// exhausted is the error of a request that was sent often enough. Credentials
// that stay expired are no object's failure.
func exhausted(e *ObjectError) *ObjectError {
	if e.Class != Expired {
		return e
	}
	out := *e
	out.Class = Fatal
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
	case plan.StepConfirm, plan.StepComplete, plan.StepAbort, plan.StepPutTags:
		return true
	}
	return false
}

// commits tells whether a step of this kind makes the object what it is to be.
func commits(k plan.StepKind) bool {
	return k == plan.StepCopy || k == plan.StepComplete || k == plan.StepUpdate
}

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

// sleep waits for d and tells whether it was not cut short by ctx.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
