package signals

import (
	"context"
	"errors"
	"os"
)

// Interruptible returns a context that the first signal ends, with an Error as its cause.
// The second function has to be called; after it no signal is taken.
func Interruptible(ctx context.Context, signals <-chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case sig := <-signals:
			cancel(&Error{sig})
		case <-done:
		}
	}()
	return ctx, func() {
		close(done)
		<-finished
		cancel(nil)
	}
}

// Phase runs one part of a command under a context that the first signal ends. A signal
// that comes while the part ends without an error is not lost: Phase fails with it.
func Phase(ctx context.Context, signals <-chan os.Signal, part func(context.Context) error) error {
	ctx, stop := Interruptible(ctx, signals)
	err := part(ctx)
	if cause := context.Cause(ctx); cause == nil || !errors.Is(err, cause) {
		err = CauseOf(ctx, err)
	}
	stop()
	var taken *Error
	if err == nil && errors.As(context.Cause(ctx), &taken) {
		return taken
	}
	return err
}

// CauseOf returns what ended ctx, where that is over, and else err: a request that
// a signal cut off says of the service what is not true.
func CauseOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
