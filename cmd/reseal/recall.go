package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/preflight"
	"reseal/s3api"
)

// forgotten are the flags that a job does not remember: they name the job or a
// share of it, are about this one process and what it prints, or are meant for the
// one run that they are given to.
var forgotten = []string{"job", "shard", "shards", "limit", "no-canary", "yes", "dry-run", "dryrun", "no-plan-pass", "offline", "help", "html", "facts",
	"no-manifest-checksum", "json", "quiet", "no-progress", "log-level", "log-format", "log-file", "metrics", "metrics-file", "debug-addr", "debug-expose", "ui", "ui-expose", "notify-command", "notify-url", "notify-failures", "notify-throttled", "job-bucket-owner", "known-jobs", cli.ConfigFlag, cli.HelpAll}

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

// given returns what the flags of a command line say that a job remembers, and,
// once they are recalled, what the job said in place of those that were not given.
func given(cmd *cobra.Command) job.Told { return givenOf(cmd.Flags()) }

func givenOf(flags *pflag.FlagSet) job.Told {
	told := job.Told{}
	flags.VisitAll(func(f *pflag.Flag) { // Visit leaves out what was recalled
		if f.Changed && !slices.Contains(forgotten, f.Name) {
			told[f.Name] = cli.ValuesOf(f)
		}
	})
	return told
}

// recalled sets the flags that were not given to what the job was told, those of
// them that the command has. Hazards that are accepted now come on top of those
// that were accepted before; what is given now may take away another option.
func recalled(flags *pflag.FlagSet, told job.Told) error {
	dropped := job.Replaced(givenOf(flags))
	for name, values := range told {
		f := flags.Lookup(name)
		if f == nil || slices.Contains(dropped, name) || slices.Contains(forgotten, name) || f.Changed && name != job.AcceptOption {
			continue
		}
		many, several := f.Value.(pflag.SliceValue)
		var err error
		switch {
		case several && f.Changed:
			now := many.GetSlice()
			err = many.Replace(append(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(now, v) }), now...))
		case several:
			err = many.Replace(values)
		case job.TakenAway(values):
			continue
		case len(values) == 1:
			err = f.Value.Set(values[0])
		default:
			err = fmt.Errorf("%d values", len(values))
		}
		if err != nil {
			return fmt.Errorf("the job was told --%s %s, which this program does not take: %w", name, strings.Join(values, " "), err)
		}
		f.Changed = true
	}
	return nil
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
	f.told, f.usual = given(cmd), defaultsOf(cmd)
	if f.job == "" {
		return emptyOptions(cmd)
	}
	found, err := f.request.recall(ctx, p, cmd, f.job)
	switch {
	case err != nil || found:
		return err
	case f.rows.asMade || f.manifest != "": // what opens the job says that it is not there
		return emptyOptions(cmd)
	}
	return &cli.UsageError{Err: &job.NoJobError{Name: f.job}}
}

// recall fills in what the job was told before, if it is there already.
func (f *planFlags) recall(ctx context.Context, p process, cmd *cobra.Command) error {
	f.told = given(cmd)
	if f.job == "" || f.stated.asked() {
		return emptyOptions(cmd)
	}
	found, err := f.request.recall(ctx, p, cmd, f.job)
	if err != nil || found {
		return err
	}
	return emptyOptions(cmd)
}

// emptyOptions refuses empty values where there is no job yet of which they could take
// one away: a variable of a script that is not set would mean no filter, or no limit.
func emptyOptions(cmd *cobra.Command) error {
	empty := cli.Removed(cmd.Flags())
	if len(empty) == 0 {
		return nil
	}
	return usagef("%s: the value is empty. An empty one takes away what a job was told, and there is no job yet: leave the option out", strings.Join(empty, ", "))
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
	anew := given(cmd)
	if err := recalled(cmd.Flags(), told); err != nil {
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
func (f *runFlags) begin(ctx context.Context, p process, r *readiness) (record *job.Record, err error) {
	ctx, started := f.startLimits().Bound(ctx)
	defer started()
	err = p.phase(ctx, func(ctx context.Context) error {
		record, err = f.recordBegin(ctx, p, r)
		return err
	})
	return record, err
}

// recordBegin does what begin says, until ctx ends.
func (f *runFlags) recordBegin(ctx context.Context, p process, r *readiness) (*job.Record, error) {
	who := whoRuns(ctx, r.pre.env.Client)
	if r.claim.Found {
		changes, err := job.Remember(ctx, r.claim.Store, r.plan.Told, r.plan.Unbound(f.told), who, job.Effective{Quota: r.pre.env.Caps.Quota, Default: f.usual}.Rules())
		if err != nil {
			fmt.Fprintf(p.stderr, "note: the job cannot record what it is told now: %s\n", explain.Words(err))
		}
		if line := console.Loosened(changes, f.usual); line != "" {
			fmt.Fprintf(p.stderr, "note: %s\n", line)
		}
	}
	record, err := job.Begin(ctx, r.claim.Store, f.newRecord(p, who))
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
