package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"reseal/checkpoint"

	"reseal/report"
)

func newReportCommand(p process) *cobra.Command {
	var dir, format, out string
	cmd := &cobra.Command{
		Use:   "report --job DIR",
		Short: "Sum up what a job did, from its result lines",
		Long: `report sums up a job from its files: totals, failures by reason with samples, and
what it cost against the estimate. It is made anew each time, so it can be had at
any moment and after any number of resumes. It needs no network.

  --format json   the same numbers
  --format csv    a line for each recorded object, in the columns of an
                  S3 Batch Operations completion report
  --format lines  the result lines themselves`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeReport(cmd.Context(), p, dir, format, out)
		},
	}
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&format, "format", "text", "text, json, csv or lines")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` (default: stdout)")
	return cmd
}

// writeReport writes one report, to a file as a whole or not at all.
func writeReport(ctx context.Context, p process, dir, format, out string) error {
	switch format {
	case "text", "json", "csv", "lines":
	default:
		return usagef("--format %q: want text, json, csv or lines", format)
	}
	store, job, err := openJob(ctx, dir)
	if err != nil {
		return err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return err
	}
	if out == "" {
		return renderReport(ctx, p.stdout, dir, format, job, snapshot)
	}
	file, err := renameio.NewPendingFile(out, renameio.WithPermissions(0o600))
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	defer file.Cleanup()
	if err := renderReport(ctx, file, dir, format, job, snapshot); err != nil {
		return err
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func renderReport(ctx context.Context, w io.Writer, dir, format string, job *jobPlan, snapshot *checkpoint.Snapshot) error {
	switch format {
	case "csv":
		return report.WriteCSV(w, resultLines(ctx, snapshot))
	case "lines":
		for line, err := range snapshot.Results(ctx) {
			if err != nil {
				return err
			}
			if _, err := w.Write(append(line.Data, '\n')); err != nil {
				return fmt.Errorf("write result lines: %w", err)
			}
		}
		return nil
	}
	view, err := jobReport(ctx, dir, job, snapshot)
	if err != nil {
		return err
	}
	if format == "json" {
		return report.WriteRunJSON(w, view)
	}
	return report.WriteRun(w, view)
}

// resultLines yields the recorded lines of a job.
func resultLines(ctx context.Context, snapshot *checkpoint.Snapshot) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		for raw, err := range snapshot.Results(ctx) {
			var line report.Line
			if err == nil {
				line, err = report.ParseLine(raw.Data)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// jobReport sums up the lines and totals of a job.
func jobReport(ctx context.Context, dir string, job *jobPlan, snapshot *checkpoint.Snapshot) (*report.Run, error) {
	sum := new(report.Summary)
	for line, err := range resultLines(ctx, snapshot) {
		if err != nil {
			return nil, fmt.Errorf("read results of %s: %w", dir, err)
		}
		sum.Add(&line)
	}
	s := newStatus(dir, job, snapshot.Totals())
	var skipped int64
	for _, n := range s.Skipped {
		skipped += n
	}
	return &report.Run{
		Job: report.Job{Bucket: job.Options.Bucket, Region: job.Region, Manifest: job.Manifest, ManifestMD5: job.ManifestMD5,
			Options: job.Options, Hash: job.Hash, Evaluated: job.Now, Version: version},
		State: s.State, Started: job.Created, Ended: s.LastWrite,
		Totals: report.Totals{Rows: job.Rows, Done: s.Done, Skipped: skipped, Failed: s.Failed, Deferred: s.Deferred,
			Left: max(job.Rows-s.Settled, 0), Repeats: s.Repeats, Bytes: s.Bytes, Requests: s.Requests, KMSCalls: s.KMSCalls, Cost: s.Spent},
		Summary: sum, AllLines: sum.Lines() >= s.Settled, Tally: job.Tally, Estimate: job.Estimate,
	}, nil
}
