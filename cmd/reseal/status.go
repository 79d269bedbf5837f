package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/status"
)

func newStatusCommand(p process) *cobra.Command {
	var dir, shard string
	var asJSON, watched bool
	var conn connection
	cmd := &cobra.Command{
		Use:   "status JOB",
		Short: "Say how far a job is",
		Long: `status says how far a job is, from its files alone: while it runs, after it
ended, and after a crash. It says how the last run ended, and what to type next.
It needs no network, unless the job is in a bucket, and changes nothing. Of the
folder of a campaign it shows all buckets.`,
		Args: jobArgument(&dir),
		RunE: func(cmd *cobra.Command, _ []string) error {
			part, err := namedShare(shard, dir)
			if err != nil {
				return err
			}
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			var again status.Again
			read := func(ctx context.Context) (*status.Status, error) {
				return readStatusAgain(ctx, conn, dir, part, &again)
			}
			if watched {
				err = watch(ctx, p, dir, part, asJSON, read)
			} else {
				err = showStatus(ctx, p, part, asJSON, read)
			}
			if errors.As(err, new(*job.CampaignError)) {
				if whole, _, unread := readCampaign(ctx, conn, dir); whole != nil || unread != nil {
					return showCampaign(ctx, p, whole, asJSON, watched || shard != "", unread)
				}
			}
			return err
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&shard, "shard", "", "share `I/N` of a job in a bucket, whose run is meant")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document; with --watch one a line")
	cmd.Flags().BoolVar(&watched, "watch", false, "look again and again until the job is finished")
	return cmd
}

// showStatus prints how a job, or a share of it, stands.
func showStatus(ctx context.Context, p process, part job.Share, asJSON bool, read func(context.Context) (*status.Status, error)) error {
	s, err := read(ctx)
	switch {
	case err != nil:
		return causeOf(ctx, err)
	case asJSON:
		return writeJSON(p.stdout, s)
	}
	return console.Status(p.stdout, s, console.AfterLook(s, part), time.Now())
}

// readStatusAt reads a job that must be there, and how the run of all of it does, or
// of a share.
func readStatusAt(ctx context.Context, c connection, dir string, part job.Share) (*status.Status, error) {
	return readStatusAgain(ctx, c, dir, part, new(status.Again))
}

// readStatusAgain is readStatusAt for a look after others.
func readStatusAgain(ctx context.Context, c connection, dir string, part job.Share, again *status.Again) (*status.Status, error) {
	store, made, err := openJobAt(ctx, c, dir)
	if err != nil {
		return nil, err
	}
	read, err := again.LookWhole(ctx, c.Jobs(), store, made, part)
	if err != nil {
		return nil, err
	}
	return read.Status(), nil
}

// writeJSON prints v as one indented document.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(plain.JSONWriter{Out: w})
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
