package campaign

import (
	"maps"
	"slices"
	"time"

	"reseal/job/status"
	"reseal/plan"
	"reseal/report"
)

// Report sums the campaign up for people who are to sign. d is its document, now when
// the status was read, and version that of the program.
func (s *Status) Report(d *Document, now time.Time, version string) *report.Campaign {
	v := &report.Campaign{Campaign: s.Job, Created: d.Created, Taken: now.UTC(), Version: version, Buckets: []report.CampaignBucket{}}
	for i := range s.Buckets {
		b := s.Buckets[i].report(d.Find(s.Buckets[i].Bucket))
		v.Buckets = append(v.Buckets, b)
		if b.LeftOut {
			continue
		}
		t := &v.Total
		t.Buckets++
		if b.Finished {
			t.Finished++
		}
		if b.Finished && b.Signable {
			t.Verified++
		}
		if !b.Known {
			t.Unknown++
			continue
		}
		t.Objects, t.Done, t.Bytes, t.Failed = plus(t.Objects, b.Objects), plus(t.Done, b.Done), plus(t.Bytes, b.Bytes), plus(t.Failed, b.Failed)
		t.Left, t.LeftAlone, t.Spent = plus(t.Left, b.Left), plus(t.LeftAlone, b.LeftAlone), t.Spent.Add(b.Spent)
	}
	return v
}

// report is the row of a bucket in a report.
func (r *Row) report(e *Entry) report.CampaignBucket {
	b := report.CampaignBucket{Bucket: r.Bucket, Job: r.Job, State: string(r.State), Why: r.Why, Next: r.Next, Clean: r.Clean,
		LeftOut: r.State == LeftOut, Finished: r.State == Finished, Failures: slices.Contains([]State{Failures, Refused, OtherJob, Error}, r.State)}
	if e != nil {
		b.Account, b.Region, b.Key = e.Account, e.Region, e.Key
	}
	if r.Planned != nil && r.Planned.Priced {
		b.Planned = &r.Planned.Price
	}
	b.Known = r.Err == nil && r.Todo != nil && r.Left != nil
	if b.Known {
		b.Objects, b.Left = *r.Todo, *r.Left
	}
	b.Done, b.Bytes, b.Failed, b.Spent = r.Done, r.Bytes, r.Failed, r.Spent
	if s := r.Of; s != nil {
		b.Key, b.Generations, b.Verified = s.KMSKeyID, 1+len(s.Generations), s.View()
		b.Unseen, b.Signable = unverified(s), promised(s)
		b.NotDone = leftAlone(s)
		for _, n := range b.NotDone {
			b.LeftAlone = plus(b.LeftAlone, n.Objects)
		}
	}
	for _, n := range []report.NotDone{{Objects: b.Failed, Why: "failed"}, {Objects: b.Left, Why: "not done yet"}} {
		if n.Objects > 0 {
			b.NotDone = append(b.NotDone, n)
		}
	}
	return b
}

// leftAlone are the objects that a job left as they are, by the reasons of its plan: of its
// last generation where it has later ones, which looks at all that is left again.
func leftAlone(s *status.Status) (all []report.NotDone) {
	skipped := s.Skipped
	if last := lastOf(s); last != nil {
		if skipped = nil; s.Later[last.Number] != nil {
			skipped = s.Later[last.Number].Skipped
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		switch plan.Reason(reason) {
		case plan.AlreadyEncrypted, plan.Filtered, plan.Gone:
			continue
		}
		if n := skipped[reason]; n > 0 {
			all = append(all, report.NotDone{Objects: n, Why: reason})
		}
	}
	return all
}

// unverified are the later generations of a job that nobody verified, by number.
func unverified(s *status.Status) (numbers []int) {
	for _, n := range slices.Sorted(maps.Keys(s.Later)) {
		if s.Later[n].Verified == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// promised tells whether all of a job was verified as it is now, without a sample, and
// found as promised.
func promised(s *status.Status) bool {
	fine := func(s *status.Status) bool {
		v := s.Verified.View(s.LastWrite)
		return v != nil && v.Grade == "fine" && v.Unsampled == 0 && !v.Older && !v.Early
	}
	for _, later := range s.Later {
		if !fine(later) {
			return false
		}
	}
	return fine(s)
}
