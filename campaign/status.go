package campaign

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"reseal/cost"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// JobOf is the name of a bucket's job in the campaign of that name.
func JobOf(campaign, bucket string) string { return job.Below(campaign, bucket) }

// Status is how far a campaign is. It is what reseal campaign --json and reseal status
// --json of a campaign write.
type Status struct {
	Type    string `json:"type"` // campaign
	Job     string `json:"job"`  // its folder or prefix
	Buckets []Row  `json:"buckets"`
	Sum     Sum    `json:"sum"`
}

// Row is a bucket of a campaign.
type Row struct {
	Bucket  string     `json:"bucket"`
	Job     string     `json:"job"`
	State   State      `json:"state"`
	Todo    *int64     `json:"objects"` // to be re-encrypted, as planned; null where nobody knows
	Left    *int64     `json:"left"`
	Done    int64      `json:"done"`
	Failed  int64      `json:"failed"`
	Bytes   int64      `json:"bytes"` // of those done; of a job with later generations, by the first
	Spent   cost.Money `json:"spent_max_usd"`
	Planned *Figures   `json:"planned,omitempty"`
	Ended   *Ending    `json:"ended,omitempty"` // how its last run ended
	Why     string     `json:"why,omitempty"`   // it stands like this
	Next    string     `json:"next,omitempty"`  // command

	Of *status.Status `json:"-"` // its job, nil where there is none
}

// Sum is over all buckets that are not left out.
type Sum struct {
	Buckets  int        `json:"buckets"`
	Finished int        `json:"finished"` // of them, without a failure
	Unknown  int        `json:"unknown"`  // of them, whose objects are in no figure
	Objects  int64      `json:"objects"`
	Left     int64      `json:"left"`
	Done     int64      `json:"done"`
	Failed   int64      `json:"failed"`
	Bytes    int64      `json:"bytes"`
	Spent    cost.Money `json:"spent_max_usd"`
	Planned  Figures    `json:"planned"`
}

// RowOf is how a bucket stands, by what the campaign keeps of it and by its job, nil
// where there is none.
func RowOf(campaign string, e *Entry, s *status.Status) Row {
	r := Row{Bucket: e.Name, Job: JobOf(campaign, e.Name), State: New, Planned: e.Planned, Ended: e.Ended, Of: s}
	var all status.Whole
	if s != nil {
		all = s.Whole()
		r.Todo, r.Left, r.Done, r.Failed, r.Bytes, r.Spent = with(s.Todo, all.Found), with(s.Left, all.Left), all.Done, all.Failed, s.Bytes, all.Spent
	} else if e.Planned != nil {
		r.Todo, r.Left = &e.Planned.Objects, &e.Planned.Objects
	}
	counts := e.Ended != nil && (s == nil || !s.LastWrite.After(e.Ended.At.Add(clockGrain)) && !all.At.After(e.Ended.At)) // else a run came later
	switch {
	case e.LeftOut:
		r.State = LeftOut
	case s != nil && s.WorkedOn(""):
		r.State = Running
	case s != nil && endOf(e, s, &all) == Finished:
		r.State = Finished
	case counts && e.Ended.Code != 0:
		r.State, r.Why = stateOf(e.Ended.Code), e.Ended.Why
	case s != nil:
		r.State = endOf(e, s, &all)
	}
	return r
}

// endOf is how far a job is, by what stands in it.
func endOf(e *Entry, s *status.Status, all *status.Whole) State {
	switch {
	case s.State == status.NotBegun && s.Runs == 0:
		return New
	case s.State != status.Finished, all.Looked && (all.Verdict == generations.Open || all.Verdict == generations.Worked), !all.Looked && e.UntilClean:
		return GoesOn
	case all.Looked && all.Verdict == generations.Left, !all.Looked && all.Failed+int64(s.Damaged) > 0:
		return Failures
	}
	return Finished
}

// with adds to a number that may not be known.
func with(n *int64, more int64) *int64 {
	if n == nil || more == 0 {
		return n
	}
	sum := plus(*n, more)
	return &sum
}

// clockGrain is how much later than the end of a run its last write may seem to be.
const clockGrain = 2 * time.Second

// NewStatus sums rows up.
func NewStatus(campaign string, rows []Row) *Status {
	s := &Status{Type: "campaign", Job: campaign, Buckets: rows, Sum: Sum{Planned: Figures{Priced: true}}}
	for i := range rows {
		r, sum := &rows[i], &s.Sum
		if r.State == LeftOut {
			continue
		}
		sum.Buckets++
		if r.State == Finished {
			sum.Finished++
		}
		if r.Todo == nil {
			sum.Unknown++
		} else {
			sum.Objects = plus(sum.Objects, *r.Todo)
		}
		if r.Left != nil {
			sum.Left = plus(sum.Left, *r.Left)
		}
		sum.Done, sum.Failed, sum.Bytes, sum.Spent = plus(sum.Done, r.Done), plus(sum.Failed, r.Failed), plus(sum.Bytes, r.Bytes), sum.Spent.Add(r.Spent)
		if r.Planned != nil {
			sum.Planned.add(r.Planned)
		}
	}
	return s
}

// ReadStatus reads how far the campaign of that name is, of which d is the document. A job
// that cannot be read is in its row with the reason.
func ReadStatus(ctx context.Context, jobs job.Opener, campaign string, d *Document) (*Status, error) {
	const atOnce = 8
	rows := make([]Row, len(d.Buckets))
	var reads errgroup.Group
	reads.SetLimit(atOnce)
	for i := range d.Buckets {
		reads.Go(func() error {
			rows[i] = readRow(ctx, jobs, campaign, &d.Buckets[i])
			return context.Cause(ctx)
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	return NewStatus(campaign, rows), nil
}

func readRow(ctx context.Context, jobs job.Opener, campaign string, e *Entry) Row {
	unreadable := func(err error) Row {
		r := RowOf(campaign, e, nil)
		if r.Why = err.Error(); r.State != LeftOut {
			r.State = Error
		}
		return r
	}
	store, made, err := jobs.Find(ctx, JobOf(campaign, e.Name), job.Share{})
	if err != nil {
		return unreadable(err)
	}
	if made == nil {
		return RowOf(campaign, e, nil)
	}
	s, err := status.Read(ctx, store, made, job.Share{})
	if err != nil {
		return unreadable(err)
	}
	return RowOf(campaign, e, s)
}
