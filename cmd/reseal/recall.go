package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/job"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// forgotten are the flags that a job does not remember: they name the job or a
// share of it, are about this one process and how it talks, or are meant for the
// one run that they are given to.
var forgotten = []string{"job", "shard", "shards", "limit", "no-canary", "yes", "dry-run", "dryrun", "no-plan-pass", "offline", "help", "html", "facts",
	"no-manifest-checksum", "json", "quiet", "no-progress", "log-level", "log-file", "metrics", "job-bucket-owner", configFlag, helpAll}

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
			told[f.Name] = valuesOf(f)
		}
	})
	return told
}

func valuesOf(f *pflag.Flag) []string {
	if many, ok := f.Value.(pflag.SliceValue); ok {
		return slices.Clone(many.GetSlice())
	}
	return []string{f.Value.String()}
}

// recalled sets the flags that were not given to what the job was told, those of
// them that the command has. Hazards that are accepted now come on top of those
// that were accepted before; what is given now may take away another option.
func recalled(flags *pflag.FlagSet, told job.Told) error {
	dropped := drops(givenOf(flags))
	for name, values := range told {
		f := flags.Lookup(name)
		if f == nil || slices.Contains(dropped, name) || slices.Contains(forgotten, name) || f.Changed && name != acceptFlag {
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

// keep returns the named options of those that a job was told.
func keep(told job.Told, names []string) job.Told {
	out := job.Told{}
	for _, name := range names {
		if values, is := told[name]; is {
			out[name] = values
		}
	}
	return out
}

// acceptFlag is the flag of which new values do not replace the old ones.
const acceptFlag = "accept"

// recall fills in what the job was told before, if it is there already. Nothing
// that was not given anew changes, so that no limit gets looser by going on.
func (f *runFlags) recall(ctx context.Context, p process, cmd *cobra.Command) error {
	f.began = time.Now()
	f.told, f.usual = given(cmd), defaultsOf(cmd)
	if f.job == "" {
		return nil
	}
	opening, opened := p.interruptible(ctx)
	defer opened()
	told, err := toldBefore(opening, f.connection, f.job)
	if err != nil {
		return causeOf(opening, err)
	}
	if told == nil {
		if f.rows.asMade || f.manifest != "" {
			return nil // what opens the job says that it is not there
		}
		return &usageError{&job.NoJobError{Name: f.job}}
	}
	f.selection.noChecksum = true // the MD5 is compared with the job's
	return recalled(cmd.Flags(), told)
}

// recall fills in what the job was told before, if it is there already.
func (f *planFlags) recall(ctx context.Context, p process, cmd *cobra.Command) error {
	f.told = given(cmd)
	if f.job == "" || f.stated.asked() {
		return nil
	}
	opening, opened := p.interruptible(ctx)
	defer opened()
	told, err := toldBefore(opening, f.connection, f.job)
	if err != nil || told == nil {
		return causeOf(opening, err)
	}
	f.selection.noChecksum = true // the MD5 is compared with the job's
	return recalled(cmd.Flags(), told)
}

// toldBefore returns all that a job was told, nil where there is none.
func toldBefore(ctx context.Context, c connection, dir string) (job.Told, error) {
	store, made, err := c.jobs().Find(ctx, dir, job.Share{})
	if err != nil || made == nil {
		return nil, err
	}
	return job.CurrentOptions(ctx, store, made)
}

// whoRuns says who runs this process, with the caller's ARN where STS tells it in time.
func whoRuns(ctx context.Context, client *s3api.Client) job.Who {
	who := job.Who{PID: os.Getpid()}
	who.Host, _ = os.Hostname() // "" where the system does not tell
	if u, err := user.Current(); err == nil {
		who.User = u.Username
	}
	if client != nil {
		short, cancel := context.WithTimeout(ctx, preflight.LookTimeout)
		defer cancel()
		if id, err := client.Identity(short); err == nil {
			who.Caller = id.ARN
		}
	}
	return who
}

// begin records in the job that a run begins, what it was told anew, and by whom.
// Neither is needed for the work, so that it goes on where they cannot be written.
func (f *runFlags) begin(ctx context.Context, p process, r *readiness) (*job.Record, error) {
	ctx, started := f.starting(ctx)
	defer started()
	ctx, stop := p.interruptible(ctx)
	defer stop()
	who := whoRuns(ctx, r.pre.env.Client)
	if r.claim.Found {
		changes, err := job.Remember(ctx, r.claim.Store, r.plan.Told, r.plan.Unbound(f.told), who, effective{r.pre.env.Caps.Quota, f.usual}.rules())
		if err != nil {
			fmt.Fprintf(p.stderr, "note: the job cannot record what it is told now: %s\n", inWords(err))
		}
		if line := loosened(changes, f.usual); line != "" {
			fmt.Fprintf(p.stderr, "note: %s\n", line)
		}
	}
	record, err := job.Begin(ctx, r.claim.Store, f.newRecord(p, who))
	if ctx.Err() != nil {
		return record, context.Cause(ctx)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "note: the job cannot record its runs: %s\n", inWords(err))
	}
	return record, nil
}

// newRecord is what is known of a run at its beginning.
func (f *runFlags) newRecord(p process, who job.Who) job.Run {
	commit, sum := job.Built()
	return job.Run{Command: f.rows.command, By: who, Program: version, Commit: commit, SHA256: sum, Line: job.CommandLine("reseal", p.args),
		Options: f.held, Accepted: slices.Sorted(slices.Values(f.accept)), Share: f.share.Name()}
}

// loosened says in one line which limits of a job permit more than before.
func loosened(changes []job.Change, usual func(option string) string) string {
	var words []string
	for _, c := range changes {
		if !c.Looser {
			continue
		}
		from := strings.Join(c.From, ", ")
		switch d := usual(c.Option); {
		case from != "":
		case d != "" && d != "[]":
			from = "not given, " + d + " by default"
		default:
			from = "not given"
		}
		to := strings.Join(c.To, ", ")
		if to == "" { // one value, and that is nothing
			to = "none"
		}
		words = append(words, fmt.Sprintf("--%s %s, was %s", c.Option, to, from))
	}
	if len(words) == 0 {
		return ""
	}
	return "this loosens what the job was told before: " + strings.Join(words, "; ") + " (recorded)"
}

// readRuns returns the runs of a job as a report shows them.
func readRuns(ctx context.Context, store job.Store) ([]report.JobRun, error) {
	runs, err := job.Runs(ctx, store)
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
