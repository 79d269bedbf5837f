package migrate

import (
	"context"
	"time"

	"reseal/internal/wait"
	"reseal/s3api"
)

// Patience is how the start of a run waits for an endpoint that does not answer.
type Patience struct {
	Longest time.Duration   // 0: it does not wait
	Closed  func() error    // why it must not wait any longer, nil while it may
	Waiting func(err error) // called once, before it waits for the first time
}

const (
	firstPause   = time.Second
	longestPause = 15 * time.Second
)

// Do calls look until it succeeds, fails for good, or the patience is at its end.
func (p Patience) Do(ctx context.Context, look func() error) error {
	began, pause := time.Now(), firstPause
	for {
		err := look()
		if err == nil || ctx.Err() != nil || !s3api.Passes(err) || time.Since(began) >= p.Longest {
			return err
		}
		if closed := p.Closed(); closed != nil {
			return closed
		}
		if pause == firstPause {
			p.Waiting(err)
		}
		if wait.For(ctx, pause) != nil {
			return context.Cause(ctx)
		}
		pause = min(2*pause, longestPause)
	}
}
