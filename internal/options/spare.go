package options

import (
	"context"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/job"
)

// outputs are the flags that name a file which a command writes.
func outputs() []string { return []string{"out", "html", "campaign", "log-file", "metrics-file"} }

// inputs are the flags that name a file which a command reads.
func inputs() []string {
	return []string{"manifest", "prices", "facts", "ca-bundle", "readers", "accounts", "throttle-flag-file", cli.ConfigFlag}
}

// Spare refuses to write to the file that an option names where that would destroy what the
// command or its job reads. dir is the job of the command, "" for none.
func Spare(ctx context.Context, flags *pflag.FlagSet, option, dir string) error {
	name := valueOf(flags, option)
	if name == "" {
		return nil
	}
	for _, flag := range outputs() {
		if other := valueOf(flags, flag); flag != option && other != "" && outfile.Same(name, other) {
			return cli.Usagef("--%s %s: that is the file that --%s names, and one would replace the other; name another file", option, name, flag)
		}
	}
	var in job.Inputs
	for _, flag := range inputs() {
		if file := valueOf(flags, flag); file != "" {
			in.Files = append(in.Files, job.NamedFile{Option: flag, Name: file})
		}
	}
	if manifest := valueOf(flags, "manifest"); manifest != "" {
		in.Manifests = []string{manifest}
	}
	if folder := valueOf(flags, "keep-inventory"); folder != "" {
		in.Kept = []string{folder}
	}
	if err := in.Spare(ctx, option, name, dir); err != nil {
		return &cli.UsageError{Err: err}
	}
	return nil
}

// valueOf is the value of a flag, "" where the command has none of that name.
func valueOf(flags *pflag.FlagSet, name string) string {
	if f := flags.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
