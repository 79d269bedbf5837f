package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"

	"reseal/campaign"
	"reseal/internal/explain"
	"reseal/internal/signals"
)

// campaignEnd is what can end a campaign before its work is done: a limit of time, a signal,
// and another process that has taken its folder over.
type campaignEnd struct {
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
func (f *campaignFlags) awaitEnd(ctx context.Context, p process) *campaignEnd {
	e := &campaignEnd{told: func(err error) {
		f.say(p, "%s; no further bucket begins, and those under way end in order", explain.Words(err))
	}}
	e.admit, e.stop = f.admission(ctx)
	listening, deaf := context.WithCancel(ctx)
	e.deaf = deaf
	e.beside.Go(func() {
		e.fan.Listen(listening, p.signals, func(sig os.Signal) {
			e.stop(&signalError{Signal: sig})
			f.saying.Lock()
			defer f.saying.Unlock()
			fmt.Fprintf(p.stderr, "%s: no further bucket begins, and those under way end in order; again to end at once.\n", signals.Name(sig))
		})
	})
	e.beside.Go(func() {
		if err := campaign.AwaitLoss(listening, f.store); err != nil {
			e.lose(err)
		}
	})
	return e
}

// lose ends the campaign as another process has it now, and with it the cap that the runs
// under way share.
func (e *campaignEnd) lose(err error) {
	e.once.Do(func() {
		e.taken = err
		e.told(err)
		e.stop(err)
		e.fan.Hand(syscall.SIGTERM)
	})
}

// close ends the waiting, and returns why the campaign is another process's, nil where it is
// not. It may be called again.
func (e *campaignEnd) close() error {
	e.deaf()
	e.beside.Wait()
	e.stop(nil)
	return e.taken
}
