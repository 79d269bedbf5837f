package work

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"reseal/campaign"
	"reseal/internal/signals"
	"reseal/migrate"
)

// ends can end a campaign before its work is done: a limit of time, a signal, and another
// process that has taken its folder over.
type ends struct {
	admit context.Context // over once no further bucket begins
	stop  context.CancelCauseFunc
	fan   signals.Fan // to the runs under way
	told  func(error) // of a loss

	once  sync.Once
	taken error // by another process; of who called close

	deaf   context.CancelFunc
	beside sync.WaitGroup
}

// awaitEnd waits for the ends of a campaign, until close is called.
func (c *Campaign) awaitEnd(ctx context.Context, from <-chan os.Signal) *ends {
	e := &ends{told: c.Screen.Taken}
	e.admit, e.stop = c.admission(ctx)
	listening, deaf := context.WithCancel(ctx)
	e.deaf = deaf
	e.beside.Go(func() {
		e.fan.Listen(listening, from, func(sig os.Signal) {
			e.stop(&signals.Error{Signal: sig})
			c.Screen.Signal(sig)
		})
	})
	e.beside.Go(func() {
		if err := campaign.AwaitLoss(listening, c.store); err != nil {
			e.lose(err)
		}
	})
	return e
}

// admission is the context that ends the beginning of buckets: with the time, or the first
// signal.
func (c *Campaign) admission(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	admit, stop := context.WithCancelCause(ctx)
	if c.Lasts <= 0 {
		return admit, stop
	}
	timer := time.AfterFunc(time.Until(c.Began.Add(c.Lasts)), func() { stop(migrate.TimeIsUp(c.Lasts)) })
	return admit, func(cause error) { timer.Stop(); stop(cause) }
}

// lose ends the campaign as another process has it now, and with it the cap that the runs
// under way share.
func (e *ends) lose(err error) {
	e.once.Do(func() {
		e.taken = err
		e.told(err)
		e.stop(err)
		e.fan.Hand(syscall.SIGTERM)
	})
}

// close ends the waiting, and returns why the campaign is another process's, nil where it is
// not. It may be called again.
func (e *ends) close() error {
	e.deaf()
	e.beside.Wait()
	e.stop(nil)
	return e.taken
}
