package main

import (
	"github.com/spf13/cobra"

	"reseal/internal/cli"
	"reseal/internal/demo"
	"reseal/internal/terminal"
)

const demoLong = `demo shows the whole of reseal on the built-in simulator: no account, no network.

It makes a bucket of objects of all kinds, takes its inventory, prints the plan
and its price, runs under a cap on KMS requests, kills the run half-way as a crash
would, runs the same command again, verifies every object, and compares what the
simulator counted with what was promised.`

func newDemoCommand(p process) *cobra.Command {
	c := demo.Config{Out: terminal.Bare(p.stdout), Messages: terminal.Bare(p.stderr)}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show all of it on the built-in simulator: no account, no network",
		Long:  demoLong,
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Objects < 100 || c.KMSRate < 1 {
				return usagef("--objects wants at least 100, --kms-rps at least 1")
			}
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			kept, err := demo.Run(ctx, c)
			if err == nil && !kept {
				return &finding{exitDifferent}
			}
			return err
		},
	}
	cmd.Flags().Int64Var(&c.Objects, "objects", 20_000, "objects in the bucket")
	cmd.Flags().IntVar(&c.KMSRate, "kms-rps", 1000, "cap on KMS requests a second")
	cmd.Flags().StringVar(&c.Folder, "dir", "", "`folder` for the job (default: a new one in the system's temporary folder)")
	return cmd
}
