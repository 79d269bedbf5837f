package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/plain"
	"reseal/job/known"
)

// knownOff is the --known-jobs with which nothing is written down, and nothing compared.
const knownOff = "off"

// knownJobs is the file that says what jobs first showed on this machine.
type knownJobs struct{ named string }

func (k *knownJobs) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.named, "known-jobs", "", "`FILE` of what jobs first showed on this machine, or off (default: reseal/known-jobs in the user's configuration folder)")
}

// known is what this machine knows of jobs.
func (k *knownJobs) known() connect.Known {
	if k.named == "" {
		return connect.Known{File: known.Default()}
	}
	return connect.Known{File: known.At(k.named), Off: k.named == knownOff}
}

// meet refuses a job that shows another key, bucket or server than it first showed on
// this machine. With record, a job that is new here is written down.
func (k *knownJobs) meet(ctx context.Context, p process, n connect.Named, record bool) (*connect.Met, error) {
	met, err := k.known().Meet(ctx, n, record)
	if err != nil {
		return nil, err
	}
	k.tellMet(p, met.Seen, record)
	return met, nil
}

// tellMet says what is new of a job, which was written down or only compared.
func (k *knownJobs) tellMet(p process, seen known.Met, recorded bool) {
	if recorded && seen.New && seen.Unrecorded == nil {
		fmt.Fprintf(p.stderr, "note: this machine has not seen this job before: what it shows now, it has to show from now on (%s)\n", k.known().File.Path())
	}
	tellUnrecorded(p, seen)
}

// made writes down a job that this command has just made. The job is good without it.
func (k *knownJobs) made(ctx context.Context, p process, n connect.Named) error {
	seen, err := k.known().Made(ctx, n)
	if err == nil {
		tellMade(p, n.Name, seen)
	}
	return err
}

// tellMade says what this machine will not do with a job of that name that was just made.
func tellMade(p process, name string, seen known.Met) {
	if seen.Outdated {
		fmt.Fprintf(p.stderr, "note: this machine still knows the job that was in %s before, and will refuse this one: %s;\nonce that is mended: %s\n",
			plain.Text(name), explain.Words(seen.Unrecorded), console.OnJob("forget", name))
		return
	}
	tellUnrecorded(p, seen)
}

// tellUnrecorded says that a change of the job will not be noticed.
func tellUnrecorded(p process, met known.Met) {
	if met.New && met.Unrecorded != nil {
		fmt.Fprintf(p.stderr, "note: this machine cannot write down what the job shows, and will not notice a change: %s;\n--known-jobs FILE names a file for it, --known-jobs off leaves it\n", explain.Words(met.Unrecorded))
	}
}
