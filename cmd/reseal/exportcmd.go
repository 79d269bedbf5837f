package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"reseal/batchops"
	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/options"
	"reseal/inventory"
	"reseal/job/generations"
	"reseal/migrate"
	"reseal/report"
)

const exportLong = `export batch-operations writes what a plan would do as manifests for S3 Batch
Operations, and the request that creates the job: UpdateObjectEncryption with
--method update, else Copy. It sends nothing but what plan sends.

A Copy job gives every object one storage class, so there is one manifest a
class. Objects that such a job cannot do are counted and left to reseal run.
docs/batch-operations.md says what else it does not do.

With --job it takes the options of the job, and leaves out what is done.`

// exportFlags is the command line of export batch-operations.
type exportFlags struct {
	runFlags
	out string
}

func newExportCommand(p process) *cobra.Command {
	f := &exportFlags{}
	batch := &cobra.Command{
		Use:   "batch-operations JOB --out FOLDER",
		Short: "Write manifests and job requests for S3 Batch Operations",
		Long:  exportLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.told = options.Given(cmd.Flags())
			return f.export(cmd.Context(), p)
		},
	}
	f.connection.bind(batch)
	f.connection.bindJob(batch)
	f.knownJobs.bind(batch)
	f.selection.bind(batch)
	f.pace.bind(batch)
	f.pricing.bind(batch)
	batch.Flags().StringVar(&f.job, "job", "", "`folder` of a job whose options to take, and whose finished objects to leave out")
	batch.Flags().StringVar(&f.out, "out", "", "new `folder` for the files")
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Hand the work to another engine",
		Args:  cli.OnlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(batch)
	return cmd
}

func (f *exportFlags) export(ctx context.Context, p process) error {
	if f.out == "" {
		return usagef("--out is needed: a new folder for the files")
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var met *connect.Met
	var settled func(inventory.Position) bool
	if f.job != "" {
		store, found, err := openJobAt(ctx, f.connection, f.job)
		if err != nil {
			return err
		}
		if met, err = f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: found}, true); err != nil {
			return err
		}
		f.adopt(found)
		chain, err := generations.Read(ctx, store, found)
		if err != nil {
			return err
		}
		if last := chain.Last(); last != nil && last.HasJob() {
			fmt.Fprintf(p.stderr, "note: this exports the first generation of the job. What is left of the last one: %s --out FOLDER\n",
				console.OnJob("export batch-operations", generations.Name(f.job, last.Number)))
		}
		snapshot, err := checkpoint.Read(ctx, store)
		if err != nil {
			return err
		}
		if settled, err = doneRows(ctx, snapshot); err != nil {
			return err
		}
	}
	if o, err := f.options(); err != nil {
		return err
	} else if err := batchops.CheckSelection(&o); err != nil {
		return &cli.UsageError{Err: err}
	}
	pre, err := f.request.prepare(ctx, met)
	if err != nil {
		return err
	}
	if job := met.Plan(); job != nil {
		if err := job.CheckSame(f.job, pre.Env.Frozen(), pre.Env.Report.Manifest()); err != nil {
			return err
		}
	}
	e, err := batchops.Export(ctx, f.out, pre.Env.Policy, pre.Env.Report, settled)
	if err != nil {
		return err
	}
	for _, m := range e.Manifests {
		fmt.Fprintf(p.stdout, "%s\t%s\n", m.Path, report.Plural(m.Objects, "object"))
	}
	for _, why := range slices.Sorted(maps.Keys(e.Left)) {
		fmt.Fprintf(p.stderr, "left to reseal run: %s, %s\n", report.Plural(e.Left[why], "object"), why)
	}
	return nil
}

// doneRows tells which rows a job has done.
func doneRows(ctx context.Context, s *checkpoint.Snapshot) (func(inventory.Position) bool, error) {
	c, err := migrate.Stand(ctx, s, migrate.Every)
	if err != nil {
		return nil, err
	}
	return c.Done, nil
}
