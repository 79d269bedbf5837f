package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"reseal/engine"
	"reseal/plan"
)

// Stopwatch is a Gate that times the requests that pass it, from sending to
// answer. The wait at the next gate does not count. It keeps every time, so it is
// for some hundred requests. Safe for concurrent use.
type Stopwatch struct {
	Next engine.Gate

	mu   sync.Mutex
	took []time.Duration // of requests that succeeded
}

// Do implements engine.Gate. Reading a body is not timed, as only the canary
// does that.
func (w *Stopwatch) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return w.Next.Do(ctx, s, func(ctx context.Context) error {
		began := time.Now()
		err := send(ctx)
		if err == nil && s.Kind != plan.StepGetBody {
			took := time.Since(began)
			w.mu.Lock()
			w.took = append(w.took, took)
			w.mu.Unlock()
		}
		return err
	})
}

// minTimed is how many requests a latency rests on at least.
const minTimed = 5

// Latency is the median, so that a slow first connection does not count. It is 0
// below five requests.
func (w *Stopwatch) Latency() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.took) < minTimed {
		return 0
	}
	slices.Sort(w.took)
	return w.took[len(w.took)/2]
}
