package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/report"
)

// output is what a command prints, and where it logs.
type output struct {
	json       bool
	quiet      bool
	noProgress bool
	logLevel   string
	logFormat  string
	logFile    string
	flags      *pflag.FlagSet // of the command
}

func (o *output) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	o.flags = f
	f.BoolVar(&o.json, "json", false, "print the result as one JSON document on stdout")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	f.StringVar(&o.logLevel, "log-level", "", "log from this level on: debug, info, warn or error (default: info; warn where the log goes to stderr)")
	f.StringVar(&o.logFormat, "log-format", logText, "form of the log: text, or json with one document a line")
	f.StringVar(&o.logFile, "log-file", "", "where to log (default: reseal.log in the job folder; stderr for a job in a bucket)")
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
	if o.quiet || o.noProgress || !terminal.Is(p.stderr) {
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

// The formats of a log.
const (
	logText = "text"
	logJSON = "json"
)

// checkLog refuses a level or a form that no log has.
func (o *output) checkLog() error {
	if _, err := o.level(slog.LevelInfo); err != nil {
		return err
	}
	if o.logFormat != logText && o.logFormat != logJSON {
		return usagef("--log-format %q: want text or json", o.logFormat)
	}
	return nil
}

// level is from which level on is logged; usual, where nobody said.
func (o *output) level(usual slog.Level) (level slog.Level, err error) {
	switch strings.ToLower(o.logLevel) {
	case "":
		return usual, nil
	case "debug", "info", "warn", "error":
		return level, level.UnmarshalText([]byte(o.logLevel))
	}
	return level, &cli.UsageError{Err: cli.ChoiceError("--log-level", o.logLevel, "debug", "info", "warn", "error")}
}

// logHandler writes a log. No name or answer in it gets out of its line, or is read in
// another direction than it is written.
func logHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == logJSON {
		return slog.NewJSONHandler(plain.JSONWriter{Out: w}, options)
	}
	return slog.NewTextHandler(w, options) // which quotes what is not printed
}

// logger opens the log of a job. That of a job in a bucket goes to the messages: beside a
// bar, only what is to be known at once, unless more is asked for.
func (o *output) logger(ctx context.Context, dir string, messages io.Writer) (*slog.Logger, func(), error) {
	name, usual := o.logFile, slog.LevelInfo
	beside := name == "" && job.InBucket(dir)
	if beside {
		usual = slog.LevelWarn
	}
	level, err := o.level(usual)
	if err != nil {
		return nil, nil, err
	}
	if beside {
		return slog.New(logHandler(messages, o.logFormat, level)), func() {}, nil
	}
	var file *os.File
	if name == "" {
		file, err = job.AppendLog(dir)
	} else {
		opening, opened := boundedByReader(ctx)
		file, err = outfile.Append(opening, name)
		opened()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("log: %w", err)
	}
	log := &logWriter{file: file, messages: messages, name: file.Name()}
	return slog.New(logHandler(log, o.logFormat, level)), func() { file.Close() }, nil
}
