package migrate

import (
	"reseal/control/metrics"
	"reseal/engine"
	"reseal/job"
)

// Metrics are what stays of the run in metrics, but for its cost. What is left is known
// of a whole job alone.
func (o *Outcome) Metrics(made *job.Plan, share job.Share) *metrics.EndedRun {
	s, totals := o.Stats, o.Totals
	out := &metrics.EndedRun{Bytes: s.Bytes.Load(), Failed: totals.Failed, Left: job.Unknown}
	for outcome := range engine.NumOutcomes {
		out.Outcomes[outcome] = s.Count(outcome)
	}
	if todo := made.CountOrUnknown(made.Todo); share.Count == 0 && todo != job.Unknown {
		out.Left = max(0, todo-job.Handled(totals))
	}
	return out
}
