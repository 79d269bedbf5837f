package status

import (
	"context"
	"time"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/verify"
)

// Reading is all that can be read of a job at some instant.
type Reading struct {
	Name    string
	Plan    *job.Plan
	State   *checkpoint.Snapshot
	History job.History       // of all its runs
	Run     *control.Status   // of the run that answers at the socket on this machine; nil for none
	Shares  []job.ShareStatus // of a job that is divided
	Holder  *job.ShareStatus  // of one that is not; nil where nobody holds it
	Open    []job.OpenHazard  // that the plan left open, and nothing settles that the job was told since

	Verified *verify.Note // what the last verification found; nil for none

	Chain *generations.Chain // of the generations after the first
	Later map[int]*Status    // how those of them are that are jobs, by their numbers; nil where nobody looked

	// Proof is what the verifications of the later generations come to. It is read once
	// the last of them ended, and nothing is left to do.
	Proof Proof

	// HistoryErr is why the history lacks something. SharesErr is why nothing is known of
	// who works on the job, as where its runs are of a later format.
	HistoryErr, SharesErr error
}

// Look reads a job, and how the run of all of it does, or of a share. An error is about
// its state; without its history or its holders the rest is as good.
func Look(ctx context.Context, store job.Store, made *job.Plan, share job.Share) (*Reading, error) {
	at, err := checkpoint.Read(ctx, store)
	if err != nil {
		return nil, err
	}
	r := &Reading{Name: store.String(), Plan: made, State: at, Verified: verify.ReadNote(ctx, store)}
	if r.Chain, err = generations.Read(ctx, store, made); err != nil {
		return nil, err
	}
	r.History, r.HistoryErr = job.ReadWholeHistory(ctx, store)
	r.Run = control.LiveStatus(ctx, job.Socket(r.Name, share))
	r.Shares, r.Holder, r.SharesErr = job.ReadShares(ctx, store, made, at, time.Now())
	if r.SharesErr != nil {
		r.Shares, r.Holder = nil, nil
	}
	if len(made.Open) > 0 {
		told, err := job.CurrentOptions(ctx, store, made)
		if err != nil {
			told = nil // as the plan had it
		}
		r.Open = job.StillOpen(made.Open, told)
	}
	if last := r.Chain.Last(); last != nil && last.Over() && last.Verdict != generations.Worked {
		r.Proof = proofOf(ctx, store, r.Chain)
	}
	r.History.ExceptRunning(r.Run != nil || r.Holder != nil && r.Holder.State == job.ShareRunning, r.Shares)
	return r, nil
}

// Status sums the reading up.
func (r *Reading) Status() *Status {
	s := New(r.Name, r.Plan, r.State.Totals(), r.History)
	s.Run, s.Shares, s.Holder, s.Verified, s.Open = r.Run, r.Shares, r.Holder, r.Verified, r.Open
	if past := &r.History; s.Run == nil && past.Status != nil && !s.WorkedOn(past.StatusOf) {
		s.LastRun = &LastRun{past.Last, past.Status, past.StatusOf, r.SharesErr == nil}
	}
	s.Generations, s.Later, s.Proof = r.Chain.Generations, r.Later, r.Proof
	s.forecast()
	s.Notices, s.Damages = r.State.Notices(), Damages(r.State)
	return s
}

// forecast says what is left, and how long that takes at the rate of the run.
func (s *Status) forecast() {
	if s.Todo == nil {
		return
	}
	left := max(*s.Todo-s.Done-s.Failed-s.Skipped[string(plan.Gone)], 0)
	if s.State == Finished {
		left = 0
	}
	s.Left = &left
	if r := s.Run; r != nil && r.Rate > 0 && left > 0 && !r.Waiting() && r.Ended == nil {
		s.ETA = time.Duration(float64(left) / r.Rate * float64(time.Second))
	}
}

// Read returns how far a job is, and how the run of all of it does, or of a share. It
// sends requests only for a job in a bucket. It needs no lock, and any number of readers
// may read beside a run.
func Read(ctx context.Context, store job.Store, made *job.Plan, share job.Share) (*Status, error) {
	r, err := Look(ctx, store, made, share)
	if err != nil {
		return nil, err
	}
	return r.Status(), nil
}
