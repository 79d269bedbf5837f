package main

import (
	"context"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/job"
)

// outputFlags are the flags that name a file which the command writes.
var outputFlags = []string{"out", "html", "campaign", "log-file", "metrics-file"}

// inputFlags are the flags that name a file which the command reads.
var inputFlags = []string{"manifest", "prices", "facts", "ca-bundle", "readers", "accounts", "throttle-flag-file", cli.ConfigFlag}

// spare refuses to write to the file that option names where that would destroy what the
// command or its job reads. dir is the job of the command, "" for none.
func spare(ctx context.Context, flags *pflag.FlagSet, option, name, dir string) error {
	if name == "" {
		return nil
	}
	value := func(flag string) string {
		if f := flags.Lookup(flag); f != nil {
			return f.Value.String()
		}
		return ""
	}
	for _, flag := range outputFlags {
		if other := value(flag); flag != option && other != "" && outfile.Same(name, other) {
			return usagef("--%s %s: that is the file that --%s names, and one would replace the other; name another file", option, name, flag)
		}
	}
	var in job.Inputs
	for _, flag := range inputFlags {
		if file := value(flag); file != "" {
			in.Files = append(in.Files, job.NamedFile{Option: flag, Name: file})
		}
	}
	if manifest := value("manifest"); manifest != "" {
		in.Manifests = []string{manifest}
	}
	if folder := value("keep-inventory"); folder != "" {
		in.Kept = []string{folder}
	}
	if err := in.Spare(ctx, option, name, dir); err != nil {
		return &cli.UsageError{Err: err}
	}
	return nil
}
