package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"reseal/batchops"
	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

const importLong = `import takes the completion report of an S3 Batch Operations job back into the
job that its manifest was exported from, so that both kinds of work end in one
report. What succeeded there is done, what failed there is failed with its
error code, for retry-failed; what the job knew before stays.

The report has to be of objects that the job plans to do: nothing is recorded
where it names another bucket or any other object. As it does not say what the
Batch Operations job did, some of the objects are looked at first. An object that
is recorded here was not looked at by reseal run: verify does that.

REPORT is the manifest.json of the completion report, in S3 or a local file.`

// importFlags is the command line of import.
type importFlags struct {
	runFlags
	asJSON bool
}

func newImportCommand(p process) *cobra.Command {
	f := &importFlags{}
	f.rows.command = job.ImportCommand
	cmd := &cobra.Command{
		Use:   "import JOB REPORT",
		Short: "Take the result of S3 Batch Operations back into a job",
		Long:  importLong,
		Args: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 1:
				return nil
			case 2: // the job comes first, as for other commands
				return jobArgument(&f.job)(cmd, args[:1])
			}
			return usagef("import wants a job and a completion report, its manifest.json: got %d arguments", len(args))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.held, f.told = options.Given(cmd.Flags()), options.Given(cmd.Flags())
			return f.importReport(cmd.Context(), p, args[len(args)-1])
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job, or s3://bucket/prefix")
	pathVar(fs, &f.manifest, "manifest", "where the inventory report is now, if not where the job found it")
	pathVar(fs, &f.keepInventory, "keep-inventory", "`folder` that the inventory report's data files were kept in")
	fs.StringVar(&f.memory, "memory", "512MiB", "memory budget: a longer completion report is taken in several passes")
	fs.StringVar(&f.results, "results", "failures", "result lines to write: failures, or all")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	return cmd
}

// imported is what import prints.
type imported struct {
	Job    string `json:"job"`
	Report string `json:"report"`
	Tasks  int64  `json:"tasks"`  // in the completion report
	Done   int64  `json:"done"`   // recorded now
	Failed int64  `json:"failed"` // recorded now
	Known  int64  `json:"known"`  // left as the job had them before
}

func (f *importFlags) importReport(ctx context.Context, p process, location string) error {
	if err := cli.Choose("--results", f.results, resultLines()...); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	if err := batchops.CheckSelection(&made.Options); err != nil {
		return &cli.UsageError{Err: err}
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: made}, true)
	if err != nil {
		return err
	}
	f.adopt(made)
	pre, err := f.request.prepare(ctx, met)
	if err != nil {
		return err
	}
	if err := made.CheckSame(f.job, pre.Env.Frozen(), pre.Env.Report.Manifest()); err != nil {
		return err
	}
	memory, err := cli.ParseSize(f.memory)
	if err != nil {
		return usagef("--memory: %w", err)
	}
	tasks, err := openCompletion(ctx, pre.Env.Client, location)
	if err != nil {
		return err
	}
	lock, err := store.Lock(ctx, checkpoint.Self("reseal import"))
	if err != nil {
		return err
	}
	defer lock.Release()
	record, err := job.Begin(ctx, store, f.newRecord(p, whoRuns(ctx, pre.Env.Client)))
	if err != nil {
		fmt.Fprintf(p.stderr, "note: the job cannot record this import: %s\n", explain.Words(err))
	}
	err = f.take(ctx, p, pre.Env, store, made, tasks, memory/4, location)
	last, written := context.WithTimeout(context.WithoutCancel(ctx), migrate.LastWrites)
	defer written()
	finish(last, record, err)
	return err
}

// take records the outcomes of tasks in a job that is held.
func (f *importFlags) take(ctx context.Context, p process, e *preflight.Environment, store job.Store, made *job.Plan, tasks *inventory.BatchTasks, memory int64, location string) error {
	in := &batchops.Intake{
		Job: f.job, Store: store, Plan: made, State: f.stateOptions(made, e.Report.Manifest().Files), Client: e.Client,
		Report: e.Report, Policy: e.Policy, Tasks: tasks, Memory: memory, KMSRate: e.Caps.KMS, ReadRate: e.Caps.S3Writes, AllLines: f.results == "all",
	}
	n, err := in.Run(ctx)
	if errors.As(err, new(*batchops.NotDoneError)) {
		err = &preflight.RefusedError{Err: err}
	}
	if n != nil {
		err = errors.Join(err, f.say(p, &imported{Job: f.job, Report: location, Tasks: n.Tasks, Done: n.Done, Failed: n.Failed, Known: n.Known}))
	}
	return err
}

// openCompletion opens the completion report at location, a manifest.json or
// the folder that it is in.
func openCompletion(ctx context.Context, client *s3api.Client, location string) (*inventory.BatchTasks, error) {
	if err := cli.CheckPath("import", location); err != nil {
		return nil, err
	}
	at, err := inventory.ParseLocation(location)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return batchops.OpenTasks(ctx, at, connect.Buckets(client))
}

// say prints what was recorded.
func (f *importFlags) say(p process, d *imported) error {
	if f.asJSON {
		return writeJSON(p.stdout, d)
	}
	fmt.Fprintf(p.stdout, "%s in the completion report: %s recorded as done, %s as failed, %s left as the job had them\n",
		report.Plural(d.Tasks, "task"), report.Count(d.Done), report.Count(d.Failed), report.Count(d.Known))
	if d.Failed > 0 {
		fmt.Fprintf(p.stderr, "Those that failed: %s\n", console.OnJob("retry-failed", f.job))
	}
	fmt.Fprintf(p.stderr, "What is left of the report: reseal run, with the job's options. What was done elsewhere: %s\n", console.OnJob("verify", f.job))
	return nil
}
