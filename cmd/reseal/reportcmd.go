package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/internal/outfile"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

func newReportCommand(p process) *cobra.Command {
	var dir, format, out string
	var conn connection
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Sum up what a job did, from its result lines",
		Long: `report sums up a job from its files: totals, failures by reason with samples, and
what it cost against the estimate. It is made anew each time, so it can be had at
any moment and after any number of resumes. It needs no network, unless the job
is in a bucket.

  --format json   the same numbers
  --format html   one self-contained page with charts, to look at or to print
  --format csv    a line for each recorded object, in the columns of an
                  S3 Batch Operations completion report, which has no header.
                  Every object is recorded by run --results all, else only
                  failures and surprises
  --format lines  the result lines themselves

Without --format the name of --out decides: .html, .json, .csv, .jsonl (lines)
and .txt. Where both are given and differ, --format holds, and that is said.
--out replaces a file as a whole or not at all, and keeps its mode; a new file is
for its owner alone. Links are followed; what is no file, such as a FIFO or
/dev/stdout, is written and never replaced.`,
		Args: jobArgument(&dir),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			if !cmd.Flags().Changed("format") {
				format = formatOf(out)
			}
			return causeOf(ctx, writeReport(ctx, p, conn, dir, format, out))
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&format, "format", "", "text, json, html, csv or lines (default: what the name of --out ends in, else text)")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` (default, and for -: stdout)")
	return cmd
}

// writeReport writes one report, to a file as a whole or not at all.
func writeReport(ctx context.Context, p process, c connection, dir, format, out string) error {
	switch format {
	case "text", "json", "html", "csv", "lines":
	default:
		return usagef("--format %q: want text, json, html, csv or lines", format)
	}
	if out == "-" {
		out = ""
	}
	if out != "" {
		if err := outfile.Check(out); err != nil {
			return err
		}
	}
	tellOtherFormat(p.stderr, format, out)
	store, made, err := openJobAt(ctx, c, dir)
	if err != nil {
		return err
	}
	read, err := status.Look(ctx, store, made, job.Share{})
	if err != nil {
		return err
	}
	if read.HistoryErr != nil {
		fmt.Fprintf(p.stderr, "note: the history of the job cannot be read: %s\n", inWords(read.HistoryErr))
	}
	verified := verify.ReadNote(ctx, store)
	runs, err := job.ReportRuns(ctx, store)
	if err != nil {
		fmt.Fprintf(p.stderr, "note: the runs of the job cannot be read: %s\n", inWords(err))
	}
	lines := new(int64)
	render := func(w io.Writer) error {
		return renderReport(ctx, w, dir, format, made, read.State, read.History, verified, runs, lines)
	}
	if out == "" {
		err = render(p.stdout)
	} else {
		err = outfile.Write(ctx, out, render)
	}
	if settled := status.New(dir, made, read.State.Totals(), read.History).Settled; err == nil && (format == "csv" || format == "lines") && *lines < settled {
		fmt.Fprintf(p.stderr, "note: %s of %s have a line, as only failures and surprises were recorded; reseal run --results all records every object\n",
			report.Count(*lines), report.Plural(settled, "settled row"))
	}
	return err
}

// numbered counts the lines that are yielded.
func numbered(all iter.Seq2[report.Line, error], n *int64) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		for line, err := range all {
			if *n++; !yield(line, err) {
				return
			}
		}
	}
}

// renderReport writes a report; lines counts those of formats that have one for
// each recorded object.
func renderReport(ctx context.Context, w io.Writer, dir, format string, job *job.Plan, snapshot *checkpoint.Snapshot, past job.History, verified *verify.Note, runs []report.JobRun, lines *int64) error {
	switch format {
	case "csv":
		return report.WriteCSV(w, numbered(resultLines(ctx, snapshot), lines))
	case "lines":
		for line, err := range snapshot.Results(ctx) {
			if err != nil {
				return err
			}
			*lines++
			if _, err := w.Write(append(line.Data, '\n')); err != nil {
				return fmt.Errorf("write result lines: %w", err)
			}
		}
		return nil
	}
	view, err := jobReport(ctx, dir, job, snapshot, past, verified)
	if err != nil {
		return err
	}
	view.History = runs
	switch format {
	case "json":
		return report.WriteRunJSON(w, view)
	case "html":
		return report.WriteRunHTML(w, view)
	}
	return report.WriteRun(w, view)
}

// resultLines yields the recorded lines of a job, without those that a later
// attempt made untrue.
func resultLines(ctx context.Context, snapshot *checkpoint.Snapshot) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		old := job.SupersededLines{Snapshot: snapshot}
		for raw, err := range snapshot.Results(ctx) {
			var line report.Line
			dropped := false
			if err == nil {
				line, err = report.ParseLine(raw.Data)
			}
			if err == nil {
				dropped, err = old.Superseded(ctx, raw.Segment, &line)
			}
			if dropped {
				continue
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// jobReport sums up a job: totals from its state, failures from its lines, and
// curves from its history, or from the lines where every object has one.
func jobReport(ctx context.Context, dir string, job *job.Plan, snapshot *checkpoint.Snapshot, past job.History, verified *verify.Note) (*report.Run, error) {
	sum := new(report.Summary)
	for line, err := range resultLines(ctx, snapshot) {
		if err != nil {
			return nil, fmt.Errorf("read results of %s: %w", dir, err)
		}
		sum.Add(&line)
	}
	s := status.New(dir, job, snapshot.Totals(), past)
	whole := sum.Lines() >= s.Settled
	switch {
	case whole && past.Summary.Lines() >= sum.Lines():
		sum.Trace(past.Summary) // which has the failed tries, too, that a later one made good
	case !whole:
		// What the history counts is right as long as no crash came between it
		// and the state; else it is only good for the curves.
		if whole = past.Summary.Lines() == s.Settled; whole {
			sum = past.Summary
		} else {
			sum.Trace(past.Summary)
		}
	}
	var skipped int64
	for _, n := range s.Skipped {
		skipped += n
	}
	totals := report.Totals{Done: s.Done, Skipped: skipped, Failed: s.Failed, Deferred: s.Deferred,
		Repeats: s.Repeats, Bytes: s.Bytes, Requests: s.Requests, KMSCalls: s.KMSCalls, Cost: s.Spent, CutOff: past.CutOff}
	totals.Of(s.Rows, s.Settled)
	totals.RunsCutOff, totals.Are, totals.About = s.CutOff, report.FiguresAre{Done: s.Are.Done, Requests: s.Are.Requests, KMSCalls: s.Are.KMSCalls, Cost: s.Are.Spent}, cutOffText(s.CutOff)
	v := &report.Run{
		Job: report.Job{Bucket: job.Options.Bucket, Region: job.Region, Manifest: job.Manifest, ManifestMD5: job.ManifestMD5,
			Options: job.Options, Hash: job.Hash, Evaluated: job.Now, Version: version},
		State: string(s.State), Started: past.First, Ended: s.LastWrite, Active: past.Active, Runs: past.Runs, KMSCap: past.KMSCap, KMSCaps: past.KMSCaps,
		Totals: totals, Summary: sum, AllLines: whole, Curves: whole || past.Runs > 0, Tally: job.Tally, Estimate: job.Estimate,
	}
	if v.Started.IsZero() {
		v.Started = job.Created
	}
	v.Proof, v.Damages, v.Canary = proofs(s, verified), status.Damages(snapshot), past.Canary
	v.Keys, v.Client = s.Keys, s.Client
	return v, nil
}

// proofs are the claims of a job, and what they rest on.
func proofs(s *status.Status, verified *verify.Note) []report.Proof {
	under := "the key"
	if s.KMSKeyID == "" {
		under = "SSE-S3"
	}
	accounted := report.Proof{Claim: "no row of the report is unaccounted for", Holds: plan.Unknown,
		Evidence: outOf(s.Settled, s.Rows) + " rows settled"}
	switch {
	case s.Damaged > 0:
		accounted.Holds = plan.No
		accounted.Evidence += fmt.Sprintf("; %s of the report could not be read to the end", report.Plural(int64(s.Damaged), "file"))
	case s.State != status.Finished:
		accounted.Open = true
		accounted.Evidence += " so far"
	case s.Rows != nil:
		accounted.Holds = plan.AnswerOf(s.Settled == *s.Rows)
	}
	done := report.Proof{Claim: "every object counted as done is under " + under, Holds: plan.Yes,
		Evidence: "S3's answer to the write, or a HeadObject after it, named the encryption and the key; nothing else counts as done"}
	var unproven []string
	if s.Imported > 0 {
		unproven = append(unproven, fmt.Sprintf("for %s only a completion report of S3 Batch Operations speaks", report.Plural(s.Imported, "object")))
	}
	if s.Unconfirmed > 0 {
		unproven = append(unproven, fmt.Sprintf("for %s only the answer 200 to the update, as --confirm leaves the HeadObject out", report.Plural(s.Unconfirmed, "object")))
	}
	if len(unproven) > 0 {
		done.Holds = plan.Unknown
		done.Evidence = fmt.Sprintf("S3's answer, or a HeadObject, named encryption and key, but %s; reseal verify looks at them", strings.Join(unproven, ", and "))
	}
	return append([]report.Proof{done, accounted}, verified.Proofs(s.LastWrite)...)
}
