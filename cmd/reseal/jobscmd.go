package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/shell"
	"reseal/job/status"
	"reseal/s3api"
)

func newJobsCommand(p process) *cobra.Command {
	var conn connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "jobs [FOLDER | s3://BUCKET/PREFIX]",
		Short: "List the jobs below a folder or a prefix",
		Long: `jobs lists the jobs in a folder or below a prefix of a bucket, here if none is
named: how each stands, how far it is, and when it last wrote something. It looks
three folders deep and changes nothing.

  reseal jobs
  reseal jobs s3://reseal-jobs/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one argument, a folder or prefix; got %q", cmd.CommandPath(), args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			place := "."
			if len(args) == 1 {
				place = args[0]
			}
			if err := cli.CheckPath("jobs", place); err != nil {
				return err
			}
			all, hidden, err := status.List(ctx, conn.Jobs(), place)
			if err != nil {
				return causeOf(ctx, err)
			}
			for _, folder := range hidden {
				fmt.Fprintf(p.stderr, "note: %s may not be read by you, so jobs in it are left out\n", shell.Word(folder))
			}
			if asJSON {
				return writeJSON(p.stdout, all)
			}
			for _, j := range all {
				if j.Error != "" {
					fmt.Fprintf(p.stderr, "note: %s cannot be read: %s\n", shell.Word(j.Job), s3api.PlainText(j.Error))
				}
			}
			if len(all) == 0 {
				fmt.Fprintf(p.stderr, "there is no job in %s, nor in three folders below it\n", place)
			}
			return console.Jobs(p.stdout, all, time.Now())
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as one JSON document")
	return cmd
}
