package main

import (
	"context"
	"fmt"
	"os"

	"reseal/internal/signals"
	"reseal/migrate"
	"reseal/report"
)

// signalError is a run that a signal ended; what was settled is recorded.
type signalError = signals.Error

// endAtOnce ends this process at the third signal.
func endAtOnce(sig os.Signal) {
	fmt.Fprintf(os.Stderr, "\nreseal: %s for the third time: ended without waiting for what was being written; the same command goes on from what is recorded\n", sig)
	os.Exit(exitCode(&signalError{Signal: sig}))
}

// interruptible returns a context that the first signal ends: for commands that
// have nothing to drain.
func (p process) interruptible(ctx context.Context) (context.Context, func()) {
	return signals.Interruptible(ctx, p.signals)
}

// phase runs one part of a command under a context that the first signal ends.
func (p process) phase(ctx context.Context, part func(context.Context) error) error {
	return signals.Phase(ctx, p.signals, part)
}

// causeOf returns what ended ctx, where that is over, and else err.
func causeOf(ctx context.Context, err error) error { return signals.CauseOf(ctx, err) }

// obeySignals ends admission at the first signal, and everything at the second, until
// ctx ends.
func (f *runFlags) obeySignals(ctx context.Context, p process, life *migrate.Lifetime) {
	select {
	case sig := <-p.signals:
		life.Stop(&signalError{Signal: sig})
		fmt.Fprintf(p.stderr, "%s: finishing the requests under way (at most %s); again to end at once.\n", signals.Name(sig), report.Duration(f.drain))
	case <-ctx.Done():
		return
	}
	select {
	case <-p.signals:
		life.Kill()
	case <-ctx.Done():
	}
}
