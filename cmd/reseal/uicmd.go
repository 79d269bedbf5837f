package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/options"
	"reseal/job"
	"reseal/job/status"
	"reseal/ui"
)

// How often a job is read for its page. One in a bucket takes requests each time.
const (
	pageEvery       = time.Second
	pageRemoteEvery = watchRemoteEvery
)

// livePage is a page that is served.
type livePage struct{ end func() } // nil where none is

// close ends the page, once who looks has the job as it is now.
func (l *livePage) close() {
	if l.end != nil {
		l.end()
	}
}

// serve serves the page of a job until the page is closed, or ctx ends, and returns its
// address.
func (l *livePage) serve(ctx context.Context, f *options.Page, conn connection, dir string, part job.Share, logFile string, log *slog.Logger) (string, error) {
	store, made, err := openJobAt(ctx, conn, dir)
	if err != nil {
		return "", err
	}
	pace := ui.Pace{Every: pageEvery}
	if job.InBucket(dir) {
		pace.Every = pageRemoteEvery
	} else if logFile == "" {
		logFile = filepath.Join(dir, job.LogFile)
	} else if real, err := filepath.EvalSymlinks(logFile); err == nil {
		logFile = real // the user named it: a link of his own is followed
	}
	next := func(s *status.Status) (command, does string) {
		step := console.AfterLook(s, part)
		return step.Command, strings.ReplaceAll(step.Does, "\n", " ")
	}
	server, err := ui.Listen(ui.Config{Address: f.Address, Outside: f.Exposed, Pace: pace,
		Source: &ui.JobSource{Jobs: conn.Jobs(), Store: store, Plan: made, Share: part, LogFile: logFile, Next: next}})
	if err != nil {
		return "", err
	}
	l.end = server.Begin(ctx, log)
	return server.URL(), nil
}

// tellExposed warns of a page that other machines reach.
func tellExposed(w io.Writer, f *options.Page) {
	if !ui.OnThisMachine(f.Address) {
		fmt.Fprintln(w, "warning: other machines can reach the live page. Who has its address sees keys,\nerrors and costs, and so does who listens on the network.")
	}
}

// show serves the live page of a run, where one is asked for, and says where.
func (l *livePage) show(p process, f *runFlags, life context.Context, log *slog.Logger) error {
	if f.ui.Address == "" {
		return nil
	}
	url, err := l.serve(context.WithoutCancel(life), &f.ui, f.connection, f.job, f.share, f.output.logFile, log)
	if err != nil {
		return err
	}
	tellExposed(p.stderr, &f.ui)
	fmt.Fprintf(p.stderr, "live page: %s\n", url) // also where the run is to be quiet: the token is nowhere else
	return nil
}

func newUICommand(p process) *cobra.Command {
	var dir, shard string
	var conn connection
	var page options.Page
	cmd := &cobra.Command{
		Use:   "ui DIR",
		Short: "Show a job as a live page in a browser",
		Long: `ui serves a live page of a job until it is interrupted: of one that runs here or
elsewhere, that stopped, or that is over. It prints the address; the token in it
is all that lets somebody in. The page only looks.

  reseal ui ./job
  reseal ui ./job --ui 127.0.0.1:8080    # at a port of your choice

A run serves one of its own with reseal run DIR --ui 127.0.0.1:0. To look from
another machine: ssh -L 8080:127.0.0.1:8080 HOST`,
		Args: jobArgument(&dir),
		RunE: func(cmd *cobra.Command, _ []string) error {
			part, err := namedShare(shard, dir)
			if err == nil {
				err = page.Complete()
			}
			if err == nil && page.Address == "" {
				err = usagef("--ui: want an address, e.g. 127.0.0.1:0")
			}
			if err != nil {
				return err
			}
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			if _, err := readStatusAt(ctx, conn, dir, part); err != nil {
				return causeOf(ctx, err)
			}
			var live livePage
			url, err := live.serve(ctx, &page, conn, dir, part, "", slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
			if err != nil {
				return causeOf(ctx, err)
			}
			defer live.close()
			tellExposed(p.stderr, &page)
			fmt.Fprintln(p.stderr, "serving until interrupted, at")
			if _, err := fmt.Fprintln(p.stdout, url); err != nil {
				return fmt.Errorf("print the address: %w", err)
			}
			<-ctx.Done()
			return nil
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	page.Bind(cmd.Flags(), "127.0.0.1:0")
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&shard, "shard", "", "share `I/N` of a job in a bucket, whose run is meant")
	return cmd
}
