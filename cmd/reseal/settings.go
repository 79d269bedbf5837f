package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/job"
)

// takeSettings sets the flags that were not given by the environment, and those that
// it does not set either by the --config file. A job is asked last, in recall.
func takeSettings(cmd *cobra.Command, _ []string) error {
	settings := cli.Settings{Prefix: "RESEAL_", Argument: "job", Displaced: func(set *pflag.FlagSet) func(option string) bool {
		stronger := options.Given(set)
		return func(option string) bool { return displaced(option, stronger) }
	}}
	if err := settings.Take(cmd); err != nil {
		return err
	}
	return checkPaths(cmd)
}

// instead are options in place of which another one is given: of the two, the one from
// the stronger source counts.
var instead = map[string]string{"manifest": "objects", "bucket": "manifest"}

// displaced tells whether an option is not asked for any more, as a stronger source has
// another one in its place.
func displaced(name string, stronger job.Told) bool {
	for a, b := range instead {
		_, hasA := stronger[a]
		_, hasB := stronger[b]
		if name == a && hasB || name == b && hasA {
			return true
		}
	}
	return slices.Contains(job.Replaced(stronger), name)
}
