package campaign

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
)

// Status is how far a campaign is. It is what reseal campaign --json and reseal status
// --json of a campaign write.
type Status struct {
	Type    string `json:"type"` // campaign
	Job     string `json:"job"`  // its folder or prefix
	Buckets []Row  `json:"buckets"`
	Sum     Sum    `json:"sum"`
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
// that cannot be read is in its row with the reason, and stops nothing else.
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
	s, err := ReadJob(ctx, jobs, JobOf(campaign, e.Name))
	if err == nil && s == nil && e.Made {
		err = &GoneError{JobOf(campaign, e.Name)}
	}
	is := Error
	if s != nil && s.Bucket != e.Name { // its figures say nothing about this one
		err, is = &OtherBucketError{Bucket: e.Name, Is: s.Bucket, Job: JobOf(campaign, e.Name)}, OtherJob
		s = nil
	}
	r := RowOf(campaign, e, s)
	if err == nil {
		return r
	}
	r.Err, r.Why = err, err.Error()
	if r.State != LeftOut {
		r.State = is
	}
	return r
}

// ReadJob reads how far the job of that name is, with its later generations. Where there is
// no job, both are nil.
func ReadJob(ctx context.Context, jobs job.Opener, name string) (*status.Status, error) {
	store, made, err := jobs.Find(ctx, name, job.Share{})
	if err != nil || made == nil {
		return nil, err
	}
	r, err := status.LookWhole(ctx, jobs, store, made, job.Share{})
	if err != nil {
		return nil, err
	}
	return r.Status(), nil
}

// GoneError is a job that was made, and is not there any more.
type GoneError struct{ Job string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("the job %s was made, and is not there any more. Nothing in its bucket was lost by that. Put it back from a copy; the same campaign makes a new one", e.Job)
}
