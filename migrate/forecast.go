package migrate

import (
	"sync/atomic"
	"time"

	"reseal/control"
	"reseal/cost"
)

// Forecast is how long a job takes by its plan, until the run knows its own rate. It
// may be used by several goroutines at once. The zero value knows of no plan.
type Forecast struct{ planned atomic.Pointer[cost.Duration] }

// Plan sets what the plan says; nil: nobody knows.
func (f *Forecast) Plan(d *cost.Duration) { f.planned.Store(d) }

// Planned returns what the plan says, nil where nobody knows.
func (f *Forecast) Planned() *cost.Duration { return f.planned.Load() }

// Remaining is how long what is left of the total objects takes, by plan and meter. ok is
// false where nobody knows.
func (f *Forecast) Remaining(left, total int64, m *control.Meter) (shortest, longest time.Duration, ok bool) {
	plan := f.planned.Load()
	if plan == nil || plan.Binding == "" {
		plan = new(cost.Duration)
	}
	shortest, _ = m.Remaining(left, total, plan.Shortest)
	longest, ok = m.Remaining(left, total, plan.Longest)
	return shortest, longest, ok
}
