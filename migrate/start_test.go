package migrate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
	"reseal/engine"
)

// The time before the first object ends with --max-duration, counted from the start of the
// command, and with the window where that ends a run. Outside its window a run may not go on.
func TestStartLimits(t *testing.T) {
	night, err := control.ParseWindow("22:00-06:00@UTC")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		limits StartLimits
		at     int           // hour of the day
		ends   time.Duration // from the start of the command on; 0: never
		closed bool
	}{
		{"none", StartLimits{}, 23, 0, false},
		{"time", StartLimits{Duration: 3 * time.Hour}, 12, 3 * time.Hour, false},
		{"window", StartLimits{Window: night, WindowExit: true}, 23, 7 * time.Hour, false},
		{"window before time", StartLimits{Duration: 9 * time.Hour, Window: night, WindowExit: true}, 23, 7 * time.Hour, false},
		{"window that pauses", StartLimits{Window: night}, 12, 0, false},
		{"outside the window", StartLimits{Window: night, WindowExit: true}, 12, 0, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Duration(tt.at) * time.Hour) // the clock begins at midnight UTC
			tt.limits.Since = time.Now()
			if closed := tt.limits.Closed(); (closed != nil) != tt.closed {
				t.Errorf("%s: closed: %v", tt.name, closed)
			}
			ctx, done := tt.limits.Bound(t.Context())
			defer done()
			select {
			case <-ctx.Done():
			case <-time.After(24 * time.Hour):
			}
			took := time.Since(tt.limits.Since)
			if tt.ends == 0 {
				if ctx.Err() != nil {
					t.Errorf("%s: ended after %s: %v", tt.name, took, context.Cause(ctx))
				}
				return
			}
			if took != tt.ends || !errors.As(context.Cause(ctx), new(*engine.StopError)) {
				t.Errorf("%s: ended after %s by %v, want %s", tt.name, took, context.Cause(ctx), tt.ends)
			}
		})
	}
}
