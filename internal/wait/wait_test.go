package wait

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A wait takes its time, and ends early with the reason of its context.
func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := For(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %v, want none after a minute", err, time.Since(began))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("signal")
		time.AfterFunc(time.Second, func() { cancel(reason) })
		began = time.Now()
		if err := For(ctx, time.Minute); err != reason || time.Since(began) != time.Second {
			t.Errorf("%v after %v, want the reason after a second", err, time.Since(began))
		}
	})
}
