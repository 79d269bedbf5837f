package main

import (
	"os"

	"github.com/spf13/pflag"

	"reseal/job"
)

// stdoutName is what stdout is called in place of a file.
const stdoutName = "-"

// inputFlags are the flags that name a file which the command reads.
var inputFlags = []string{"manifest", "prices", "facts", "ca-bundle", "readers", "throttle-flag-file", configFlag}

// spare refuses to write to the file that option names where that would destroy what the
// command reads, or what reseal keeps in the folder of a job. dir is the job of the
// command, "" for none. Its own log may be named as the log.
func spare(flags *pflag.FlagSet, option, name, dir string) error {
	if name == "" {
		return nil
	}
	if own, is := job.OwnFile(name, dir); is && !(option == "log-file" && own == job.LogFile) {
		return usagef("--%s %s: that is %s of a job, which reseal itself keeps there; name another file", option, name, own)
	}
	at, err := os.Stat(name)
	if err != nil || !at.Mode().IsRegular() {
		return nil // nothing there that could be destroyed
	}
	for _, input := range inputFlags {
		f := flags.Lookup(input)
		if f == nil || f.Value.String() == "" || input == option {
			continue
		}
		if one, err := os.Stat(f.Value.String()); err == nil && os.SameFile(one, at) {
			return usagef("--%s %s: that is the file that --%s names, which the command reads; name another file", option, name, input)
		}
	}
	return nil
}
