package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/joblog"
	"reseal/internal/terminal"
	"reseal/report"
)

// output is what a command prints, and where it logs.
type output struct {
	json       bool
	quiet      bool
	noProgress bool
	log        joblog.Options
	logFile    string
	flags      *pflag.FlagSet // of the command
}

func (o *output) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	o.flags = f
	f.BoolVar(&o.json, "json", false, "print the result as one JSON document on stdout")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	f.StringVar(&o.log.Level, "log-level", "", "log from this level on: debug, info, warn or error (default: info; warn where the log goes to stderr)")
	f.StringVar(&o.log.Format, "log-format", joblog.Text, "form of the log: text, or json with one document a line")
	f.StringVar(&o.logFile, "log-file", "", "where to log (default: reseal.log in the job folder; stderr for a job in a bucket)")
}

// messages is where a command explains what it does: stderr, or nowhere with --quiet.
func (o *output) messages(p process) io.Writer {
	if o.quiet {
		return io.Discard
	}
	return p.stderr
}

// barless tells whether no progress is to be shown.
func (o *output) barless() bool { return o.quiet || o.noProgress }

// surveyTicker returns what is called while the report is read: on a terminal
// it shows the number of rows.
func (o *output) surveyTicker(p process) func(rows int64) {
	if o.barless() || !terminal.Is(p.stderr) {
		return nil
	}
	last, out := time.Now(), p.screen()
	return func(rows int64) {
		if time.Since(last) > time.Second {
			last = time.Now()
			out.Show("reading the report: " + report.Plural(rows, "row"))
		}
	}
}

// checkLog refuses a level or a form that no log has.
func (o *output) checkLog() error { return o.log.Check() }

// logger opens the log of a job.
func (o *output) logger(ctx context.Context, dir string, messages io.Writer) (*slog.Logger, func(), error) {
	opening, opened := boundedByReader(ctx)
	defer opened()
	return o.log.Open(opening, o.logFile, dir, messages)
}
