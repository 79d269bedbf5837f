package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/job"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/s3api"
)

// jobArgument lets the job be named without --job, as the only argument.
func jobArgument(to *string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return nil
		case len(args) > 1:
			return usagef("%s takes one argument, the job; got %q", cmd.CommandPath(), args)
		case *to != "" && *to != args[0]:
			return usagef("two jobs are named: %q, and %q with --job", args[0], *to)
		}
		*to = args[0]
		return nil
	}
}

// defaultsOf returns the defaults of a command's options.
func defaultsOf(cmd *cobra.Command) func(option string) string {
	return func(option string) string {
		if f := cmd.Flags().Lookup(option); f != nil {
			return f.DefValue
		}
		return ""
	}
}

// recall fills in what the job was told before, if it is there already. Nothing
// that was not given anew changes, so that no limit gets looser by going on.
func (f *runFlags) recall(ctx context.Context, p process, cmd *cobra.Command) error {
	f.began = time.Now()
	f.told, f.usual = options.Given(cmd.Flags()), defaultsOf(cmd)
	if f.job == "" {
		return options.NoneEmpty(cmd.Flags())
	}
	found, err := f.request.recall(ctx, p, cmd, f.job)
	switch {
	case err != nil || found:
		return err
	case f.rows.asMade || f.manifest != "": // what opens the job says that it is not there
		return options.NoneEmpty(cmd.Flags())
	}
	return &cli.UsageError{Err: &job.NoJobError{Name: f.job}}
}

// recall fills in what the job was told before, if it is there already.
func (f *planFlags) recall(ctx context.Context, p process, cmd *cobra.Command) error {
	f.told = options.Given(cmd.Flags())
	if f.job == "" || f.stated.asked() {
		return options.NoneEmpty(cmd.Flags())
	}
	found, err := f.request.recall(ctx, p, cmd, f.job)
	if err != nil || found {
		return err
	}
	return options.NoneEmpty(cmd.Flags())
}

// recall sets the flags that were not given to what the job was told, and tells whether
// there is one. What the job is bound to is taken as it is, unless something of that is
// given anew, which must be compared.
func (r *request) recall(ctx context.Context, p process, cmd *cobra.Command, dir string) (found bool, err error) {
	var made *job.Plan
	var told job.Told
	err = p.phase(ctx, func(ctx context.Context) (err error) {
		var store job.Store
		if store, made, err = r.connection.Jobs().Find(ctx, dir, job.Share{}); err == nil && made != nil {
			told, err = job.CurrentOptions(ctx, store, made)
		}
		return err
	})
	if err != nil || made == nil {
		return false, err
	}
	r.selection.noChecksum = true // the MD5 is compared with the job's
	if r.listed {
		maps.DeleteFunc(told, func(option string, _ []string) bool { return options.Chooses(option) || option == "max-duration" })
	}
	anew := options.Given(cmd.Flags())
	if err := options.Recall(cmd.Flags(), told); err != nil {
		return true, err
	}
	for option := range anew {
		if decides(option) {
			return true, nil
		}
	}
	r.selection.adopt(made)
	return true, nil
}

// whoRuns says who runs this process, with the caller's ARN where STS tells it in time.
func whoRuns(ctx context.Context, client *s3api.Client) job.Who {
	short, cancel := context.WithTimeout(ctx, preflight.LookTimeout)
	defer cancel()
	return job.Self(short, client)
}

// begin records in the job that a run begins, what it was told anew, and by whom.
// Neither is needed for the work, so that it goes on where they cannot be written.
func (f *runFlags) begin(ctx context.Context, p process, r *prepare.Start) (record *job.Record, err error) {
	ctx, started := f.startLimits().Bound(ctx)
	defer started()
	err = p.phase(ctx, func(ctx context.Context) error {
		record, err = f.recordBegin(ctx, p, r)
		return err
	})
	return record, err
}

// recordBegin does what begin says, until ctx ends.
func (f *runFlags) recordBegin(ctx context.Context, p process, r *prepare.Start) (*job.Record, error) {
	who := whoRuns(ctx, r.Pre.Env.Client)
	if r.Claim.Found {
		changes, err := job.Remember(ctx, r.Claim.Store, r.Plan.Told, r.Plan.Unbound(f.told), who, job.Effective{Quota: r.Pre.Env.Caps.Quota, Default: f.usual}.Rules())
		if err != nil {
			fmt.Fprintf(p.stderr, "note: the job cannot record what it is told now: %s\n", explain.Words(err))
		}
		if line := console.Loosened(changes, f.usual); line != "" {
			fmt.Fprintf(p.stderr, "note: %s\n", line)
		}
	}
	record, err := job.Begin(ctx, r.Claim.Store, f.newRecord(p, who))
	if ctx.Err() != nil {
		return record, context.Cause(ctx)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "note: the job cannot record its runs: %s\n", explain.Words(err))
	}
	return record, nil
}

// newRecord is what is known of a run at its beginning.
func (f *runFlags) newRecord(p process, who job.Who) job.Run {
	commit, sum := job.Built()
	return job.Run{Command: f.rows.command, By: who, Program: programVersion(), Commit: commit, SHA256: sum, Line: job.CommandLine("reseal", p.typed()),
		Options: f.held, Accepted: slices.Sorted(slices.Values(f.accept)), Share: f.share.Name()}
}
