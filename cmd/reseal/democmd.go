package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"reseal/control"
	"reseal/internal/demo"
	"reseal/job"
)

const demoLong = `demo shows the whole of reseal on the built-in simulator: no account, no network.

It makes a bucket of objects of all kinds, takes its inventory, prints the plan
and its price, runs under a cap on KMS requests, kills the run half-way as a crash
would, runs the same command again, verifies every object, and compares what the
simulator counted with what was promised.`

func newDemoCommand(p process) *cobra.Command {
	c := demo.Config{Out: p.stdout, Messages: p.stderr, LiveRelease: liveRelease, Release: recordedRelease}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show all of it on the built-in simulator: no account, no network",
		Long:  demoLong,
		Args:  noArgs,
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

// liveRelease is the most KMS requests that the run under way on a job has released
// in a second, by its own count; 0 where none is under way.
func liveRelease(ctx context.Context, dir string) int64 {
	if s := control.LiveStatus(ctx, job.Socket(dir, job.Share{})); s != nil {
		return s.KMS.FullestSecond
	}
	return 0
}

// recordedRelease is the same of all runs of the job that have ended, and of its
// last verification.
func recordedRelease(ctx context.Context, dir string) (int64, error) {
	store, _, err := openJob(ctx, dir)
	if err != nil {
		return 0, err
	}
	past, _, err := job.ReadHistory(ctx, store, job.HistoryFile)
	if err != nil {
		return 0, err
	}
	verified := readVerified(ctx, store)
	if verified == nil {
		return 0, errors.New("the job does not say what verify found")
	}
	return max(past.Fullest, verified.KMS.Fullest), nil
}
