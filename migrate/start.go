package migrate

import (
	"context"
	"time"

	"reseal/control"
)

// StartLimits bound the time before a run's first object, by the limits that bound the
// run.
type StartLimits struct {
	Duration   time.Duration // of the run; 0 for no limit
	Since      time.Time     // from when on it counts
	Window     control.Window
	WindowExit bool // outside the window the run ends
}

// Closed returns the end of a run that may not go on now, nil while it may.
func (l StartLimits) Closed() error {
	if l.WindowExit && !l.Window.Open(time.Now()) {
		return l.Window.Closed(time.Now())
	}
	return nil
}

// Bound returns a context that ends with the time or the window, with the end of the run
// as its cause. The caller calls done.
func (l StartLimits) Bound(ctx context.Context) (bounded context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var timers []*time.Timer
	if l.Duration > 0 {
		timers = append(timers, time.AfterFunc(time.Until(l.Since.Add(l.Duration)), func() { cancel(TimeIsUp(l.Duration)) }))
	}
	if now := time.Now(); l.WindowExit && l.Window.Open(now) {
		timers = append(timers, time.AfterFunc(time.Until(l.Window.Change(now)), func() { cancel(l.Window.Closed(time.Now())) }))
	}
	return ctx, func() {
		for _, t := range timers {
			t.Stop()
		}
		cancel(nil)
	}
}
