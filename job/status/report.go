package status

import (
	"context"
	"fmt"
	"strings"
	"time"

	"reseal/job"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// Report sums up the job for a report: totals from its state, failures from its lines,
// and curves from its history, or from the lines where every object has one. version is
// of this program. An error is about the result lines.
func (r *Reading) Report(ctx context.Context, version string) (*report.Run, error) {
	s := New(r.Name, r.Plan, r.State.Totals(), r.History)
	sum, whole, err := r.summary(ctx, s.Settled)
	if err != nil {
		return nil, err
	}
	made, past := r.Plan, &r.History
	v := &report.Run{
		Job: report.Job{Bucket: made.Options.Bucket, Region: made.Region, Manifest: made.Manifest, ManifestMD5: made.ManifestMD5,
			Options: made.Options, Hash: made.Hash, Evaluated: made.Now, Version: version},
		State: string(s.State), Started: past.First, Ended: s.LastWrite, Active: past.Active, Runs: past.Runs, KMSCap: past.KMSCap, KMSCaps: past.KMSCaps,
		Totals: s.totals(), Summary: sum, AllLines: whole, Curves: whole || past.Runs > 0, Tally: made.Tally, Estimate: made.Estimate,
		Keys: s.Keys, Client: s.Client, Canary: past.Canary, Damages: Damages(r.State),
		Proof:    append(s.proofs(), r.Verified.Proofs(s.LastWrite)...),
		Verified: viewed(r.Verified, s.LastWrite, r.Proof),
	}
	if v.Started.IsZero() {
		v.Started = made.Created
	}
	v.Generations = r.generations()
	return v, nil
}

// View is what the last verification found, as reports show it; nil for none.
func (s *Status) View() *report.Verified { return viewed(s.Verified, s.LastWrite, s.Proof) }

func viewed(n *verify.Note, lastWrite time.Time, later Proof) *report.Verified {
	v := n.View(lastWrite)
	if v != nil {
		v.LaterOpen = later != Proven
	}
	return v
}

// generations are those after the first, as a report has them.
func (r *Reading) generations() (all []report.Generation) {
	for i := range r.Chain.Generations {
		g := &r.Chain.Generations[i]
		row := report.Generation{Number: g.Number, Source: string(g.Source), Created: g.Created, Listed: g.Listed, New: g.New, Done: g.Done, Failed: g.Failed,
			PutOff: g.PutOff, Left: g.Left, Other: g.Other, Cost: g.Listing.Add(g.Spent), Verdict: g.Words()}
		for _, w := range g.Writers {
			row.Writers = append(row.Writers, report.Arrival(w))
		}
		all = append(all, row)
	}
	return all
}

// summary sums up the result lines and what the history counts. whole tells whether
// every settled row is in it.
func (r *Reading) summary(ctx context.Context, settled int64) (sum *report.Summary, whole bool, err error) {
	sum = new(report.Summary)
	for line, err := range job.ResultLines(ctx, r.State) {
		if err != nil {
			return nil, false, fmt.Errorf("read results of %s: %w", r.Name, err)
		}
		sum.Add(&line)
	}
	past := r.History.Summary
	if sum.Lines() >= settled {
		if past.Lines() >= sum.Lines() {
			sum.Trace(past) // which has the failed tries, too, that a later one made good
		}
		return sum, true, nil
	}
	// What the history counts is right as long as no crash came between it
	// and the state; else it is only good for the curves.
	if past.Lines() == settled {
		return past, true, nil
	}
	sum.Trace(past)
	return sum, false, nil
}

// totals are the totals of the job as a report has them.
func (s *Status) totals() report.Totals {
	var skipped int64
	for _, n := range s.Skipped {
		skipped += n
	}
	t := report.Totals{Done: s.Done, Skipped: skipped, Failed: s.Failed, Deferred: s.Deferred,
		Repeats: s.Repeats, Bytes: s.Bytes, Requests: s.Requests, KMSCalls: s.KMSCalls, Cost: s.Spent, CutOff: s.SpentCutOff,
		RunsCutOff: s.CutOff, About: report.CutOffRuns(s.CutOff),
		Are: report.FiguresAre{Done: s.Are.Done, Requests: s.Are.Requests, KMSCalls: s.Are.KMSCalls, Cost: s.Are.Spent}}
	t.Of(s.Rows, s.Settled)
	return t
}

// proofs are the claims that rest on the run itself.
func (s *Status) proofs() []report.Proof { return []report.Proof{s.underKey(), s.accounted()} }

// underKey is the claim that what counts as done is encrypted as asked for.
func (s *Status) underKey() report.Proof {
	under := "the key"
	if s.KMSKeyID == "" {
		under = "SSE-S3"
	}
	p := report.Proof{Claim: "every object counted as done is under " + under, Holds: plan.Yes,
		Evidence: "S3's answer to the write, or a HeadObject after it, named the encryption and the key; nothing else counts as done"}
	var unproven []string
	if s.Imported > 0 {
		unproven = append(unproven, fmt.Sprintf("for %s only a completion report of S3 Batch Operations speaks", report.Plural(s.Imported, "object")))
	}
	if s.Unconfirmed > 0 {
		unproven = append(unproven, fmt.Sprintf("for %s only the answer 200 to the update, as --confirm leaves the HeadObject out", report.Plural(s.Unconfirmed, "object")))
	}
	if len(unproven) > 0 {
		p.Holds = plan.Unknown
		p.Evidence = fmt.Sprintf("S3's answer, or a HeadObject, named encryption and key, but %s; reseal verify looks at them", strings.Join(unproven, ", and "))
	}
	return p
}

// accounted is the claim that something is recorded of each row.
func (s *Status) accounted() report.Proof {
	p := report.Proof{Claim: "no row of the report is unaccounted for", Holds: plan.Unknown,
		Evidence: report.OutOf(s.Settled, s.Rows) + " rows settled"}
	switch {
	case s.Damaged > 0:
		p.Holds = plan.No
		p.Evidence += fmt.Sprintf("; %s of the report could not be read to the end", report.Plural(int64(s.Damaged), "file"))
	case s.State != Finished:
		p.Open = true
		p.Evidence += " so far"
	case s.Rows != nil:
		p.Holds = plan.AnswerOf(s.Settled == *s.Rows)
	}
	return p
}
