package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/job"
	"reseal/job/generations"
)

const retryLong = `retry-failed takes the objects of a job that failed once more, and nothing else:
by the same decisions, below the same limits, recorded in the same job. What
succeeds is not failed any more; what fails again stays.

The options that a job is bound to come from the job. It needs the report. A job
in a bucket may be divided as for run: --shard I/N takes the failed objects of one
share.`

func newRetryCommand(p process) *cobra.Command {
	f := &runFlags{rows: failedRows()}
	cmd := &cobra.Command{
		Use:   "retry-failed JOB",
		Short: "Try the failed objects of a job again",
		Long:  retryLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.recall(cmd.Context(), p, cmd); err != nil {
				return f.neverBegan(cmd.Context(), p, err)
			}
			f.held = options.Given(cmd.Flags())
			return f.retryFailed(cmd.Context(), p)
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	f.limits.bind(cmd)
	f.oversight.bind(cmd)
	f.accept.bind(cmd)
	f.output.bind(cmd)
	f.shardFlags.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job")
	pathVar(fs, &f.manifest, "manifest", "where the report is now, if not where the job found it")
	pathVar(fs, &f.keepInventory, "keep-inventory", "`folder` that the report's data files were kept in")
	fs.StringVar(&f.memory, "memory", "512MiB", "memory budget: it sets how many report files are open at once")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "off AWS: find out what the endpoint keeps on scratch objects under this `prefix`")
	fs.BoolVar(&f.yes, "yes", true, "taken as run takes it; retry-failed never asks")
	fs.DurationVar(&f.drain, "drain-timeout", 2*time.Minute, "how long the requests under way may take once the run is to end: after a signal, a limit, the end of a window, ctl drain")
	remembers(cmd)
	return cmd
}

// retryFailed is a run over the failed rows, with the job's own options.
func (f *runFlags) retryFailed(ctx context.Context, p process) error {
	var made *job.Plan
	var chain *generations.Chain
	err := p.phase(ctx, func(ctx context.Context) (err error) {
		var store job.Store
		if store, made, err = openJobAt(ctx, f.connection, f.job); err == nil {
			chain, err = generations.Read(ctx, store, made)
		}
		return err
	})
	if err != nil {
		return f.neverBegan(ctx, p, err)
	}
	if chain.Last() != nil {
		fmt.Fprintf(p.stderr, "note: this takes the first generation of the job alone. What failed in any of them is tried again by %s\n", explain.UntilClean(f.job))
	}
	f.adopt(made)
	// Every line is written: the one that says "done" takes back the one that said "failed".
	f.yes, f.results = true, "all"
	return f.run(ctx, p)
}
