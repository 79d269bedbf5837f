package migrate

import (
	"context"
	"slices"

	"reseal/canary"
	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
)

// splitRows is how many rows a segment has at most where the report's format
// can be cut: some minutes of work for one process, so that shares are even, and
// few enough segments that their states are read within seconds.
const splitRows = 1_000_000

// Survey is what a report says is to be done. A job is made of it.
type Survey struct {
	Segments []inventory.Segment
	Rows     int64         // of the whole report, or job.Unknown
	Todo     int64         // objects to re-encrypt, or job.Unknown
	Tally    *cost.Tally   // of all rows; nil where only the first were read
	Canary   []job.Row     // objects to be tried first
	Evidence *job.Evidence // objects to be read as a whole before
	Damage   []error       // one for each file that could not be read to its end

	Filters *plan.FilterUse // which filters matched a row; nil where only the first were read
}

// Surveyor reads reports. It sends nothing but the requests that read the report, and
// those for some ACLs where Block Public Access may be in the way of a copy.
type Surveyor struct {
	Environment *preflight.Environment // learns what the plan holds
	Keep        int                    // how many objects are read as a whole before they are re-encrypted
	Tick        func(rows int64)       // told how many rows were read; may be nil
}

// decisive are the columns that a decision, a sum or a row of a job may need: all but some
// texts, of which a report may have some hundred bytes a row.
func decisive() inventory.Columns {
	return inventory.AllColumns.Without(inventory.ColumnsOf(inventory.ColACL, inventory.ColOwner, inventory.ColReplicationStatus, inventory.ColEventHoldDuration))
}

// WholeReport decides on every row, and sums up. A file that cannot be read is no
// error, but a damage of the survey.
func (s Surveyor) WholeReport(ctx context.Context) (*Survey, error) {
	e := s.Environment
	segments, err := e.Report.Split(ctx, splitRows)
	if err != nil {
		return nil, err
	}
	out := &Survey{Segments: segments, Tally: cost.NewTally(e.Policy.Now), Evidence: new(job.Evidence), Filters: plan.NewFilterUse(&e.Policy.Options)}
	choice := s.choice()
	decider := plan.NewDecider(e.Policy)
	held := false // objects that a look may show to be locked, so that only a copy does them
	for batch, err := range e.Report.ReadColumns(ctx, segments, decisive()) {
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			out.Filters.See(&batch.Records[i])
			task := decider.Decide(&batch.Records[i])
			out.count(e.Policy, task)
			choice.see(task)
			held = held || task.Action == plan.Update && isHeld(&task.Record)
		}
		out.Rows += int64(len(batch.Records))
		if batch.Err != nil {
			out.Damage = append(out.Damage, batch.Err)
		}
		if s.Tick != nil {
			s.Tick(out.Rows)
		}
	}
	out.take(choice)
	e.Plan.Untiered = out.Tally.TierUnknown()
	if len(out.Damage) == 0 && !held {
		e.Learn(out.Tally)
	}
	e.LookAtACLs(ctx, out.canaryRecords(e.Policy.Options.Bucket))
	return out, nil
}

// FirstRows reads no more of the report than is needed to choose the objects that are
// tried first.
func (s Surveyor) FirstRows(ctx context.Context) (*Survey, error) {
	e := s.Environment
	segments, err := e.Report.Split(ctx, splitRows)
	if err != nil {
		return nil, err
	}
	out := &Survey{Segments: segments, Rows: job.Unknown, Todo: job.Unknown, Evidence: new(job.Evidence)}
	if counted(segments) {
		if out.Rows, err = e.Report.Rows(ctx); err != nil {
			return nil, err
		}
	}
	choice := s.choice()
	if choice.none() {
		return out, nil
	}
	err = seeFirst(e.Policy, e.Report.Read(ctx, segments), func(inventory.Position) bool { return true }, choice.see)
	out.Canary = job.RowsOf(choice.first.Objects())
	out.Evidence.Choose(choice.kept, nil)
	return out, err
}

// count adds a row to the sums.
func (s *Survey) count(policy *plan.Policy, t *plan.Task) {
	s.Tally.Add(t)
	s.Evidence.Count(policy, t)
	if t.Action != plan.Skip {
		s.Todo++
	}
}

// take takes the objects that were chosen, and counts the requests that they take
// beside their own.
func (s *Survey) take(c *choice) {
	s.Canary = job.RowsOf(c.first.Objects())
	records := s.canaryRecords(c.policy.Options.Bucket)
	for i := range records {
		task := c.policy.Decide(&records[i])
		s.Tally.AddDemand(&task, c.policy.TrialDemand(&task))
	}
	for _, l := range c.first.Later() {
		s.Tally.AddDemand(&l.Task, c.policy.TrialDemand(&l.Task).Times(l.Trials).UpTo())
	}
	s.Evidence.Choose(c.kept, s.Tally)
}

// canaryRecords are the objects to be tried first, as records of the report.
func (s *Survey) canaryRecords(bucket string) []inventory.Record {
	records := make([]inventory.Record, len(s.Canary))
	for i := range s.Canary {
		records[i] = s.Canary[i].Record(bucket)
	}
	return records
}

// choice chooses objects of a job: those that are tried first, and those that are
// read as a whole before they are re-encrypted.
type choice struct {
	policy *plan.Policy
	keep   int
	first  canary.Picker
	kept   *plan.RowPicker
}

func (s Surveyor) choice() *choice {
	return &choice{policy: s.Environment.Policy, keep: s.Keep, kept: plan.NewRowPicker(s.Keep)}
}

// none tells whether nothing is to be chosen.
func (c *choice) none() bool { return c.policy.NoTrials && c.keep == 0 }

func (c *choice) see(t *plan.Task) {
	if !c.policy.NoTrials {
		c.first.See(t)
	}
	c.kept.See(c.policy, t)
}

// isHeld tells whether the report has a lock on the object.
func isHeld(r *inventory.Record) bool {
	return r.LockMode != "" || r.LegalHold == "ON" || r.EventHold == "ON"
}

// counted tells whether the rows of all segments are known without reading them.
func counted(segments []inventory.Segment) bool {
	return !slices.ContainsFunc(segments, func(s inventory.Segment) bool { return s.Last == inventory.OpenEnd })
}
