package migrate

import (
	"context"
	"sync"
	"time"
)

// LastWrites is how long a run may go on writing its state, its history, what it cost
// and how it ended after its work has ended, and giving the job back.
const LastWrites = 30 * time.Second

// Lifetime is how long the parts of a run live: admission ends first, then the work,
// then what is written last.
type Lifetime struct {
	work  context.Context
	kill  context.CancelFunc
	admit context.Context
	stop  context.CancelCauseFunc // ends admission
	last  context.Context         // no write outlasts it

	written context.CancelFunc
	group   sync.WaitGroup
}

// NewLifetime begins one. The caller calls End.
func NewLifetime(ctx context.Context) *Lifetime {
	l := new(Lifetime)
	l.work, l.kill = context.WithCancel(ctx)
	l.admit, l.stop = context.WithCancelCause(l.work)
	l.last, l.written = outlasting(l.work, LastWrites)
	return l
}

// Stop ends admission: the run ends in order, for this reason.
func (l *Lifetime) Stop(why error) { l.stop(why) }

// Kill ends all work that is under way.
func (l *Lifetime) Kill() { l.kill() }

// Last is for what is written last: it ends LastWrites after the work.
func (l *Lifetime) Last() context.Context { return l.last }

// Start runs do beside the work, until that ends.
func (l *Lifetime) Start(do func(context.Context)) {
	l.group.Go(func() { do(l.work) })
}

// endWork ends the work and waits for all that was started.
func (l *Lifetime) endWork() {
	l.kill()
	l.group.Wait()
}

// End ends everything.
func (l *Lifetime) End() {
	l.stop(nil)
	l.endWork()
	l.written()
}

// outlasting returns a context that ends by after work does: a run that is ended at
// once still writes down what it can, and does not wait long for a store that gives
// no answer. The caller calls done when all is written.
func outlasting(work context.Context, by time.Duration) (last context.Context, done func()) {
	last, cancel := context.WithCancel(context.WithoutCancel(work))
	unhook := context.AfterFunc(work, func() {
		timer := time.AfterFunc(by, cancel)
		context.AfterFunc(last, func() { timer.Stop() })
	})
	return last, func() {
		unhook()
		cancel()
	}
}
