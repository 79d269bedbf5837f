package control

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/report"
)

// StillAfter is how long nothing may be recorded until a run counts as stuck. A run that
// works, waits or is paused records once a second; the state of a job in a bucket is
// asked for again for ten minutes, in which another process would do no better.
const StillAfter = 15 * time.Minute

// Health is what those who start and stop processes want to know of a run. Safe for
// concurrent use.
type Health struct {
	Stats *engine.Stats
	Admit context.Context // ends when no further object is begun

	proven atomic.Bool
}

// Proven says that the canary has been passed, or that there is none.
func (h *Health) Proven() { h.proven.Store(true) }

// Alive says why the run is stuck as of now, nil where it is not. A pause, an outage and
// a quota are no reason.
func (h *Health) Alive(now time.Time) error {
	at := h.Stats.Recorded.Load()
	if at == 0 {
		return nil // between two passes
	}
	if still := now.Sub(time.Unix(0, at)); still >= StillAfter {
		return fmt.Errorf("stuck: nothing was recorded for %s", report.Duration(still))
	}
	return nil
}

// Ready says why the run takes up no objects, nil where it does, or is paused.
func (h *Health) Ready() error {
	switch {
	case h.Admit.Err() != nil:
		return errors.New("ending: no further object is begun")
	case !h.proven.Load():
		return errors.New("not yet: the canary is not over")
	}
	return nil
}
