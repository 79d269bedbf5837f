package notify

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// queued is how many events wait for one target at most. Where there are more the
// oldest is left out, and the next one says so.
const queued = 64

// errLate is why events were given up.
var errLate = errors.New("the run has ended, and it took too long")

// Target is where events are delivered to. Deliver is called for one event at a time.
// Its error is final: tries are made within.
type Target interface {
	// Name is for people and logs; it holds no secret.
	Name() string
	Deliver(ctx context.Context, e *Event) error
}

// Config is what a Teller works with.
type Config struct {
	Targets []Target
	Job     string // as the user named it
	Share   string // "" where the job has none
	Program string // name and version

	// Failed is told of each event that could not be delivered. Calls do not overlap.
	Failed func(target string, e *Event, err error)
}

// Teller delivers events. Its methods may be called by any goroutine.
type Teller struct {
	cfg  Config
	host string
	run  string // a random name of this run, for the ids of events

	cancel context.CancelCauseFunc
	work   sync.WaitGroup

	mu       sync.Mutex
	seq      int
	bucket   string
	log      *slog.Logger
	progress func() Progress
	queues   []*queue
	failed   sync.Mutex // held while cfg.Failed is called
}

// queue is what waits for one target.
type queue struct {
	target Target
	events []*Event
	missed int
	closed bool
	more   chan struct{} // holds one token while events or closed may have changed
}

// Start begins to deliver. The caller calls Close. Without targets it does nothing.
func Start(ctx context.Context, cfg Config) *Teller {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx)) // what ends the run is to be told, too
	t := &Teller{cfg: cfg, run: newRun(), cancel: cancel, log: slog.New(slog.DiscardHandler)}
	t.host, _ = os.Hostname() // "" where the system does not tell
	for _, target := range cfg.Targets {
		q := &queue{target: target, more: make(chan struct{}, 1)}
		t.queues = append(t.queues, q)
		t.work.Go(func() { t.deliver(ctx, q) })
	}
	return t
}

// newRun is a name that no other run has.
func newRun() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand says
	return hex.EncodeToString(b[:])
}

// Begin tells the teller what runs, and how far it is, for the events from now on.
// progress must wait for nothing. What is told, and what cannot be, is logged from now
// on.
func (t *Teller) Begin(bucket string, progress func() Progress, log *slog.Logger) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bucket, t.progress, t.log = bucket, progress, log
}

// logger is where to log now.
func (t *Teller) logger() *slog.Logger {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log
}

// Tell takes an event with its kind and what belongs to that; the rest is filled in.
// It never waits for a delivery.
func (t *Teller) Tell(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queues) == 0 {
		return
	}
	t.seq++
	e.Schema, e.ID, e.Time = Schema, fmt.Sprintf("%s-%d", t.run, t.seq), time.Now().UTC()
	e.Job, e.Bucket, e.Share, e.Program, e.Host, e.PID = t.cfg.Job, t.bucket, t.cfg.Share, t.cfg.Program, t.host, os.Getpid()
	if e.Progress == nil && t.progress != nil {
		now := t.progress()
		e.Progress = &now
	}
	e.Text = e.sentence()
	for _, q := range t.queues {
		if q.closed {
			continue
		}
		if len(q.events) == queued {
			q.events = q.events[1:]
			q.missed++
		}
		own := e
		q.events = append(q.events, &own)
		q.wake()
	}
}

// Close waits up to grace for what is still to be delivered, and no longer than ctx,
// then gives it up.
func (t *Teller) Close(ctx context.Context, grace time.Duration) {
	t.mu.Lock()
	for _, q := range t.queues {
		q.closed = true
		q.wake()
	}
	t.mu.Unlock()
	timer := time.AfterFunc(grace, func() { t.cancel(errLate) })
	stop := context.AfterFunc(ctx, func() { t.cancel(context.Cause(ctx)) })
	t.work.Wait()
	timer.Stop()
	stop()
	t.cancel(nil)
}

// wake has the target's goroutine look at the queue again.
func (q *queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// next takes the oldest event, nil where there is none. over tells that none will
// come.
func (t *Teller) next(q *queue) (e *Event, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(q.events) == 0 {
		return nil, q.closed
	}
	e, q.events = q.events[0], q.events[1:]
	e.Missed, q.missed = q.missed, 0
	return e, false
}

// deliver delivers the events of one queue, until it is closed and empty.
func (t *Teller) deliver(ctx context.Context, q *queue) {
	for {
		e, over := t.next(q)
		switch {
		case over:
			return
		case e == nil:
			<-q.more // Close wakes it
			continue
		}
		err := context.Cause(ctx)
		if err == nil {
			err = q.target.Deliver(ctx, e)
		}
		if err != nil {
			t.tellFailed(q.target, e, err)
			continue
		}
		t.logger().Debug("event told", "event", e.Kind, "id", e.ID, "to", q.target.Name())
	}
}

// tellFailed says that an event was not delivered.
func (t *Teller) tellFailed(target Target, e *Event, err error) {
	t.logger().Warn("event not told", "event", e.Kind, "id", e.ID, "to", target.Name(), "error", err)
	if t.cfg.Failed == nil {
		return
	}
	t.failed.Lock()
	defer t.failed.Unlock()
	t.cfg.Failed(target.Name(), e, err)
}
