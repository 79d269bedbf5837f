package job

import (
	"context"
	"maps"
	"slices"

	"reseal/checkpoint"
	"reseal/report"
)

// ReportRuns returns the runs of a job as a report shows them, first to last. What it
// returns beside an error is there all the same.
func ReportRuns(ctx context.Context, store checkpoint.Reader) ([]report.JobRun, error) {
	runs, err := Runs(ctx, store)
	var out []report.JobRun
	for _, r := range runs {
		row := report.JobRun{Command: r.Command, Share: r.Share, Started: r.Started, Ended: r.Ended, ExitCode: r.ExitCode, Ending: r.Ending,
			User: r.By.User, Host: r.By.Host, PID: r.By.PID, Caller: r.By.Caller, Program: r.Program, Commit: r.Commit, SHA256: r.SHA256, Line: r.Line,
			Options: []report.RunOption{}, Accepted: append([]string{}, r.Accepted...)}
		for _, name := range slices.Sorted(maps.Keys(r.Options)) {
			row.Options = append(row.Options, report.RunOption{Name: name, Values: r.Options[name]})
		}
		for _, o := range r.Orders {
			row.Orders = append(row.Orders, report.RunOrder{Time: o.Time, Text: o.String()})
		}
		if !r.Over() {
			row.Ending = "its end was not recorded: it goes on, or was cut off"
		}
		out = append(out, row)
	}
	return out, err
}
