package main

import (
	"context"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// sent is what some looks at an object asked of S3, and of KMS at most.
type sent struct{ requests, kms int64 }

// count adds them to the totals of the job, under the row of the object.
func (s sent) count(j *journal, p inventory.Position) error {
	if s.requests == 0 {
		return nil
	}
	if err := j.Count(p, "requests", s.requests); err != nil {
		return err
	}
	return j.Count(p, "kms_calls_max", s.kms)
}

// counting is a Gate that counts what is sent through it, each try. It is for one
// goroutine.
type counting struct {
	engine.Gate
	sent
}

// Do implements engine.Gate.
func (c *counting) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return c.Gate.Do(ctx, s, func(ctx context.Context) error {
		c.requests++
		c.kms += s.Demand.KMS.Max
		return send(ctx)
	})
}

// twice is what was sent and a second look, at what the object becomes under the
// policy: it comes after the object is settled, where the journal counts no more.
func (c *counting) twice(p *plan.Policy, t *plan.Task) sent {
	if c.requests == 0 {
		return sent{}
	}
	again := p.SnapshotDemand(t, p.Options.SSE == plan.TargetKMS)
	return sent{c.requests + again.Reads.Max + again.Writes.Max, c.kms + again.KMS.Max}
}
