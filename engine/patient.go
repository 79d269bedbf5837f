package engine

import (
	"context"
	"errors"
	"math/rand/v2"

	"reseal/internal/wait"
	"reseal/plan"
)

// Patient returns a Gate for requests outside a run, such as those that list a
// bucket. Each try passes g. A request whose error passes is sent again, attempts
// times in all. ctx ends the waiting as well as the request.
func Patient(g Gate, attempts int) Gate { return patient{g, attempts} }

type patient struct {
	gate     Gate
	attempts int
}

// Do implements Gate.
func (p patient) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := p.gate.Do(ctx, s, send)
		var oe *ObjectError
		if err == nil || !errors.As(err, &oe) || !oe.Class.passes() || attempt >= p.attempts {
			return err
		}
		if oe.Class == Empty && attempt >= emptyTries {
			return exhausted(oe, attempt)
		}
		if wait.For(ctx, backoff(attempt, oe.Class, rand.Float64())) != nil {
			return context.Cause(ctx)
		}
		s.Retry = true
	}
}
