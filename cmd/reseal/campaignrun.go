package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reseal/campaign"
	"reseal/checkpoint"
	"reseal/console"
	"reseal/cost"
	"reseal/internal/explain"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// foreseeAll plans the buckets, some at once. What fails of one is with it.
func (f *campaignFlags) foreseeAll(ctx context.Context, p process) {
	var each errgroup.Group
	each.SetLimit(f.parallel)
	var showing sync.Mutex
	done := 0
	for _, b := range f.buckets {
		each.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			quiet := p
			quiet.stderr = p.screen()
			named, said := f.processOf(quiet, b, nil)
			b.failed = f.foresee(ctx, named, b)
			said()
			if b.failed != nil {
				text, next := why(named, b.failed, b.of)
				if errors.As(b.failed, new(*hazardsError)) {
					var names []string
					for _, h := range b.open {
						names = append(names, h.Name)
					}
					text = "hazards that nobody accepted: " + strings.Join(names, ", ")
				}
				b.entry.Ended, b.next = campaign.NewEnding(f.began, exitCode(b.failed), text), next
			}
			if b.of == nil && b.plan != nil {
				b.entry.Planned = &b.left
			}
			showing.Lock()
			defer showing.Unlock()
			if done++; !f.quiet {
				p.screen().Show(fmt.Sprintf("planned %s of %s", report.Count(int64(done)), report.Plural(int64(len(f.buckets)), "bucket")))
			}
			return nil
		})
	}
	_ = each.Wait() // none returns an error
	p.screen().Clear()
}

// status is how the campaign stands: by its jobs as they are now, and by what this process
// knows of them.
func (f *campaignFlags) status(ctx context.Context) (*campaign.Status, error) {
	known := &campaign.Document{}
	for _, b := range f.buckets {
		known.Buckets = append(known.Buckets, b.entry)
	}
	known.Buckets = append(known.Buckets, f.leftOut...)
	s, err := campaign.ReadStatus(ctx, f.run.Jobs(), f.job, known)
	if err != nil {
		return nil, err
	}
	if f.last == nil {
		f.before = s.Sum
	}
	f.last = s
	for i, b := range f.buckets {
		row := &s.Buckets[i]
		if row.Of != nil {
			b.of = row.Of
		}
		if row.Next = b.next; row.Next == "" && b.failed == nil {
			row.Next = nextOf(row)
		}
	}
	return s, nil
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

// tasks are the buckets with something to do, and what those spent that have nothing.
func (f *campaignFlags) tasks(ctx context.Context) (tasks []campaign.Task, spent cost.Money) {
	for _, b := range f.buckets {
		before := cost.Money(0)
		if b.of != nil {
			before = b.of.Whole().Spent
		}
		if b.failed != nil || b.idle {
			spent = spent.Add(before)
			continue
		}
		tasks = append(tasks, campaign.Task{Bucket: b.Name, Figures: b.left, Spent: before})
	}
	for i := range f.leftOut {
		if s, err := campaign.ReadJob(ctx, f.run.Jobs(), campaign.JobOf(f.job, f.leftOut[i].Name)); err == nil && s != nil {
			spent = spent.Add(s.Whole().Spent)
		}
	}
	return tasks, spent
}

// runAll runs the buckets, and returns the exit codes of all.
func (f *campaignFlags) runAll(ctx context.Context, p process) (codes []int) {
	by := map[string]*campaignBucket{}
	for _, b := range f.buckets {
		by[b.Name] = b
		switch {
		case b.failed != nil:
			codes = append(codes, exitCode(b.failed))
		case b.idle && b.of != nil && b.of.Failed+int64(b.of.Damaged) > 0:
			codes = append(codes, exitFailures)
		}
	}
	end := f.awaitEnd(ctx, p)
	defer end.close()
	tasks, spent := f.tasks(ctx)
	plan := campaign.Plan{Order: campaign.Order(f.order), Parallel: f.parallel, MaxCost: f.maxCost, Spent: spent}
	plan.Run(end.admit, tasks, func(t *campaign.Task, limit cost.Money) campaign.Outcome {
		b := by[t.Bucket]
		f.say(p, "%s: begun, %s to do", b.Name, report.Plural(b.left.Objects, "object"))
		mine, done := end.fan.Join()
		defer done()
		named, said := f.processOf(p, b, mine)
		err := f.work(ctx, named, b, limit)
		said()
		return f.outcomeOf(ctx, named, b, err, t.Spent)
	}, func(t *campaign.Task, o campaign.Outcome) {
		codes = append(codes, o.Code)
		f.record(ctx, p, by[t.Bucket], o, end)
	}, exitCode)
	if taken := end.close(); taken != nil {
		codes = append(codes, exitCode(taken))
	}
	return codes
}

// record says how a bucket ended, and writes it into the document.
func (f *campaignFlags) record(ctx context.Context, p process, b *campaignBucket, o campaign.Outcome, end *campaignEnd) {
	b.entry.Ended = campaign.NewEnding(time.Now(), o.Code, o.Why)
	f.tellEnded(p, b, o)
	if b.next == "" && o.Why == campaign.NotCovered {
		b.next = f.withMoreMoney(p, b)
	}
	if err := f.write(ctx); errors.As(err, new(*checkpoint.ConflictError)) || errors.As(err, new(*checkpoint.LostError)) {
		end.lose(err)
	} else if err != nil {
		f.say(p, "note: the campaign cannot record how %s ended, its job did: %s", b.Name, explain.Words(err))
	}
}

// withMoreMoney is the command of the campaign with a limit that covers a bucket as well.
func (f *campaignFlags) withMoreMoney(p process, b *campaignBucket) string {
	spent := cost.Money(0)
	for _, other := range f.buckets {
		if other.of != nil {
			spent = spent.Add(other.of.Whole().Spent)
		}
	}
	cents := max((spent.Add(b.left.Price.Max)+cost.Cent-1)/cost.Cent, f.maxCost/cost.Cent+1)
	return process{args: p.typed()}.with("max-cost", fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// outcomeOf is how the run of a bucket ended. What its job spent is read from it; where
// that cannot be read, all that was granted counts.
func (f *campaignFlags) outcomeOf(ctx context.Context, named process, b *campaignBucket, err error, before cost.Money) campaign.Outcome {
	o := campaign.Outcome{Spent: before}
	var s *status.Status
	if read, failed := readStatusAt(ctx, f.run.connection, f.jobOf(b), job.Share{}); failed == nil {
		s, b.of, o.Spent = read, read, read.Whole().Spent
	} else {
		o.Spent = before.Add(b.left.Price.Max)
	}
	if err != nil {
		o.Code = exitCode(err)
	}
	o.Why, b.next = why(named, err, s)
	return o
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

// tellEnded says how a bucket ended.
func (f *campaignFlags) tellEnded(p process, b *campaignBucket, o campaign.Outcome) {
	row := campaign.RowOf(f.job, &b.entry, b.of)
	what := string(row.State)
	if b.of != nil {
		all := b.of.Whole()
		what += fmt.Sprintf(", %s re-encrypted, up to %s", report.Plural(all.Done, "object"), report.Money(all.Spent))
	}
	f.say(p, "%s: %s", b.Name, what)
	if o.Why != "" {
		f.say(p, "%s: %s", b.Name, plain.Text(o.Why))
	}
}

// conclude shows how the campaign stands, and ends with the worst of its buckets.
func (f *campaignFlags) conclude(ctx context.Context, p process, codes []int) error {
	s, err := f.status(ctx)
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
