package status

import (
	"slices"

	"reseal/canary"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/verify"
)

// Next is what is to be done with a job.
type Next int

// What is to be done with a job.
const (
	Watch           Next = iota // somebody works on it
	WatchShares                 // somebody works on each share that is left
	TakeShare                   // nobody works on one of its shares
	LookAtLoss                  // the canary found a loss, which stops the next run as well
	Begin                       // nothing was done yet
	Resume                      // some rows are left
	ResumeRetry                 // some rows are left, and others failed
	LookAtDoubt                 // nothing is left but objects that are not as they were before
	Retry                       // nothing is left but objects that failed
	Verify                      // all is done
	VerifyAgain                 // all is done, and the last verification of it did not find all as promised
	AllowUntold                 // all is done, and nobody compared some objects that were found done
	MakeReport                  // all is done, and verified
	MoreGenerations             // the last generation did not end, or found something to do
)

// Next returns what is to be done with the job, or with a share of it. share is the one
// to be taken up where that is TakeShare, as I/N.
func (s *Status) Next(part job.Share) (next Next, share string) {
	if s.WorkedOn(part.Name()) {
		return Watch, ""
	}
	if part.Count == 0 {
		if take := job.NextShare(s.Shares); take != "" {
			return TakeShare, take
		}
		if slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return o.State == job.ShareRunning }) {
			return WatchShares, ""
		}
	}
	if n := len(s.Generations); n > 0 { // they go on after what failed or was put off in the first
		if g := &s.Generations[n-1]; !g.Over() || g.Verdict == generations.Worked {
			return MoreGenerations, ""
		} else if next := s.afterwards(); next != VerifyAgain || g.Verdict != generations.Left && s.Verified.Verdicts[verify.NotDone] == 0 {
			return next, ""
		}
		return MoreGenerations, "" // which tries again what failed
	}
	if _, lost := s.Lost(); lost {
		return LookAtLoss, ""
	}
	switch state, failed := s.Of(part); {
	case state == NotBegun:
		return Begin, ""
	case state != Finished && failed > s.Doubted():
		return ResumeRetry, ""
	case state != Finished:
		return Resume, ""
	case failed > s.Doubted():
		return Retry, ""
	case failed > 0:
		return LookAtDoubt, ""
	}
	return s.afterwards(), ""
}

// afterwards is what is to be done with a job of which nothing is left to do. What a
// verification found of an earlier state of the job does not count.
func (s *Status) afterwards() Next {
	n, first := s.Verified, Unproven
	if n != nil && !s.LastWrite.After(n.Written) {
		first = ofNote(n)
	}
	switch min(first, s.Proof) {
	case Unproven:
		return Verify
	case Disproven:
		return VerifyAgain
	case Untold:
		return AllowUntold
	}
	return MakeReport
}

// WorkedOn tells whether somebody works on the share, or on the job where that is "".
func (s *Status) WorkedOn(share string) bool {
	if share == "" && s.Holder != nil {
		return s.Holder.State == job.ShareRunning
	}
	return slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return o.Share == share && o.State == job.ShareRunning })
}

// Of is how far a share is, by what is recorded of its rows, and how many objects of it
// failed. Without a share, and where nothing is known of it, that is as of the job.
func (s *Status) Of(part job.Share) (state State, failed int64) {
	i := slices.IndexFunc(s.Shares, func(o job.ShareStatus) bool { return o.Share == part.Name() && o.Segments != nil })
	if i < 0 {
		return s.State, s.Failed
	}
	switch o := &s.Shares[i]; {
	case o.Finished >= *o.Segments:
		return Finished, o.Failed
	case o.State == job.ShareNotBegun:
		return NotBegun, 0
	default:
		return Unfinished, o.Failed
	}
}

// Doubted is how many objects the canary found not to be as they were before.
func (s *Status) Doubted() (n int64) {
	if s.Canary == nil {
		return 0
	}
	for i := range s.Canary.Kinds {
		n += int64(len(s.Canary.Kinds[i].Doubts))
	}
	return n
}

// Lost tells whether the canary found a loss that stops the next run as well, and what
// must be accepted for it to go on; nil where not all of it can be.
func (s *Status) Lost() (accept []plan.Attribute, lost bool) {
	if s.Canary == nil {
		return nil, false
	}
	for i := range s.Canary.Kinds {
		k := &s.Canary.Kinds[i]
		if k.Verdict != canary.Lost {
			continue
		}
		lost = true
		for _, d := range k.Doubts {
			accept = append(accept, d.Attributes()...)
		}
	}
	slices.Sort(accept)
	accept = slices.Compact(accept)
	if slices.ContainsFunc(accept, func(a plan.Attribute) bool { return !slices.Contains(plan.Losses(), a) }) {
		return nil, lost
	}
	return accept, lost
}
