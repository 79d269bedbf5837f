package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/control"
	"reseal/internal/cli"
	"reseal/job"
)

const ctlLong = `ctl steers a run in progress, through a socket in its job folder. Where the job
is in a bucket, type it on the machine of the run.

  reseal ctl ./job status           how it is doing, and what binds it
  reseal ctl ./job pause            send nothing more until resume
  reseal ctl ./job resume
  reseal ctl ./job kms-rps 250      cap on KMS requests a second, from now on
  reseal ctl ./job concurrency 64   objects in flight at most
  reseal ctl ./job drain            finish what is under way and end, resumable

With --shard I/N it is the process of that share.

Only the user who runs the job can. What it changes holds for this run; the next
one goes by its flags again.`

func newCtlCommand(p process) *cobra.Command {
	var dir, shard string
	var asJSON, force bool
	cmd := &cobra.Command{
		Use:   "ctl JOB status|pause|resume|kms-rps N|concurrency N|drain",
		Short: "Steer a run that goes on",
		Long:  ctlLong,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := controlRequestOf(args); err != nil && len(args) > 1 && dir == "" { // the job comes first, as for other commands
				dir, args = args[0], args[1:]
			}
			r, err := controlRequestOf(args)
			if err != nil {
				return err
			}
			r.Force = force
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			return causeOf(ctx, sendControl(ctx, p, dir, shard, r, asJSON))
		},
	}
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job, or s3://bucket/prefix")
	cmd.Flags().StringVar(&shard, "shard", "", "share `I/N` of a job in a bucket")
	cmd.Flags().BoolVar(&force, "force", false, "take a kms-rps above the account's quota, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as one JSON document")
	return cmd
}

// controlRequestOf reads a request from the command line.
func controlRequestOf(args []string) (r control.Request, err error) {
	if len(args) == 0 {
		return r, usagef("ctl wants a command: status, pause, resume, kms-rps N, concurrency N or drain")
	}
	r.Command = args[0]
	valued := r.Command == "kms-rps" || r.Command == "concurrency"
	if err := cli.Choose("ctl", r.Command, "status", "pause", "resume", "kms-rps", "concurrency", "drain"); err != nil {
		return r, err
	}
	switch {
	case valued && len(args) != 2:
		return r, usagef("ctl %s wants one number", r.Command)
	case !valued && len(args) != 1:
		return r, usagef("ctl %s takes nothing more; got %q", r.Command, args[1:])
	case valued:
		if r.Value, err = strconv.ParseFloat(args[1], 64); err != nil || !(r.Value > 0) {
			return r, usagef("ctl %s %q: want a number above 0", r.Command, args[1])
		}
	}
	return r, nil
}

// sendControl sends one request and prints the answer. Where the job is in a bucket
// nothing is asked of that: who can reach the run need not reach S3.
func sendControl(ctx context.Context, p process, dir, shard string, r control.Request, asJSON bool) error {
	if dir == "" {
		return usagef("--job is needed: the folder of the job")
	}
	s, err := namedShare(shard, dir)
	if err != nil {
		return err
	}
	if !job.InBucket(dir) {
		if _, _, err := openJob(ctx, dir); err != nil {
			return err
		}
	}
	me := whoRuns(ctx, nil)
	r.By = control.Sender{User: me.User, Host: me.Host, PID: me.PID}
	a, err := control.Ask(ctx, job.Socket(dir, s), r)
	if errors.Is(err, control.ErrNotRunning) && job.InBucket(dir) {
		err = fmt.Errorf("%w on this machine", err)
		if others := control.RemoteShares(dir); len(others) > 0 {
			err = fmt.Errorf("%w; there are sockets of shares %s: name one with --shard", err, strings.Join(others, ", "))
		}
	}
	if err != nil {
		return err
	}
	if asJSON {
		if err := writeJSON(p.stdout, a); err != nil {
			return err
		}
	}
	if !a.OK {
		return &cli.UsageError{Err: errors.New(a.Error)}
	}
	if a.Warning != "" {
		fmt.Fprintf(p.stderr, "warning: %s\n", a.Warning)
	}
	if asJSON || a.Status == nil {
		return nil
	}
	return console.Run(p.stdout, a.Status)
}
