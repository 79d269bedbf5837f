package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// KnownCommand refuses a command line whose first word is no command, before the flags
// behind it are looked at: to root they are all unknown, and would be blamed.
func KnownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	if cmd, _, err := root.Find(args); err == nil && cmd != root {
		return nil
	}
	return unknownCommand(root, args[0])
}

// unknownCommand says that parent has no command of a name, and which may be meant.
func unknownCommand(parent *cobra.Command, name string) error {
	var names []string
	for _, sub := range parent.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	path := parent.CommandPath()
	_, below, _ := strings.Cut(path+" "+name, " ") // without the name of the program
	return Usagef("unknown command %q%s", below, Meant(name, names, path+" "))
}

// OnlyCommands refuses an argument of a command that has only others below it.
func OnlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return nil
}

// NewHelpCommand is help for a command that is named. A name that is none is an error.
func NewHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help COMMAND",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 && about.HasSubCommands() {
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range about.Commands() {
				if sub.IsAvailableCommand() && strings.HasPrefix(sub.Name(), start) {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// FlagError says what is wrong with a flag, and which one may have been meant. It is for
// cobra's SetFlagErrorFunc.
func FlagError(cmd *cobra.Command, err error) error {
	if near := meantFlag(cmd, err); near != "" {
		return &UsageError{fmt.Errorf("%w%s", err, near)}
	}
	return &UsageError{valueError(err)}
}

// wants says what values flags of a type take, in words.
var wants = map[string]string{
	"float64": "a number", "rate": "a rate above 0", "int": "a whole number", "int64": "a whole number", "bool": "true or false", "duration": "a time such as 90s or 7h30m",
}

// valueError says in plain words what is wrong with the value of a flag, where
// that is all that is wrong.
func valueError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) || wants[invalid.GetFlag().Value.Type()] == "" {
		return err
	}
	return fmt.Errorf("--%s %q: want %s", invalid.GetFlag().Name, invalid.GetValue(), wants[invalid.GetFlag().Value.Type()])
}

// NoArgs refuses positional arguments: everything is a flag, so that a typo is
// never taken for something else.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("%s takes no arguments, only flags; got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
