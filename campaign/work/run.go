package work

import (
	"context"
	"errors"
	"os"
	"time"

	"reseal/campaign"
	"reseal/checkpoint"
	"reseal/cost"
)

// Run runs the buckets, and returns the exit codes of all. A signal lets no bucket begin any
// more, and goes on to the runs under way.
func (c *Campaign) Run(ctx context.Context, from <-chan os.Signal) (codes []int) {
	by := map[string]*Bucket{}
	for _, b := range c.Buckets {
		by[b.Name] = b
		switch {
		case b.Failed != nil:
			codes = append(codes, c.Runner.Code(b.Failed))
		case b.Idle && b.Of != nil && b.Of.Failed+int64(b.Of.Damaged) > 0:
			codes = append(codes, campaign.FailuresCode)
		}
	}
	end := c.awaitEnd(ctx, from)
	defer end.close()
	tasks, spent := c.tasks(ctx)
	plan := campaign.Plan{Order: c.Order, Parallel: c.Parallel, MaxCost: c.MaxCost, Spent: spent}
	plan.Run(end.admit, tasks, func(t *campaign.Task, limit cost.Money) campaign.Outcome {
		b := by[t.Bucket]
		c.Screen.Begun(b)
		mine, done := end.fan.Join()
		defer done()
		return c.outcomeOf(ctx, b, c.Runner.Run(ctx, b, limit, mine), t.Spent)
	}, func(t *campaign.Task, o campaign.Outcome) {
		codes = append(codes, o.Code)
		c.record(ctx, by[t.Bucket], o, end)
	}, c.Runner.Code)
	if taken := end.close(); taken != nil {
		codes = append(codes, c.Runner.Code(taken))
	}
	return codes
}

// tasks are the buckets with something to do, and what those spent that have nothing.
func (c *Campaign) tasks(ctx context.Context) (tasks []campaign.Task, spent cost.Money) {
	for _, b := range c.Buckets {
		before := spentBy(b.Of)
		if b.Failed != nil || b.Idle {
			spent = spent.Add(before)
			continue
		}
		tasks = append(tasks, campaign.Task{Bucket: b.Name, Figures: b.Left, Spent: before})
	}
	for i := range c.leftOut {
		if s, err := campaign.ReadJob(ctx, c.Jobs, campaign.JobOf(c.Name, c.leftOut[i].Name)); err == nil {
			spent = spent.Add(spentBy(s))
		}
	}
	return tasks, spent
}

// outcomeOf is how the run of a bucket ended. What its job spent is read from it; where
// that cannot be read, all that was granted counts.
func (c *Campaign) outcomeOf(ctx context.Context, b *Bucket, err error, before cost.Money) campaign.Outcome {
	o := campaign.Outcome{}
	s, failed := campaign.ReadJob(ctx, c.Jobs, b.Job)
	if failed == nil && s != nil {
		b.Of, o.Spent = s, spentBy(s)
	} else {
		o.Spent = before.Add(b.Left.Price.Max)
	}
	if err != nil {
		o.Code = c.Runner.Code(err)
	}
	o.Why, b.Next = c.Runner.Why(b, err, s)
	return o
}

// record says how a bucket ended, and writes it into the document.
func (c *Campaign) record(ctx context.Context, b *Bucket, o campaign.Outcome, end *ends) {
	b.Entry.Ended = campaign.NewEnding(time.Now(), o.Code, o.Why)
	c.Screen.Ended(b, o)
	if b.Next == "" && o.Why == campaign.NotCovered {
		b.Next = c.Runner.MoreMoney(c.covering(b))
	}
	if err := c.write(ctx); errors.As(err, new(*checkpoint.ConflictError)) || errors.As(err, new(*checkpoint.LostError)) {
		end.lose(err)
	} else if err != nil {
		c.Screen.NotRecorded(b, err)
	}
}

// covering is a limit of money that covers a bucket as well.
func (c *Campaign) covering(b *Bucket) cost.Money {
	spent := cost.Money(0)
	for _, other := range c.Buckets {
		spent = spent.Add(spentBy(other.Of))
	}
	return max((spent.Add(b.Left.Price.Max)+cost.Cent-1)/cost.Cent, c.MaxCost/cost.Cent+1) * cost.Cent
}
