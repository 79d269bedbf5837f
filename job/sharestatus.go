package job

import (
	"context"
	"errors"
	"slices"
	"time"

	"reseal/checkpoint"
)

// ShareStatus is the state of a share, as its runs and the lease document tell.
type ShareStatus struct {
	Share    string    `json:"share,omitempty"` // I/N; "" for all of the job
	State    string    `json:"state"`           // not begun, running, dead, released, ended, finished, empty
	Epoch    uint64    `json:"epoch,omitempty"` // of its last holder
	User     string    `json:"user,omitempty"`
	Host     string    `json:"host,omitempty"`
	PID      int       `json:"pid,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	LastSeen time.Time `json:"last_seen,omitzero"` // when it last wrote something down
	Segments *int      `json:"segments"`           // that it has; null where the plan does not say
	Finished int       `json:"segments_finished"`  //
	Settled  int64     `json:"rows_settled"`       // of its segments, by whatever run
	Failed   int64     `json:"failed"`             // of them
	Rate     float64   `json:"objects_per_second"` // when it was last seen
	ExitCode *int      `json:"exit_code"`          // null where no end was recorded
}

// The states of a share.
const (
	ShareNotBegun = "not begun"
	ShareRunning  = "running"
	ShareDead     = "dead"     // its holder gives no sign of life
	ShareReleased = "released" // given back before any work was recorded
	ShareEnded    = "ended"
	ShareFinished = "finished" // nobody works on it, and nothing is left but what failed
	ShareEmpty    = "empty"    // it has no part of the report
)

// silentFor is how long a run writes no history before it counts as dead, where
// the lease document says nothing of it.
const silentFor = 2 * time.Minute

// ReadShares returns the state of each share of a job in a bucket, as it is divided
// now; at is what is recorded of its rows. For a job that is not divided, in a bucket or
// a folder, whole is the state of its holder, nil where nobody holds it.
func ReadShares(ctx context.Context, store Store, made *Plan, at *checkpoint.Snapshot, now time.Time) (shares []ShareStatus, whole *ShareStatus, err error) {
	runs, err := Runs(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	last := map[string]*Run{} // of each share
	for i := range runs {     // first to last
		last[runs[i].Share] = &runs[i]
	}
	remote, is := store.(*checkpoint.Remote)
	if !is {
		whole, err := holderOfFolder(ctx, store, last[""], now)
		return nil, whole.count(made, at, Share{}), err
	}
	count, holders, err := remote.Holders(ctx)
	if err != nil {
		return nil, nil, err
	}
	if count == 0 {
		return nil, holderOfAll(ctx, store, holders, last[""], now).count(made, at, Share{}), nil
	}
	out := make([]ShareStatus, min(count, MaxShares))
	for i := range out {
		part := Share{Index: i, Count: count}
		out[i] = ShareStatus{Share: part.String(), State: ShareNotBegun}
		if r := last[part.String()]; r != nil {
			out[i].fill(ctx, store, part, r, now)
		}
	}
	for _, h := range holders {
		if h.Share >= 0 && h.Share < len(out) {
			out[h.Share].held(&h, now)
		}
	}
	for i := range out {
		out[i].count(made, at, Share{Index: i, Count: count})
	}
	return out, nil, nil
}

// holderOfFolder is how the holder of a local job is doing, nil where nobody has it. The
// lock of the kernel tells, whether the holder gives answers or not. A job that nobody
// ever held has no lock file, and gets none.
func holderOfFolder(ctx context.Context, store Store, last *Run, now time.Time) (*ShareStatus, error) {
	dir, is := store.(*checkpoint.Dir)
	if !is || !MayBeHeld(dir.String()) {
		return nil, nil
	}
	var locked *checkpoint.LockedError
	if err := dir.Unlocked(); !errors.As(err, &locked) {
		return nil, err
	}
	s, h := new(ShareStatus), &locked.Holder
	if last != nil && last.By.PID == h.PID && last.By.Host == h.Host { // else it did not get as far as that
		s.fill(ctx, store, Share{}, last, now)
	}
	s.State, s.Host, s.PID, s.Started = ShareRunning, h.Host, h.PID, h.Started
	return s, nil
}

// count says how far the share is, by what is recorded of its rows.
func (s *ShareStatus) count(made *Plan, at *checkpoint.Snapshot, part Share) *ShareStatus {
	if s == nil || len(made.Sizes) == 0 && part.Count > 0 {
		return s
	}
	own := part.Owns(made.Segments, made.Sizes)
	segments := 0
	for i := range made.Segments {
		if own == nil || own(i) {
			segments++
		}
	}
	s.Segments = &segments
	for _, seg := range at.Segments() {
		if own != nil && !own(seg.Index) {
			continue
		}
		s.Settled += seg.Done + seg.Failed
		s.Failed += seg.Failed
		if seg.Finished {
			s.Finished++
		}
	}
	switch {
	case s.State == ShareRunning || !s.finished():
	case segments == 0:
		s.State = ShareEmpty
	default:
		s.State, s.Rate = ShareFinished, 0
	}
	return s
}

// finished tells whether no row of the share needs anything any more. Where the plan
// does not say which it has, its last run tells.
func (s *ShareStatus) finished() bool {
	if s.Segments == nil {
		return s.State == ShareEnded && s.ExitCode != nil && *s.ExitCode == 0
	}
	return s.Finished >= *s.Segments
}

// holderOfAll is how the holder of a job is doing that is not divided, nil where it
// was given back.
func holderOfAll(ctx context.Context, store checkpoint.Reader, holders []checkpoint.Holding, last *Run, now time.Time) *ShareStatus {
	if len(holders) == 0 || holders[0].Released {
		return nil
	}
	s, h := new(ShareStatus), &holders[0]
	if last != nil && last.By.PID == h.PID && last.By.Host == h.Host { // else it did not get as far as that
		s.fill(ctx, store, Share{}, last, now)
	}
	s.held(h, now)
	return s
}

// held takes over what the lease document says of the share.
func (s *ShareStatus) held(h *checkpoint.Holding, now time.Time) {
	s.Epoch = h.Epoch
	switch {
	case h.Released:
		if s.State == ShareRunning || s.State == ShareDead { // it gave the share back without an end of its own
			s.State, s.Rate = ShareReleased, 0
		}
		return
	case h.Dead:
		s.State, s.Rate = ShareDead, 0
	default:
		s.State = ShareRunning
	}
	s.Host, s.PID, s.Started = h.Host, h.PID, h.Started
	s.LastSeen = now.Add(-h.Silent)
}

// fill says how the last run of a share is doing.
func (s *ShareStatus) fill(ctx context.Context, store checkpoint.Reader, part Share, r *Run, now time.Time) {
	s.User, s.Host, s.PID, s.Started, s.LastSeen, s.ExitCode = r.By.User, r.By.Host, r.By.PID, r.Started, r.Started, r.ExitCode
	if past, _, err := ReadHistory(ctx, store, part.HistoryName()); err == nil {
		if past.Last.After(s.LastSeen) {
			s.LastSeen = past.Last
		}
		if past.Status != nil {
			s.Rate = past.Status.Rate
		}
	}
	switch {
	case r.Over():
		s.State, s.LastSeen, s.Rate = ShareEnded, r.Ended, 0
	case now.Sub(s.LastSeen) > silentFor:
		s.State, s.Rate = ShareDead, 0
	default:
		s.State = ShareRunning
	}
}

// NextShare returns the first share that is not finished and that nobody works on, as
// I/N, or "".
func NextShare(shares []ShareStatus) string {
	i := slices.IndexFunc(shares, func(s ShareStatus) bool { return s.State != ShareRunning && !s.finished() })
	if i < 0 {
		return ""
	}
	return shares[i].Share
}
