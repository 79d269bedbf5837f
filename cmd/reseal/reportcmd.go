package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

func newReportCommand(p process) *cobra.Command {
	var dir, format, out string
	var asJSON, exact bool
	var conn connection
	cmd := &cobra.Command{
		Use:   "report JOB",
		Short: "Sum up what a job did, from its result lines",
		Long: `report sums up a job from its files: totals, failures by reason with samples, and
what it cost against the estimate. It is made anew each time, so it can be had at
any moment and after any number of resumes. It needs no network, unless the job
is in a bucket. Of the folder of a campaign it sums up all buckets, as text, JSON or
HTML.

  --format json   the same numbers
  --format html   one self-contained page with charts, to look at or to print
  --format csv    a line for each recorded object, in the columns of an
                  S3 Batch Operations completion report, which has no header.
                  Every object is recorded by run --results all, else only
                  failures and surprises
  --format lines  the result lines themselves

Without --format the name of --out decides: .html, .json, .csv, .jsonl (lines)
and .txt. Where both are given and differ, --format holds, and that is said.
--out replaces a file as a whole or not at all, and keeps its mode; a new file
is for its owner alone. Links are followed. A FIFO or a device, such as
/dev/stdout, is written to and never replaced.`,
		Args: jobArgument(&dir),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			named := cmd.Flags().Changed("format")
			switch {
			case asJSON && named && format != "json":
				return usagef("--json and --format %s contradict each other", format)
			case asJSON:
				format = "json"
			case !named:
				format = formatOf(out)
			}
			if err := options.Spare(ctx, cmd.Flags(), "out", dir); err != nil {
				return err
			}
			return causeOf(ctx, writeReport(ctx, p, conn, dir, format, out, exact))
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&format, "format", "", "text, json, html, csv or lines (default: what the name of --out ends in, else text)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	cmd.Flags().BoolVar(&exact, "csv-exact", false, "CSV cells as the service gave them, without an apostrophe before = + - @ and without escapes: not for a spreadsheet")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` (default, and for -: stdout)")
	return cmd
}

// writeReport writes one report, to a file as a whole or not at all.
func writeReport(ctx context.Context, p process, c connection, dir, format, out string, exact bool) error {
	if err := cli.Choose("--format", format, "text", "json", "html", "csv", "lines"); err != nil {
		return err
	}
	if out == cli.Stdout {
		out = ""
	}
	if out != "" {
		if err := outfile.Check(out); err != nil {
			return err
		}
	}
	tellOtherFormat(p.stderr, "format", format, out)
	store, made, err := openJobAt(ctx, c, dir)
	if errors.As(err, new(*job.CampaignError)) {
		if whole, d, unread := readCampaign(ctx, c, dir); unread != nil {
			return unread
		} else if whole != nil {
			return reportCampaign(ctx, p, whole, d, format, out)
		}
	}
	if err != nil {
		return err
	}
	read, err := status.LookWhole(ctx, c.Jobs(), store, made, job.Share{})
	if err != nil {
		return err
	}
	if read.HistoryErr != nil {
		fmt.Fprintf(p.stderr, "note: the history of the job cannot be read: %s\n", explain.Words(read.HistoryErr))
	}
	as := &status.Rendering{Format: format, Exact: exact, Version: programVersion()}
	if as.Runs, err = job.ReportRuns(ctx, store); err != nil {
		fmt.Fprintf(p.stderr, "note: the runs of the job cannot be read: %s\n", explain.Words(err))
	}
	var lines int64
	render := func(w io.Writer) (err error) {
		lines, err = read.Render(ctx, w, as)
		return err
	}
	if out == "" {
		err = render(p.stdout)
	} else if err = outfile.Write(ctx, out, render); err == nil {
		fmt.Fprintf(p.stderr, "Written: %s\n", plain.Text(out))
	}
	t := read.State.Totals()
	if settled := t.Done + t.Failed; err == nil && (format == "csv" || format == "lines") && lines < settled {
		fmt.Fprintf(p.stderr, "note: %s of %s have a line, as only failures and surprises were recorded; reseal run --results all records every object\n",
			report.Count(lines), report.Plural(settled, "settled row"))
	}
	return err
}
