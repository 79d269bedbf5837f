package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/report"
)

// output is what a command prints, and where it logs.
type output struct {
	json       bool
	quiet      bool
	noProgress bool
	logLevel   string
	logFile    string
	flags      *pflag.FlagSet // of the command
}

func (o *output) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	o.flags = f
	f.BoolVar(&o.json, "json", false, "print the result as one JSON document on stdout")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&o.logFile, "log-file", "", "where to log (default: reseal.log in the job folder)")
}

// messages is where a command explains what it does: stderr, or nowhere with --quiet.
func (o *output) messages(p process) io.Writer {
	if o.quiet {
		return io.Discard
	}
	return p.stderr
}

// surveyTicker returns what is called while the report is read: on a terminal
// it shows the number of rows.
func (o *output) surveyTicker(p process) func(rows int64) {
	if o.quiet || o.noProgress || !isTerminal(p.stderr) {
		return nil
	}
	last, out := time.Now(), p.screen()
	return func(rows int64) {
		if time.Since(last) > time.Second {
			last = time.Now()
			out.show("reading the report: " + report.Plural(rows, "row"))
		}
	}
}

// level is how much is logged.
func (o *output) level() (level slog.Level, err error) {
	if level.UnmarshalText([]byte(o.logLevel)) != nil {
		return level, usagef("--log-level %q: want debug, info, warn or error", o.logLevel)
	}
	return level, nil
}

// The formats of a log.
const (
	logText = "text"
	logJSON = "json"
)

// logHandler writes a log. No name or answer in it gets out of its line, or is read in
// another direction than it is written.
func logHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == logJSON {
		return slog.NewJSONHandler(plain.JSONWriter{Out: w}, options)
	}
	return slog.NewTextHandler(w, options) // which quotes what is not printed
}

// logger opens the log of a job. That of a job in a bucket goes to the messages, for what is to be known at once.
func (o *output) logger(ctx context.Context, dir string, messages io.Writer) (*slog.Logger, func(), error) {
	level, err := o.level()
	if err != nil {
		return nil, nil, err
	}
	name := o.logFile
	if name == "" && job.InBucket(dir) {
		return slog.New(logHandler(messages, logText, max(level, slog.LevelWarn))), func() {}, nil
	}
	var file *os.File
	if name == "" {
		file, err = job.AppendLog(dir)
	} else {
		file, err = outfile.Append(ctx, name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("log: %w", err)
	}
	log := &logWriter{file: file, messages: messages, name: file.Name()}
	return slog.New(logHandler(log, logText, level)), func() { file.Close() }, nil
}
