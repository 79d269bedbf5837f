package migrate

import (
	"context"
	"fmt"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/job"
)

// Claim is a job that a run is about to work on: found or made, and then held, so that
// no other process does.
type Claim struct {
	Jobs    job.Opener
	Name    string // folder or address
	Share   job.Share
	Socket  control.Socket // of the run
	Program string         // as others are told who holds the job

	Store job.Store        // nil until the job is there
	Plan  *job.Plan        // likewise
	Lock  *checkpoint.Lock // nil until the job is held
	Found bool             // the job was there: only its plan, or begun already
}

// Find looks for the job. It is no error that there is none.
func (c *Claim) Find(ctx context.Context) (err error) {
	if err := job.CheckWritable(c.Name); err != nil {
		return err
	}
	c.Store, c.Plan, err = c.Jobs.Find(ctx, c.Name, c.Share)
	c.Found = err == nil && c.Plan != nil
	return err
}

// Keep holds a job that was found before anything else is looked at or sent, so that a
// second process does not get as far as the probe. A plan that nobody ever held stays
// the one file that it is until Hold.
func (c *Claim) Keep(ctx context.Context) error {
	if job.MayBeHeld(c.Name) {
		return c.Hold(ctx)
	}
	return c.alone()
}

// Hold takes the job, or says who has it. It does nothing where the job is held already.
func (c *Claim) Hold(ctx context.Context) (err error) {
	if c.Lock != nil {
		return nil
	}
	if err := c.alone(); err != nil {
		return err
	}
	c.Lock, err = c.Store.Lock(ctx, checkpoint.Self(c.Program))
	return err
}

// Make holds the job, and makes it from the plan where it was not found.
func (c *Claim) Make(ctx context.Context, plan *job.Plan) (err error) {
	if c.Store == nil {
		if c.Store, err = c.Jobs.Create(ctx, c.Name, c.Share); err != nil {
			return fmt.Errorf("make job %s: %w", c.Name, err)
		}
	}
	if err := c.Hold(ctx); err != nil || c.Found {
		return err
	}
	if err := job.WritePlan(ctx, c.Store, c.Name, plan); err != nil {
		return fmt.Errorf("make job %s: %w", c.Name, err)
	}
	return nil
}

// Release gives the job back, on whatever way the run ends. What is recorded stays so;
// a lock that cannot be given back is taken over by the next run.
func (c *Claim) Release(life *Lifetime) {
	if c.Lock != nil {
		life.Kill()
		_ = c.Lock.GiveBack(life.Last())
	}
}

// alone refuses a local job that another process answers for, before anything is
// stored. Its lock may be gone while it works: the socket tells. The lease of a job in
// a bucket says more than the name of a socket.
func (c *Claim) alone() error {
	if job.InBucket(c.Name) {
		return nil
	}
	live := c.Socket.InUse()
	if live == nil || !job.MayBeHeld(c.Name) {
		return live
	}
	if dir, is := c.Store.(*checkpoint.Dir); is {
		if err := dir.Unlocked(); err != nil {
			return err // it says who
		}
	}
	return live
}
