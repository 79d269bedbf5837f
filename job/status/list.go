package status

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"reseal/job"
)

// Listed is a job in a list of them. It is what reseal jobs --json writes.
type Listed struct {
	Job       string    `json:"job"`
	State     string    `json:"state"` // of status, or running, paused, unreadable
	Bucket    string    `json:"bucket,omitempty"`
	KMSKeyID  string    `json:"kms_key_id,omitempty"`
	Settled   int64     `json:"rows_settled"`
	Rows      *int64    `json:"rows"` // null where nobody counted them yet
	Done      int64     `json:"done"`
	Failed    int64     `json:"failed"`
	LastWrite time.Time `json:"last_write,omitzero"`
	Error     string    `json:"error,omitempty"` // why it is unreadable
}

// List reads how the jobs at a place stand. One that cannot be read is in the list
// with the reason.
func List(ctx context.Context, jobs job.Opener, place string) (all []Listed, hidden []string, err error) {
	const atOnce = 8
	names, hidden, err := jobs.List(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	all = make([]Listed, len(names))
	var reads errgroup.Group
	reads.SetLimit(atOnce)
	for i, name := range names {
		reads.Go(func() error {
			all[i] = readListed(ctx, jobs, name)
			return ctx.Err()
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(all, func(a, b Listed) int { return b.LastWrite.Compare(a.LastWrite) })
	return all, hidden, nil
}

func readListed(ctx context.Context, jobs job.Opener, name string) Listed {
	unreadable := func(err error) Listed { return Listed{Job: name, State: "unreadable", Error: err.Error()} }
	store, made, err := jobs.Load(ctx, name)
	if err != nil {
		return unreadable(err)
	}
	s, err := Read(ctx, store, made, job.Share{})
	if err != nil {
		return unreadable(err)
	}
	l := Listed{Job: name, State: string(s.State), Bucket: s.Bucket, KMSKeyID: s.KMSKeyID, Settled: s.Settled, Rows: s.Rows, Done: s.Done, Failed: s.Failed, LastWrite: s.LastWrite}
	if worked := s.WorkedOn("") || slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return s.WorkedOn(o.Share) }); worked {
		l.State = "running"
		if s.Run != nil && s.Run.Waiting() {
			l.State = "paused"
		}
	}
	return l
}
