package job

import (
	"context"

	"reseal/checkpoint"
)

// CutOff returns the last recorded run of a job, or of a share of it, where that has no
// end: it crashed, was killed, or goes on. It is nil where the last one has. Who holds the
// job knows that none goes on. What only looked at the job since, and had it for a moment,
// is no run.
func CutOff(ctx context.Context, store checkpoint.Reader, part Share) (*Run, error) {
	all, err := Runs(ctx, store)
	var last *Run
	for i := range all { // first to last
		if r := &all[i]; r.Share == part.Name() && r.Command != ImportCommand {
			last = r
		}
	}
	if last == nil || last.Over() {
		return nil, err
	}
	return last, err
}

// Holder is who ran it.
func (r *Run) Holder() checkpoint.Holder {
	return checkpoint.Holder{PID: r.By.PID, Host: r.By.Host, Started: r.Started, Command: "reseal " + r.Command}
}
