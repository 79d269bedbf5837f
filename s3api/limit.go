package s3api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// limited is a context that ends at a time, like one of context.WithDeadline, but
// makes its timer only when somebody waits for it: package http1 does not, having
// deadlines of its connections.
type limited struct {
	context.Context // what it derives from
	at              time.Time

	arm      sync.Once
	timed    context.Context
	stop     context.CancelFunc
	waited   atomic.Bool // timed is there
	released atomic.Bool
}

// limit returns a context that ends after d. Release it.
func limit(ctx context.Context, d time.Duration) *limited {
	l := &limited{Context: ctx, at: time.Now().Add(d)}
	if at, ok := ctx.Deadline(); ok && at.Before(l.at) {
		l.at = at
	}
	return l
}

func (l *limited) armed() context.Context {
	l.arm.Do(func() {
		l.timed, l.stop = context.WithDeadline(l.Context, l.at)
		l.waited.Store(true)
	})
	return l.timed
}

// Deadline implements context.Context.
func (l *limited) Deadline() (time.Time, bool) { return l.at, true }

// Done implements context.Context.
func (l *limited) Done() <-chan struct{} { return l.armed().Done() }

// Err implements context.Context. Once somebody waits, it is the timer that
// decides, not the clock: package context panics where Done is closed and Err is nil.
func (l *limited) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	if !l.waited.Load() && !l.released.Load() && time.Now().Before(l.at) {
		return nil
	}
	return l.armed().Err()
}

// AfterFunc spares package context a goroutine that watches Done.
func (l *limited) AfterFunc(f func()) func() bool { return context.AfterFunc(l.armed(), f) }

// release ends the context.
func (l *limited) release() {
	l.released.Store(true)
	l.arm.Do(func() { l.timed = ended })
	if l.stop != nil {
		l.stop()
	}
}

// ended is a context that is over.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// without returns what ctx derives from, if it is limited, and when it ends; the
// zero time for never.
func without(ctx context.Context) (context.Context, time.Time) {
	if l, ok := ctx.(*limited); ok {
		return l.Context, l.at
	}
	at, _ := ctx.Deadline()
	return ctx, at
}
