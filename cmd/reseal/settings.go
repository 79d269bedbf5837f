package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/job"
)

// configFlag names the file of options.
const configFlag = "config"

// unsettable are the flags that neither the environment nor a file sets: they ask
// about the program, or name the file itself.
var unsettable = []string{"help", "help-all", "version"}

// optionSource has options by the names of their flags: a file, or the environment.
type optionSource interface {
	// of returns the values of an option, nil where it is not set. where says, for
	// an error, what sets it.
	of(f *pflag.Flag) (values []string, where string, err error)
}

// takeSettings sets the flags that were not given by the environment, and those that
// it does not set either by the --config file. A job is asked last, in recall.
func takeSettings(cmd *cobra.Command, _ []string) error {
	sources := []optionSource{variables{}}
	if err := setFrom(cmd, sources[0], configFlag); err != nil {
		return err
	}
	if path := cmd.Flags().Lookup(configFlag).Value.String(); path != "" {
		file, err := readConfig(path, flagNames(cmd.Root()))
		if err != nil {
			return err
		}
		sources = append(sources, file)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	for _, s := range sources {
		stronger := givenOf(cmd.Flags())
		for _, name := range names {
			if displaced(name, stronger) {
				continue
			}
			if err := setFrom(cmd, s, name); err != nil {
				return err
			}
		}
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

// setFrom sets one flag that was not given. A job that is the command's argument is
// given, too.
func setFrom(cmd *cobra.Command, s optionSource, name string) error {
	f := cmd.Flags().Lookup(name)
	if f.Changed || slices.Contains(unsettable, name) || name == "job" && f.Value.String() != "" {
		return nil
	}
	values, where, err := s.of(f)
	if err != nil {
		return usagef("%s: %w", where, err)
	}
	_, many := f.Value.(pflag.SliceValue)
	switch {
	case !many && len(values) > 1: // a list for other commands
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s: %s takes one --%s; the %d there are left out\n", where, cmd.CommandPath(), name, len(values))
		return nil
	case many && slices.Contains(values, ""):
		return usagef("%s: one of the values is empty", where)
	}
	for _, v := range values {
		if err := cmd.Flags().Set(name, v); err != nil {
			return usagef("%s: %w", where, flagError(err))
		}
	}
	return nil
}

// variables are the environment's RESEAL_*: RESEAL_KMS_RPS is --kms-rps. An empty one
// is as none. Where a flag may be repeated its values stand with commas between, as in
// CSV, in one line or more.
type variables struct{}

func (variables) of(f *pflag.Flag) (values []string, where string, err error) {
	name := variableOf(f.Name)
	text, set := os.LookupEnv(name)
	if !set || strings.TrimSpace(text) == "" {
		return nil, name, nil
	}
	if _, many := f.Value.(pflag.SliceValue); !many {
		return []string{text}, name, nil
	}
	lines := csv.NewReader(strings.NewReader(text))
	lines.FieldsPerRecord, lines.TrimLeadingSpace = -1, true
	all, err := lines.ReadAll()
	if err != nil {
		return nil, name, fmt.Errorf("want values with commas between, as in CSV: %w", err)
	}
	return slices.Concat(all...), name, nil
}

// variableOf is the name of the variable that sets a flag.
func variableOf(flag string) string {
	return "RESEAL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagNames are the names of the flags of all commands.
func flagNames(root *cobra.Command) []string {
	var names []string
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !slices.Contains(unsettable, f.Name) {
				names = append(names, f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			add(sub)
		}
	}
	add(root)
	slices.Sort(names)
	return slices.Compact(names)
}
