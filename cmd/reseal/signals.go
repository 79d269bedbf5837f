package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"reseal/migrate"
	"reseal/report"
)

// patientSignals is how many signals a command takes in: to end in order, and to
// end at once. The next ends the process wherever it is.
const patientSignals = 2

// listen returns the signals that ask this process to end. SIGHUP is one of them:
// the terminal was closed. Under nohup it is ignored, and stays so.
func listen() <-chan os.Signal {
	asking := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		asking = append(asking, syscall.SIGHUP)
	}
	arriving := make(chan os.Signal, patientSignals+1)
	signal.Notify(arriving, asking...)
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

// outliveReaders keeps this process alive when whoever reads its output is gone:
// writing then is an error, not a signal that ends the process.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// obeySignals ends admission at the first signal, and everything at the second, until
// ctx ends.
func (f *runFlags) obeySignals(ctx context.Context, p process, life *migrate.Lifetime) {
	select {
	case sig := <-p.signals:
		life.Stop(&signalError{sig})
		fmt.Fprintf(p.stderr, "%s: finishing the requests under way (at most %s); again to end at once.\n", signalName(sig), report.Duration(f.drain))
	case <-ctx.Done():
		return
	}
	select {
	case <-p.signals:
		life.Kill()
	case <-ctx.Done():
	}
}
