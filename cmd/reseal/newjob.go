package main

import (
	"context"
	"fmt"

	"reseal/cost"
	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/report"
)

// newJob finds out what a run would do, by reading the whole report, and shows
// it in short. With --no-plan-pass it reads no more than the first rows, to choose
// a canary of, and shows a provisional price.
func (f *runFlags) newJob(ctx context.Context, p process, g *ground) (*job.Plan, error) {
	if f.noPlanPass {
		return f.unplannedJob(ctx, p, g)
	}
	s, err := takeSurvey(ctx, g, f.output.surveyTicker(p))
	if err != nil {
		return nil, err
	}
	_ = s.unreadable(p) // said before anybody is asked; what can be read is done
	job := newJobPlan(g, f.endpoint, s, cost.New(s.tally, f.params(g))).WithTold(f.told)
	return job, f.showPlan(p, g, job)
}

// showPlan shows the plan of a job that was not begun yet, in short.
func (f *runFlags) showPlan(p process, g *ground, job *job.Plan) error {
	if job.Tally == nil || job.Estimate == nil {
		return nil // it was made without
	}
	show := f.output.talk(p)
	v := planView(g, job.Tally, job.Estimate, f.accept)
	showEvidence(v, job.Evidence, f.results == "all")
	if f.probing(g) { // what the probe settles needs no word yet
		v.Hazards = nil
		for _, h := range g.hazards {
			if !h.ByProbe {
				v.Hazards = append(v.Hazards, report.Hazard{Name: h.Name, Text: h.Why, Accepted: f.accept.has(h.Name)})
			}
		}
	}
	if err := report.WritePlanBrief(show, v, "reseal plan, with the same options"); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	g.remarks(show, job.Estimate)
	limit, _ := f.maxCost() // checked before
	if limit == 0 {
		return nil
	}
	if why := unpriced(job.Estimate); why != "" {
		return &refusedError{fmt.Errorf("--max-cost cannot be kept: %s; --prices FILE can name it", why)}
	}
	if once := job.Estimate.Once.Total; once.Max > limit {
		fmt.Fprintf(show, "The run may stop before its end: it costs %s as expected and %s at most, and --max-cost is %s.\n",
			report.Money(once.Expected), report.Money(once.Max), report.Money(limit))
	}
	return nil
}

// unplannedJob makes a job of a report of which nobody has read more than the
// first rows.
func (f *runFlags) unplannedJob(ctx context.Context, p process, g *ground) (*job.Plan, error) {
	segments, err := g.report.Split(ctx, splitRows)
	if err != nil {
		return nil, err
	}
	rows := int64(job.Unknown)
	if counted(segments) {
		if rows, err = g.report.Rows(ctx); err != nil {
			return nil, err
		}
	}
	first, kept, err := migrate.Choice{Report: g.report, Policy: g.policy, Canary: g.canary, Keep: g.remember}.FromFirstRows(ctx, segments)
	if err != nil {
		return nil, err
	}
	show := f.output.talk(p)
	v := &report.Provisional{Job: g.job(), Rows: rows, Million: f.million(g), Lines: f.results == "all", Remembered: kept.Objects}
	if err := report.WriteProvisional(show, v); err != nil {
		return nil, fmt.Errorf("print plan: %w", err)
	}
	g.remarks(show, nil)
	return newJobPlan(g, f.endpoint, &survey{segments: segments, rows: rows, todo: job.Unknown, canary: first, evidence: kept}, nil).WithTold(f.told), nil
}

// counted tells whether the rows of all segments are known without reading them.
func counted(segments []inventory.Segment) bool {
	for _, s := range segments {
		if s.Last == inventory.OpenEnd {
			return false
		}
	}
	return true
}

// million estimates what a million plain objects would cost here.
func (f *runFlags) million(g *ground) *cost.Estimate {
	r := inventory.Record{
		Bucket: g.frozen.Options.Bucket, Known: g.report.Manifest().Columns, IsLatest: true, Size: 1, ETag: "any",
		StorageClass: inventory.Standard, Encryption: inventory.SSES3, LastModified: g.policy.Now,
	}
	policy := *g.policy
	o := &policy.Options
	*o = plan.Options{Bucket: o.Bucket, Method: o.Method, SSE: o.SSE, KMSKeyID: o.KMSKeyID, BucketKey: o.BucketKey,
		TrustInventory: o.TrustInventory, InspectAll: o.InspectAll}
	if o.SSE == plan.TargetAES256 {
		r.Encryption = inventory.SSEKMS
	}
	task := policy.Decide(&r)
	return cost.New(cost.Uniform(&task, 1_000_000, g.policy.Now), f.params(g))
}

// planJob freezes a plan as a job, or leaves the one that is there as it is.
func (f *planFlags) planJob(ctx context.Context, p process, old *job.Plan, job *job.Plan) error {
	if old != nil {
		fmt.Fprintf(f.output.talk(p), "The job in %s was made of the same decisions on %s; it was left as it is.\n", f.job, report.Time(old.Created))
		return nil
	}
	if err := f.connection.jobs().Freeze(ctx, f.job, job); err != nil {
		return fmt.Errorf("make job %s: %w", f.job, err)
	}
	fmt.Fprintf(f.output.talk(p), "Frozen in %s; carry it out with: reseal run --job %s\n", f.job, shell.Word(f.job))
	return nil
}
