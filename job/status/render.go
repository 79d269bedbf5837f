package status

import (
	"context"
	"fmt"
	"io"
	"iter"

	"reseal/internal/plain"
	"reseal/job"
	"reseal/report"
)

// Rendering is how the report of a job is written.
type Rendering struct {
	Format  string // text, json, html, csv or lines
	Exact   bool   // cells of CSV as the service gave them
	Runs    []report.JobRun
	Version string // of this program
}

// Render writes the report of the job. lines counts those that were written, in formats
// that have one for each recorded object.
func (r *Reading) Render(ctx context.Context, w io.Writer, as *Rendering) (lines int64, err error) {
	switch as.Format {
	case "csv":
		err := report.WriteCSV(w, numbered(job.ResultLines(ctx, r.State), &lines), as.Exact)
		return lines, err
	case "lines":
		return r.copyLines(ctx, w)
	}
	view, err := r.Report(ctx, as.Version)
	if err != nil {
		return 0, err
	}
	view.History = as.Runs
	switch as.Format {
	case "json":
		return 0, report.WriteRunJSON(w, view)
	case "html":
		return 0, report.WriteRunHTML(w, view)
	}
	return 0, report.WriteRun(w, view)
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

// copyLines writes the result lines as they are.
func (r *Reading) copyLines(ctx context.Context, w io.Writer) (lines int64, err error) {
	for line, err := range r.State.Results(ctx) {
		if err != nil {
			return lines, err
		}
		lines++
		if _, err := w.Write(append(plain.JSON(line.Data), '\n')); err != nil {
			return lines, fmt.Errorf("write result lines: %w", err)
		}
	}
	return lines, nil
}
