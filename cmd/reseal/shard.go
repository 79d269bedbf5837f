package main

import (
	"os"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/internal/cli"
	"reseal/inventory"
	"reseal/job"
)

// shardFlags say which share of a job this process does.
type shardFlags struct {
	text   string
	shards int
}

func (f *shardFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.text, "shard", "", "do share `I/N` of a job in a bucket, I from 0 (default: as Kubernetes or AWS Batch says in the environment)")
	fs.IntVar(&f.shards, "shards", 0, "number of shares, where only JOB_COMPLETION_INDEX says which one this is")
}

// share reads which share is meant.
func (f *shardFlags) share(getenv func(string) string, dir string) (job.Share, error) {
	s, err := job.ReadShare(f.text, f.shards, getenv, dir)
	if err != nil {
		return s, &cli.UsageError{Err: err}
	}
	return s, nil
}

// namedShare is the share of a job that is named on the command line, all of the
// job where none is.
func namedShare(text, job string) (job.Share, error) {
	return (&shardFlags{text: text}).share(func(string) string { return "" }, job)
}

// environment is where a share is read from besides the command line.
func environment(name string) string { return os.Getenv(name) }

// stateOptions say how the state of a job is kept in its store.
func (f *runFlags) stateOptions(made *job.Plan, files []inventory.File) checkpoint.Options {
	o := job.StateOptions(f.job, f.share, made, files)
	if f.maxCostText != "" || f.part.limited() {
		o.ReserveRows = 256 // what a crash sets aside comes back once the rows in doubt are settled
	}
	return o
}
