package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

const forgetLong = `forget has this machine take a job next as it is then. Each job is written down
here when it is first seen: its key, its bucket, its plan, and where its requests
go. One that shows something else later is refused, as somebody may have changed
it. Where that was right, forget says so.

The job itself stays as it is. Look at it first: reseal status JOB.`

// forgetFlags is the command line of forget.
type forgetFlags struct {
	connection
	knownJobs
	job string
}

func newForgetCommand(p process) *cobra.Command {
	f := &forgetFlags{}
	cmd := &cobra.Command{
		Use:   "forget JOB",
		Short: "Forget what a job first showed on this machine",
		Long:  forgetLong,
		Args:  jobArgument(&f.job),
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.forget(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	f.knownJobs.bind(cmd)
	cmd.Flags().StringVar(&f.job, "job", "", "`folder` of the job, or s3://bucket/prefix")
	return cmd
}

func (f *forgetFlags) forget(ctx context.Context, p process) error {
	switch {
	case f.job == "":
		return usagef("forget wants the job that is to be forgotten")
	case f.named == knownOff:
		return usagef("--known-jobs off names no file to forget the job in")
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	was, err := f.known().Forget(ctx, f.Settings, f.job)
	switch {
	case err != nil:
		return causeOf(ctx, err)
	case !was:
		fmt.Fprintf(p.stderr, "%s was not known on this machine; nothing to forget\n", f.job)
	default:
		fmt.Fprintf(p.stderr, "Forgotten: %s; the next run writes down what it shows then\n", f.job)
	}
	return nil
}
