package campaign

import (
	"context"
	"fmt"
	"slices"

	"reseal/cost"
)

// Plan says how the buckets of a campaign are worked on.
type Plan struct {
	Order    Order
	Parallel int        // buckets at once
	MaxCost  cost.Money // of all buckets, what their jobs spent before included; 0 for no limit
	Spent    cost.Money // by jobs of the campaign that have no task
}

// Outcome is how the run of a bucket ended.
type Outcome struct {
	Code  int
	Why   string
	Spent cost.Money // by the job, all its runs together
}

// NotCovered is why a bucket did not begin: what is left of the money does not cover it.
const NotCovered = "not begun: what is left of --max-cost does not cover it"

// Run works on tasks until none is left that can begin, or admit ends. Begin runs a
// bucket whose job may have spent limit in all at its end, 0 for any amount; admit
// has ended where it should only finish what is under way. Ended is told of each, one
// call at a time. Who is not begun ends with why, and code is that of an ended admit.
func (p *Plan) Run(admit context.Context, tasks []Task, begin func(t *Task, limit cost.Money) Outcome, ended func(t *Task, o Outcome), code func(error) int) {
	p.Order.Sort(tasks)
	money := budget{limit: p.MaxCost, spent: p.Spent}
	for i := range tasks {
		money.spent = money.spent.Add(tasks[i].Spent)
	}
	type over struct {
		task    *Task
		outcome Outcome
		granted cost.Money
	}
	done := make(chan over)
	waiting := make([]*Task, len(tasks))
	for i := range tasks {
		waiting[i] = &tasks[i]
	}
	running := 0
	for len(waiting) > 0 || running > 0 {
		if next, granted := p.next(admit, waiting, running, &money); next >= 0 {
			t := waiting[next]
			waiting = slices.Delete(waiting, next, next+1)
			running++
			limit := cost.Money(0)
			if p.MaxCost > 0 {
				limit = t.Spent.Add(granted)
			}
			go func() { done <- over{t, begin(t, limit), granted} }()
			continue
		}
		if running == 0 {
			break
		}
		o := <-done // each run ends by itself once admit has ended
		running--
		money.settle(o.granted, o.outcome.Spent-o.task.Spent)
		ended(o.task, o.outcome)
	}
	for _, t := range waiting {
		o := Outcome{Code: stoppedCode, Why: NotCovered, Spent: t.Spent}
		if cause := context.Cause(admit); cause != nil {
			o.Code, o.Why = code(cause), fmt.Sprintf("not begun: %v", cause)
		}
		ended(t, o)
	}
}

// next is the first bucket that can begin now, and what is set aside for it; -1 for none.
func (p *Plan) next(admit context.Context, waiting []*Task, running int, money *budget) (i int, granted cost.Money) {
	if admit.Err() != nil || running >= max(p.Parallel, 1) {
		return -1, 0
	}
	for i, t := range waiting {
		if granted, ok := money.grant(&t.Figures); ok {
			return i, granted
		}
	}
	return -1, 0
}
