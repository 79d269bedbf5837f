package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"reseal/ratelimit"
)

// lastWrites is how long a run may go on writing its state, its history and what
// it cost after its work has ended.
const lastWrites = 30 * time.Second

// lingering returns a context that ends by after work does: a run that is ended at
// once still writes down what it can, and does not wait long for a store that gives
// no answer. The caller calls done when all is written.
func lingering(work context.Context, by time.Duration) (last context.Context, done func()) {
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

// patientSignals is how many signals a command takes in: to end in order, and to
// end at once. The next ends the process wherever it is.
const patientSignals = 2

// listen returns the signals that ask this process to end.
func listen() <-chan os.Signal {
	arriving := make(chan os.Signal, patientSignals+1)
	signal.Notify(arriving, os.Interrupt, syscall.SIGTERM)
	return relay(arriving, os.Stderr, os.Exit)
}

// relay hands on the first signals and calls exit at the one after them. That is
// as a crash is: what was recorded is. Its goroutine ends with the process.
func relay(arriving <-chan os.Signal, stderr io.Writer, exit func(code int)) <-chan os.Signal {
	signals := make(chan os.Signal, patientSignals)
	go func() {
		for range patientSignals {
			signals <- <-arriving
		}
		sig := <-arriving
		fmt.Fprintf(stderr, "\nreseal: %s for the third time: ended without waiting for what was being written; the same command goes on from what is recorded\n", sig)
		exit(exitCode(&signalError{sig}))
	}()
	return signals
}

// startPacer has a governor release requests until stop is called or ctx ends, for
// commands other than a run. Stop returns once it does not any more.
func startPacer(ctx context.Context, g *ratelimit.Governor) (stop func()) {
	running, halt := context.WithCancel(ctx)
	var pacer sync.WaitGroup
	pacer.Go(func() { g.Run(running) })
	return func() {
		halt()
		pacer.Wait()
	}
}
