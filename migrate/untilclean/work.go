package untilclean

import (
	"context"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/internal/connect"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/migrate"
)

// Work does the work of generations for a loop: it finds what there is to do in each, and
// has it run.
type Work struct {
	Claim  migrate.Claim // of the whole job
	Via    *connect.Settings
	Known  connect.Known
	Told   job.Told       // what the user named now
	Report connect.Report // that --manifest names, or that the job was made of

	Prices  cost.Prices
	Reads   float64    // requests a second that a listing sends at most
	Workers int        // objects that are looked at at once
	Limit   cost.Money // of all generations together, 0 for none
	Text    string     // of the limit, as it was stated

	Screen Screen
	Runner Runner

	Chain *generations.Chain // of the job, from Begin on

	met *connect.Met // nil until Begin
}

// Screen tells a person what a generation is made of.
type Screen interface {
	// Listing is called before the bucket is listed. What it returns is told how far that
	// is, by one goroutine at a time.
	Listing(g *generations.Generation, bucket string) (progress func(listed, kept int64))
	// Found is called with the report that a generation is made of.
	Found(g *generations.Generation)
}

// Runner runs a generation.
type Runner interface {
	// RunLater is a run, with the options of the job whose plan that is. Nil says that the
	// generation is at its end, whatever of it failed.
	RunLater(ctx context.Context, whole *job.Plan, of *Later) error
}

var _ Steps = (*Work)(nil)

// Begin holds the job, so that nobody else makes generations of it. The caller releases
// the claim, also after an error.
func (w *Work) Begin(ctx context.Context) (err error) {
	c := &w.Claim
	if err := c.Find(ctx); err != nil {
		return err
	}
	if !c.Found {
		return &job.NoJobError{Name: c.Name}
	}
	if err := c.Hold(ctx); err != nil {
		return err
	}
	if w.met, err = w.Known.Meet(ctx, connect.Named{Via: *w.Via, Told: w.Told, Name: c.Name, Plan: c.Plan}, true); err != nil {
		return err
	}
	w.Chain, err = generations.Read(ctx, c.Store, c.Plan)
	return err
}

// Find implements Steps.
func (w *Work) Find(ctx context.Context, g *generations.Generation, keep func(context.Context) error) error {
	if _, err := w.Via.Follow(ctx, w.met); err != nil {
		return err
	}
	client, err := w.Via.Client(ctx, w.Workers)
	if err != nil {
		return err
	}
	if g.Source == generations.Report {
		return w.newest(ctx, client, g)
	}
	return w.list(ctx, client, g, keep)
}

// Run implements Steps.
func (w *Work) Run(ctx context.Context, g *generations.Generation, link func(context.Context, string) error) error {
	spent, err := w.spent(ctx, g.Number)
	if err != nil {
		return err
	}
	if err := w.withinCost(spent); err != nil {
		return err
	}
	return w.Runner.RunLater(ctx, w.Claim.Plan, &Later{Job: w.Claim.Name, Link: job.Generation{Of: w.Chain.Plan, Number: g.Number}, Plan: g.Plan,
		Report: g.Report(w.Claim.Name), Spent: spent, keep: link})
}

// Count implements Steps.
func (w *Work) Count(ctx context.Context, g *generations.Generation) error {
	return Count(ctx, w.Claim.Jobs, generations.Name(w.Claim.Name, g.Number), g)
}

// since is when what came before g was listed.
func (w *Work) since(g *generations.Generation) time.Time {
	if i := g.Number - generations.First - 2; i >= 0 {
		return w.Chain.Generations[i].Created
	}
	return w.Claim.Plan.Now
}

// spent is what all generations may have cost but the run of that number, or of none where
// that is 0.
func (w *Work) spent(ctx context.Context, except int) (cost.Money, error) {
	s, err := status.Read(ctx, w.Claim.Store, w.Claim.Plan, job.Share{})
	if err != nil {
		return 0, err
	}
	return s.Spent.Add(w.Chain.Spent(except)), nil
}

// withinCost refuses to go on where nothing is left of the limit.
func (w *Work) withinCost(spent cost.Money) error {
	if w.Limit > 0 && spent >= w.Limit {
		return &engine.StopError{Limit: "--max-cost " + w.Text + ", over all generations"}
	}
	return nil
}
