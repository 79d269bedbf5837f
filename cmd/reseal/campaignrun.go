package main

import (
	"context"
	"fmt"
	"os"

	"reseal/campaign"
	"reseal/campaign/work"
	"reseal/console"
	"reseal/internal/explain"
	"reseal/internal/plain"
	"reseal/internal/signals"
	"reseal/job"
	"reseal/report"
)

// campaignScreen shows a person how a campaign goes on.
type campaignScreen struct {
	f *campaignFlags
	p process
}

var _ work.Screen = (*campaignScreen)(nil)

// Planned implements work.Screen.
func (s *campaignScreen) Planned(done, of int) {
	if !s.f.quiet {
		s.p.screen().Show(fmt.Sprintf("planned %s of %s", report.Count(int64(done)), report.Plural(int64(of), "bucket")))
	}
}

// Begun implements work.Screen.
func (s *campaignScreen) Begun(b *work.Bucket) {
	s.f.say(s.p, "%s: begun, %s to do", b.Name, report.Plural(b.Left.Objects, "object"))
}

// Ended implements work.Screen.
func (s *campaignScreen) Ended(b *work.Bucket, o campaign.Outcome) {
	row := campaign.RowOf(s.f.job, &b.Entry, b.Of)
	what := string(row.State)
	if b.Of != nil {
		all := b.Of.Whole()
		what += fmt.Sprintf(", %s re-encrypted, up to %s", report.Plural(all.Done, "object"), report.Money(all.Spent))
	}
	s.f.say(s.p, "%s: %s", b.Name, what)
	if o.Why != "" {
		s.f.say(s.p, "%s: %s", b.Name, plain.Text(o.Why))
	}
}

// NotRecorded implements work.Screen.
func (s *campaignScreen) NotRecorded(b *work.Bucket, why error) {
	s.f.say(s.p, "note: the campaign cannot record how %s ended, its job did: %s", b.Name, explain.Words(why))
}

// Signal implements work.Screen.
func (s *campaignScreen) Signal(sig os.Signal) {
	s.f.saying.Lock()
	defer s.f.saying.Unlock()
	fmt.Fprintf(s.p.stderr, "%s: no further bucket begins, and those under way end in order; again to end at once.\n", signals.Name(sig))
}

// Taken implements work.Screen.
func (s *campaignScreen) Taken(by error) {
	s.f.say(s.p, "%s; no further bucket begins, and those under way end in order", explain.Words(by))
}

// say prints a line about a bucket.
func (f *campaignFlags) say(p process, format string, args ...any) {
	if f.quiet {
		return
	}
	f.saying.Lock()
	defer f.saying.Unlock()
	fmt.Fprintf(p.stderr, format+"\n", args...)
}

// nextOf is the command that is next for a bucket, "" where it is that of the campaign: what
// is left is not done by a run of its own, which knows neither the money nor the cap of the
// whole.
func nextOf(r *campaign.Row) string {
	if r.Of == nil || r.State != campaign.Finished && r.State != campaign.Failures {
		return ""
	}
	return console.AfterLook(r.Of, job.Share{}).Command
}

// conclude shows how the campaign stands, and ends with the worst of its buckets.
func (f *campaignFlags) conclude(ctx context.Context, p process, codes []int) error {
	s, err := f.work.Status(ctx, nextOf)
	if err != nil {
		return err
	}
	for _, u := range f.shares.Uses() {
		if u.Sent > 0 {
			f.say(p, "%s: %s in the fullest second, the cap was %s", u.Quota, report.Plural(u.Fullest, "request"), report.Rate(u.Cap))
		}
	}
	if f.json {
		err = writeJSON(p.stdout, s)
	} else {
		err = console.Campaign(p.stdout, s)
	}
	if err != nil {
		return err
	}
	codes = append(codes, unreadable(s)...)
	if code := campaign.Worst(codes); code != exitDone {
		return &finding{code}
	}
	return nil
}
