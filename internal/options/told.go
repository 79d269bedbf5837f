package options

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/job"
)

// Forgotten are the flags that a job does not remember: they name the job or a share of
// it, are about this one process and what it prints, or are meant for the one run that
// they are given to.
func Forgotten() []string {
	return []string{"job", "shard", "shards", "limit", "no-canary", "yes", "dry-run", "dryrun", "no-plan-pass", "offline", "help", "html", "facts",
		"no-manifest-checksum", "json", "quiet", "no-progress", "log-level", "log-format", "log-file", "metrics", "metrics-file", "debug-addr", "debug-expose", "ui", "ui-expose", "notify-command", "notify-url", "notify-failures", "notify-throttled", "job-bucket-owner", "known-jobs", cli.ConfigFlag, cli.HelpAll}
}

// Given returns what the flags of a command line say that a job remembers, and, once they
// are recalled, what the job said in place of those that were not given.
func Given(flags *pflag.FlagSet) job.Told {
	told, forgotten := job.Told{}, Forgotten()
	flags.VisitAll(func(f *pflag.Flag) { // Visit leaves out what was recalled
		if f.Changed && !slices.Contains(forgotten, f.Name) {
			told[f.Name] = cli.ValuesOf(f)
		}
	})
	return told
}

// Recall sets the flags that were not given to what the job was told, those of them that
// the command has. Hazards that are accepted now come on top of those that were accepted
// before; what is given now may take away another option.
func Recall(flags *pflag.FlagSet, told job.Told) error {
	dropped := slices.Concat(job.Replaced(Given(flags)), Forgotten())
	for name, values := range told {
		f := flags.Lookup(name)
		if f == nil || slices.Contains(dropped, name) || f.Changed && name != job.AcceptOption {
			continue
		}
		if err := recall(f, values); err != nil {
			return fmt.Errorf("the job was told --%s %s, which this program does not take: %w", name, strings.Join(values, " "), err)
		}
	}
	return nil
}

// recall sets one flag to what the job was told.
func recall(f *pflag.Flag, values []string) (err error) {
	many, several := f.Value.(pflag.SliceValue)
	switch {
	case several && f.Changed:
		now := many.GetSlice()
		err = many.Replace(append(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(now, v) }), now...))
	case several:
		err = many.Replace(values)
	case job.TakenAway(values):
		return nil
	case len(values) == 1:
		err = f.Value.Set(values[0])
	default:
		err = fmt.Errorf("%d values", len(values))
	}
	f.Changed = f.Changed || err == nil
	return err
}

// NoneEmpty refuses empty values where there is no job yet of which they could take one
// away: a variable of a script that is not set would mean no filter, or no limit.
func NoneEmpty(flags *pflag.FlagSet) error {
	empty := cli.Removed(flags)
	if len(empty) == 0 {
		return nil
	}
	return cli.Usagef("%s: the value is empty. An empty one takes away what a job was told, and there is no job yet: leave the option out", strings.Join(empty, ", "))
}
