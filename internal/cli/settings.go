package cli

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ConfigFlag names the file of options.
const ConfigFlag = "config"

// unsettable are the flags that neither the environment nor a file sets: they ask
// about the program, or name the file itself.
var unsettable = []string{"help", HelpAll, "version"}

// optionSource has options by the names of their flags: a file, or the environment.
type optionSource interface {
	// of returns the values of an option, nil where it is not set. where says, for
	// an error, what sets it.
	of(f *pflag.Flag) (values []string, where string, err error)
}

// Settings are where the flags that were not given get their values from.
type Settings struct {
	// Prefix begins the names of the variables: with RESEAL_ RESEAL_KMS_RPS is --kms-rps.
	Prefix string

	// Argument is the flag that an argument may stand for: it is given then, too.
	Argument string

	// Displaced returns what tells whether an option is not asked for any more, as one of
	// those that are set has another one in its place.
	Displaced func(set *pflag.FlagSet) func(option string) bool
}

// Take sets the flags of cmd that were not given by the environment, and those that it
// does not set either by the --config file.
func (s Settings) Take(cmd *cobra.Command) error {
	sources := []optionSource{variables{s.Prefix}}
	if err := s.setFrom(cmd, sources[0], ConfigFlag); err != nil {
		return err
	}
	if path := cmd.Flags().Lookup(ConfigFlag).Value.String(); path != "" {
		file, err := readConfig(path, flagNames(cmd.Root()))
		if err != nil {
			return err
		}
		sources = append(sources, file)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	for _, source := range sources {
		displaced := s.Displaced(cmd.Flags())
		for _, name := range names {
			if displaced(name) {
				continue
			}
			if err := s.setFrom(cmd, source, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// setFrom sets one flag that was not given.
func (s Settings) setFrom(cmd *cobra.Command, from optionSource, name string) error {
	f := cmd.Flags().Lookup(name)
	if f.Changed || slices.Contains(unsettable, name) || name == s.Argument && f.Value.String() != "" {
		return nil
	}
	values, where, err := from.of(f)
	if err != nil {
		return Usagef("%s: %w", where, err)
	}
	_, many := f.Value.(pflag.SliceValue)
	switch {
	case !many && len(values) > 1: // a list for other commands
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s: %s takes one --%s; the %d there are left out\n", where, cmd.CommandPath(), name, len(values))
		return nil
	case many && slices.Contains(values, ""):
		return Usagef("%s: one of the values is empty", where)
	}
	for _, v := range values {
		if err := cmd.Flags().Set(name, v); err != nil {
			return Usagef("%s: %w", where, valueError(err))
		}
	}
	return nil
}

// variables are those of the environment. An empty one is as none. Where a flag may be
// repeated its values stand with commas between, as in CSV, in one line or more.
type variables struct{ prefix string }

func (v variables) of(f *pflag.Flag) (values []string, where string, err error) {
	name := v.prefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
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
