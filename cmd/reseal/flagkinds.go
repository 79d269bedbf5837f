package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/options"
)

// pathVar adds a flag that names a file or a folder, or what is in S3.
func pathVar(f *pflag.FlagSet, p *string, name, usage string) { options.PathVar(f, p, name, usage) }

// remembers lets each flag that a job remembers, and that takes one value, be taken away
// by an empty one.
func remembers(cmd *cobra.Command) {
	cli.Removable(cmd.Flags(), func(option string) bool { return !slices.Contains(options.Forgotten(), option) })
}
