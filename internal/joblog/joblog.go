package joblog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/job"
)

// The forms of a log.
const (
	Text = "text"
	JSON = "json"
)

// Levels are the names of levels.
func Levels() []string { return []string{"debug", "info", "warn", "error"} }

// Options are what is asked for about a log.
type Options struct {
	Level  string // one of Levels, "" for the usual one
	Format string // Text or JSON
}

// Check refuses a level or a form that no log has.
func (o *Options) Check() error {
	if _, err := o.level(slog.LevelInfo); err != nil {
		return err
	}
	if o.Format != Text && o.Format != JSON {
		return cli.Usagef("--log-format %q: want text or json", o.Format)
	}
	return nil
}

// level is from which level on is logged; usual, where nobody said.
func (o *Options) level(usual slog.Level) (level slog.Level, err error) {
	switch name := strings.ToLower(o.Level); name {
	case "":
		return usual, nil
	case "debug", "info", "warn", "error":
		return level, level.UnmarshalText([]byte(name))
	}
	return level, &cli.UsageError{Err: cli.ChoiceError("--log-level", o.Level, Levels()...)}
}

// NewHandler writes a log. No name or answer in it gets out of its line, or is read in
// another direction than it is written.
func NewHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == JSON {
		return slog.NewJSONHandler(plain.JSONWriter{Out: w}, options)
	}
	return slog.NewTextHandler(w, options) // which quotes what is not printed
}

// Open opens the log of the job in dir: the file with this name, or where that is "" the
// job's own. That of a job in a bucket goes to the messages: beside a bar, only what is to
// be known at once, unless more is asked for. ctx bounds the wait for the reader of a FIFO.
func (o *Options) Open(ctx context.Context, name, dir string, messages io.Writer) (*slog.Logger, func(), error) {
	usual := slog.LevelInfo
	beside := name == "" && job.InBucket(dir)
	if beside {
		usual = slog.LevelWarn
	}
	level, err := o.level(usual)
	if err != nil {
		return nil, nil, err
	}
	if beside {
		return slog.New(NewHandler(messages, o.Format, level)), func() {}, nil
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
	w := &writer{file: file, messages: messages, name: file.Name()}
	return slog.New(NewHandler(w, o.Format, level)), func() { file.Close() }, nil
}
