package untilclean

import (
	"context"
	"fmt"
	"time"

	"reseal/cost"
	"reseal/job/generations"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

// OneReportError is a report that is named by itself where the folder is wanted that has
// its successors.
type OneReportError struct{ Manifest string }

func (e *OneReportError) Error() string {
	return fmt.Sprintf("--delta-from reports: --manifest names one report, %s; name the folder that S3 delivers them into", e.Manifest)
}

// list makes the report of g, by listing the bucket.
func (w *Work) list(ctx context.Context, client *s3api.Client, g *generations.Generation, keep func(context.Context) error) error {
	made := w.Claim.Plan
	client, err := client.ForBucket(ctx, made.Options.Bucket)
	if err != nil {
		return err
	}
	spent, err := w.spent(ctx, 0)
	if err != nil {
		return err
	}
	if err := w.withinCost(spent); err != nil {
		return err
	}
	region, _ := w.Prices.Region(made.Region)
	l := &Listing{Client: client, Job: w.Claim.Name, Owner: w.Via.JobOwner, Options: made.Options, Workers: w.Workers, Region: region, Text: w.Text, Since: w.since(g)}
	if w.Limit > 0 {
		l.Limit = w.Limit - spent + g.Listing
	}
	governor := ratelimit.New(ratelimit.Config{Expected: ratelimit.Limits{Reads: w.Reads}, MaxSlots: w.Workers})
	defer governor.Start(ctx)()
	l.Gate, l.Progress = governor, w.Screen.Listing(g, made.Options.Bucket)
	return l.Make(ctx, g, keep)
}

// newest takes the newest report of the folder, where it is newer than the last one.
func (w *Work) newest(ctx context.Context, client *s3api.Client, g *generations.Generation) error {
	made, of := w.Claim.Plan, w.Report
	of.NoChecksum, of.Manifest = false, folderOf(of.Manifest)
	found, err := of.Open(ctx, client)
	if err != nil {
		return err
	}
	if found.Newest == nil {
		return &OneReportError{of.Manifest}
	}
	last, err := w.reported(ctx, client, g)
	if err != nil {
		return err
	}
	manifest := found.Report.Manifest()
	if !manifest.Created.After(last) || found.URI == made.Manifest {
		return fmt.Errorf("%w in %s than the one of %s, which is done; wait for the next with --every 1h, or list the bucket with --delta-from listing",
			ErrNoneNewer, of.Manifest, report.Time(last))
	}
	if manifest.SourceBucket != made.Options.Bucket {
		return &preflight.RefusedError{Err: fmt.Errorf("the newest report, %s, is of the bucket %s, and the job is about %s", found.URI, manifest.SourceBucket, made.Options.Bucket)}
	}
	g.Manifest, g.Created = found.URI, manifest.Created.UTC()
	w.Screen.Found(g)
	return nil
}

// reported is when the report was made that came before that of g.
func (w *Work) reported(ctx context.Context, client *s3api.Client, g *generations.Generation) (time.Time, error) {
	if g.Number != generations.First+1 {
		return w.since(g), nil
	}
	before := w.Report
	before.Manifest = w.Claim.Plan.Manifest
	first, err := before.Open(ctx, client)
	if err != nil {
		return time.Time{}, fmt.Errorf("open the report of the first generation, to see whether another one is newer: %w", err)
	}
	return first.Report.Manifest().Created, nil
}

// ReadsBeside is how many requests a second a listing sends where a run is to send so many
// that write.
func ReadsBeside(writes float64) float64 {
	return writes * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix
}
