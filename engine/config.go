package engine

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Config is all that a run needs. Rewriter, Gate, Journal, Sink and Policy must
// be set; the rest has defaults.
type Config struct {
	Rewriter Rewriter
	Gate     Gate
	Journal  Journal
	Sink     Sink
	Policy   *plan.Policy

	// Settled tells whether an earlier run settled the row; nil means none did.
	// Uncertain tells whether an earlier run may have worked on the row without
	// recording how it ended. Both are called from several goroutines.
	Settled   func(inventory.Position) bool
	Uncertain func(inventory.Position) bool

	// Lost tells whether an earlier attempt re-encrypted the row's object and lost
	// something of it: found under the wanted key, it stays failed. Called from
	// several goroutines; nil means that none did.
	Lost func(inventory.Position) bool

	// Snapshotter reads all that must be kept of the objects whose task says
	// so, before they are re-encrypted, for a comparison afterwards. Nil reads
	// nothing.
	Snapshotter Snapshotter

	// Trials, where set, has objects of every kind compared before the rest of
	// the kind is begun.
	Trials Trials

	// Workers is the most objects in flight. Default 64: above the 10 to 20
	// that a few hundred copies a second at 30 to 80 ms need, below what would
	// cost noticeable memory.
	Workers int

	// Slots, where set, says how many objects should be in flight now, for
	// latency and rate as they are; the pool follows it, up to Workers.
	Slots func() int

	// Ready, where set, tells whether requests about the key would get through
	// soon. Objects that would not are parked, up to Parking of them (default
	// 65,536, some 50 MB). What does not fit is put off to another pass over the
	// report. So a throttled prefix holds up no neighbours, and does not fill the memory.
	Ready   func(key string) bool
	Parking int

	// Denials knows, over all passes of a run, where access is denied. What lies there
	// is put off with reason Denied. Nil is a new one.
	Denials *Denials

	// Accepted are the attributes that a re-encryption may lose.
	Accepted []plan.Attribute

	// Continued says that another Run with the same Denials follows: that nothing has
	// succeeded at the end of this one does not end it.
	Continued bool

	// Attempts is how often one request is sent at most before its object
	// fails. Default 12: with the back-off of this package about three minutes
	// of a service that answers nothing but errors. A throttled one is sent ten
	// times as often, three quarters of an hour.
	Attempts int

	// Alive, where set, asks the endpoint a question about no object in
	// particular. An *ObjectError of class Transient or Expired means that
	// nothing else would get an answer either. It is called when requests go
	// unanswered, and before an object fails for that. While the endpoint is gone or
	// the credentials have run out, the run waits, and tries do not count.
	// Patience is how long it waits before it stops. Default 1 h.
	Alive    func(context.Context) error
	Patience time.Duration

	// Drain is how long the requests under way may take, and what finishes their
	// work, once nothing new is begun: after a limit, a signal, a breaker. Then they
	// are given up, and their objects are not attempted. Default 2 min.
	Drain time.Duration

	// Rounds is how often an object that other clients keep changing is read
	// and decided on again before it is given up. Default 4.
	Rounds int

	// FlushEvery is the longest time that settled rows stay without being
	// durable. Default 1 s: it bounds the repeats after a crash to the copies
	// of one second plus those in flight.
	FlushEvery time.Duration

	// Hurry, where set, asks for a flush before its time: within 50 ms, together
	// with whatever else was asked for until then.
	Hurry <-chan struct{}

	// Ending, where set, is called when the run ends admission by itself, with the
	// reason: whoever holds requests back is to let go of those that finish work.
	// Not where a limit of objects is reached, as those begun are brought to their end.
	Ending context.CancelCauseFunc

	// Cut, where set, is called when what is under way had Drain to end in and is given
	// up: the last writes are not to wait for long any more, either.
	Cut func()

	// Broken, where set, is called once when nothing can be recorded any more:
	// what waits for the journal would wait for ever.
	Broken func(error)

	Limit int64 // objects to attempt in this run, 0 = all
	Begun int64 // of them attempted before

	// Budget, where set, is asked after every settled object whether the run
	// may go on; a non-empty answer names the limit that was reached.
	Budget func(*Stats) string

	Stats  *Stats // counted into where set, for progress and status
	Logger *slog.Logger
}

// withDefaults returns c with unset fields filled in.
func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 64
	}
	if c.Slots == nil {
		most := c.Workers
		c.Slots = func() int { return most }
	}
	if c.Ready == nil {
		c.Ready = func(string) bool { return true }
	}
	if c.Parking == 0 {
		c.Parking = 1 << 16
	}
	if c.Attempts == 0 {
		c.Attempts = 12
	}
	if c.Patience == 0 {
		c.Patience = time.Hour
	}
	if c.Drain == 0 {
		c.Drain = 2 * time.Minute
	}
	if c.Rounds == 0 {
		c.Rounds = 4
	}
	if c.FlushEvery == 0 {
		c.FlushEvery = time.Second
	}
	never := func(inventory.Position) bool { return false }
	if c.Settled == nil {
		c.Settled = never
	}
	if c.Uncertain == nil {
		c.Uncertain = never
	}
	if c.Lost == nil {
		c.Lost = never
	}
	if c.Budget == nil {
		c.Budget = func(*Stats) string { return "" }
	}
	if c.Denials == nil {
		c.Denials = new(Denials)
	}
	if c.Ending == nil {
		c.Ending = func(error) {}
	}
	if c.Cut == nil {
		c.Cut = func() {}
	}
	if c.Broken == nil {
		c.Broken = func(error) {}
	}
	if c.Stats == nil {
		c.Stats = new(Stats)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// StopError says that a limit ended the run before the report's end. Everything
// settled is recorded; the same job goes on where it stopped.
type StopError struct{ Limit string }

// Error names the limit.
func (e *StopError) Error() string { return "stopped by " + e.Limit }

// UnrecordedError says that a run that was ended by Cause could not record what it
// did last. What was recorded before counts, and a resume finds out about the rest.
type UnrecordedError struct {
	Cause error
	Err   error
}

// Error names the cause, and what failed.
func (e *UnrecordedError) Error() string {
	return fmt.Sprintf("%v, and what was done last could not be recorded: %v", e.Cause, e.Err)
}

// Unwrap returns both.
func (e *UnrecordedError) Unwrap() []error { return []error{e.Cause, e.Err} }

// BreakerError says that the run was stopped because every further object
// would have met the same error.
type BreakerError struct {
	Seen int64 // objects that met it, 1 where one is proof
	Err  error
}

// Error says how often it was seen, and the cause.
func (e *BreakerError) Error() string {
	if e.Seen > 1 {
		return fmt.Sprintf("stopped after %d objects, of which none could be done: %v", e.Seen, e.Err)
	}
	return fmt.Sprintf("stopped: %v", e.Err)
}

// Unwrap returns the cause.
func (e *BreakerError) Unwrap() error { return e.Err }
