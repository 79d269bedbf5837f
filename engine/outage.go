package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"reseal/internal/wait"
	"reseal/plan"
)

// silence is how many requests in a row, of whichever objects, end without an
// answer before the endpoint itself is asked. Half of all requests failing
// makes it ask once in 65,000.
const silence = 16

// probeEvery bounds the time between two questions to an endpoint that is gone.
const (
	firstProbe = time.Second
	lastProbe  = 15 * time.Second
)

// Outage is a time in which nothing can be done, whichever object it is: the
// endpoint gives no answer, or the credentials have run out.
type Outage struct {
	Since time.Time
	Err   *ObjectError // what the last question met
}

// String says what is missing, for status lines.
func (o *Outage) String() string {
	if o.Err.Class == Expired {
		return "credentials expired, waiting for new ones"
	}
	why := o.Err.Words()
	if o.Err.Said == "" || why == "" {
		return "endpoint does not answer, waiting for it"
	}
	return "endpoint does not answer, waiting for it: " + why
}

// outage tells a failing object from an endpoint that is gone. Where nobody
// gets an answer, tries do not count: all wait until the endpoint answers a
// question about nothing in particular, and then the same again.
type outage struct {
	*run
	silent atomic.Int64                  // requests in a row without an answer
	spent  atomic.Bool                   // the run has waited as long as it may, and ends
	shut   atomic.Pointer[chan struct{}] // not nil while nothing is to be sent; closed when it ends

	mu      sync.Mutex
	current *question
	asking  sync.WaitGroup
	ctx     context.Context // of questions: ends with the run
	end     context.CancelFunc
}

// question is a time from the first doubt until the endpoint answered.
type question struct {
	over chan struct{}
	gone bool // the endpoint did not answer at first; written before over is closed
}

// newOutage returns the watch over r's endpoint. Stop it when r's workers are gone.
func newOutage(r *run) *outage {
	o := &outage{run: r}
	o.ctx, o.end = context.WithCancel(r.work)
	return o
}

// stop ends the question under way.
func (o *outage) stop() {
	o.end()
	o.asking.Wait()
}

// pass waits while nothing is to be sent; false means that ctx ended.
func (o *outage) pass(ctx context.Context) bool {
	shut := o.shut.Load()
	if shut == nil {
		return true
	}
	select {
	case <-*shut:
		return true
	case <-ctx.Done():
		return false
	}
}

// learn takes in how a request ended, and tells whether that was due to an
// outage, after waiting for its end. last says that the object would fail.
func (o *outage) learn(ctx context.Context, e *ObjectError, last bool) (excused bool) {
	switch {
	case e == nil || e.Class != Transient && e.Class != Expired:
		if o.silent.Load() != 0 {
			o.silent.Store(0)
		}
		return false
	case o.Alive == nil || o.spent.Load():
		return false
	case o.silent.Add(1) < silence && !last && e.Class == Transient:
		return false
	}
	q := o.ask()
	select {
	case <-q.over:
		return q.gone
	case <-ctx.Done():
		return true // whether it was will not be known
	}
}

// ask returns the question under way, or begins one.
func (o *outage) ask() *question {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == nil {
		q := &question{over: make(chan struct{})}
		o.current = q
		o.asking.Go(func() { o.answer(q) })
	}
	return o.current
}

// answer asks the endpoint until it answers, the run ends, or the wait has
// become too long.
func (o *outage) answer(q *question) {
	began := time.Now()
	for pause := firstProbe; ; pause = min(2*pause, lastProbe) {
		held, err := o.alive()
		began = began.Add(held) // patience is with the endpoint, not with a window that is shut
		if err == nil || o.ctx.Err() != nil {
			break
		}
		if !q.gone {
			q.gone = true
			o.shut.Store(&q.over)
			o.Logger.Warn("outage began", "error", err.Words())
		}
		o.Stats.Outage.Store(&Outage{Since: began, Err: err})
		if time.Since(began) >= o.Patience {
			o.run.stop(&BreakerError{Seen: 1, Err: fmt.Errorf("waited %s: %w", o.Patience, err)})
			o.spent.Store(true)
		}
		if o.spent.Load() || wait.For(o.ctx, pause) != nil {
			break
		}
	}
	if q.gone {
		o.Logger.Info("outage ended", "took_s", time.Since(began).Seconds())
	}
	o.Stats.Outage.Store(nil)
	o.silent.Store(0)
	o.mu.Lock()
	o.current = nil
	o.mu.Unlock()
	o.shut.CompareAndSwap(&q.over, nil) // the next question may have begun
	close(q.over)
}

// alive asks the endpoint once; any answer that tells something is one. held is
// how long the gate held the question back.
func (o *outage) alive() (held time.Duration, _ *ObjectError) {
	sent, from := false, time.Now()
	err := o.Gate.Do(o.ctx, plan.Step{Kind: plan.StepHead, Demand: plan.Demand{Reads: plan.Exactly(1)}}, func(ctx context.Context) error {
		sent, held = true, time.Since(from)
		return o.Alive(ctx)
	})
	var e *ObjectError
	if sent && errors.As(err, &e) && (e.Class == Transient || e.Class == Expired) {
		return held, e
	}
	return held, nil
}
