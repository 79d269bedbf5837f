package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/control/metrics"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/job"
	"reseal/migrate"
)

// endFile is where the metrics of a run stay once its process is gone.
type endFile struct {
	name string // "" for nowhere

	began   time.Time // zero until the options are known
	plan    *job.Plan
	outcome *migrate.Outcome // nil until the run has ended that began
	spent   func() (cost.Money, bool)
}

func (e *endFile) bind(cmd *cobra.Command) {
	e.began = time.Now()
	cmd.Flags().StringVar(&e.name, "metrics-file", "", "at the end, write how the run ended into this `file`, for the textfile collector of node_exporter, e.g. reseal.prom")
}

// check refuses a file that must not or cannot be written.
func (e *endFile) check(ctx context.Context, flags *pflag.FlagSet, dir string) error {
	if e.name == "" {
		return nil
	}
	if e.name == cli.Stdout {
		return usagef("--metrics-file: want the name of a file, such as reseal.prom")
	}
	if err := options.Spare(ctx, flags, "metrics-file", dir); err != nil {
		return err
	}
	return outfile.Check(e.name)
}

// write writes how the run ended, with err, and returns that. Where the file cannot be
// written, a run that did all of its work ends with that.
func (e *endFile) write(ctx context.Context, p process, f *runFlags, err error) error {
	if e.name == "" {
		return err
	}
	code := exitDone
	if err != nil {
		code = exitCode(err)
	}
	m := &metrics.Ended{Version: programVersion(), Job: f.job, At: time.Now(), Took: time.Since(e.began), ExitCode: code, Run: e.run(f)}
	return e.keep(ctx, p, err, func(ctx context.Context) error { return metrics.WriteFile(ctx, e.name, m) })
}

// keep has the file written. err is how the command ended, and what it ends with.
func (e *endFile) keep(ctx context.Context, p process, err error, write func(context.Context) error) error {
	writing, written := p.interruptible(context.WithoutCancel(ctx))
	defer written()
	bounded, end := boundedByReader(writing)
	defer end()
	failed := write(bounded)
	switch {
	case failed == nil:
	case err == nil:
		return fmt.Errorf("all of the run's work was done, but its metrics were not written: %w", failed)
	default:
		fmt.Fprintf(p.stderr, "note: the metrics of the run were not written: %s\n", explain.Words(failed))
	}
	return err
}

// run is what the run did, nil where it never began.
func (e *endFile) run(f *runFlags) *metrics.EndedRun {
	if e.outcome == nil {
		return nil
	}
	out := e.outcome.Metrics(e.plan, f.share)
	out.Spent, out.Priced = e.spent()
	return out
}
