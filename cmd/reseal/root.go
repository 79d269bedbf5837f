package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `reseal changes the encryption of objects that already lie in S3.

It reads an S3 Inventory report, decides for every object what has to be done,
and copies in place to SSE-KMS what is not yet there: below the KMS and S3
request quotas, resumable after any crash, with metadata, tags and storage
class kept, for a price it states beforehand.

Start with a plan, which changes nothing:

  reseal plan --manifest s3://reports/media/2026-11-20T01-00Z/manifest.json \
              --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/...

or with "reseal demo", which needs no account and no network.`

func newRoot(p process) *cobra.Command {
	info, _ := debug.ReadBuildInfo()
	root := &cobra.Command{
		Use:           "reseal",
		Short:         "Change the encryption of objects that already lie in S3",
		Long:          rootLong,
		Version:       versionText(version, info),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			return nil // knownCommand told a word that is no command already
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if near := meantFlag(cmd, err); near != "" {
			return &usageError{fmt.Errorf("%w%s", err, near)}
		}
		return &usageError{flagError(err)}
	})
	root.PersistentFlags().String(configFlag, "", "YAML `FILE` of options, one a line by the name of the flag: kms-share: 25%")
	root.PersistentPreRunE = takeSettings
	helpInGroups(root)
	root.AddCommand(
		newPlanCommand(p), newRunCommand(p), newCtlCommand(p), newStatusCommand(p), newUICommand(p), newRetryCommand(p), newExportCommand(p), newImportCommand(p), newReportCommand(p),
		newVerifyCommand(p), newCertifyCommand(p), newUploadsCommand(p), newInventoryCommand(p), newSimulateCommand(p), newDemoCommand(p),
		newPreflightCommand(p), newEnforceCommand(p), newPermissionsCommand(p), newSelfcheckCommand(p), newJobsCommand(p), newForgetCommand(p), newManCommand(), newCompletionCommand(p),
	)
	root.CompletionOptions.DisableDefaultCmd = true // it takes any word for a shell
	root.SetHelpCommand(newHelpCommand())
	root.InitDefaultHelpCmd()
	completes(root)
	return root
}

// knownCommand refuses a command line whose first word is no command, before the flags
// behind it are looked at: to root they are all unknown, and would be blamed.
func knownCommand(root *cobra.Command, args []string) error {
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
	return usagef("unknown command %q%s", below, meant(name, names, path+" "))
}

// onlyCommands refuses an argument of a command that has only others below it.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return nil
}

// newHelpCommand is help for a command that is named. A name that is none is an error.
func newHelpCommand() *cobra.Command {
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

// wants says what values flags of a type take, in words.
var wants = map[string]string{
	"float64": "a number", "rate": "a rate above 0", "int": "a whole number", "int64": "a whole number", "bool": "true or false", "duration": "a time such as 90s or 7h30m",
}

// flagError says in plain words what is wrong with the value of a flag, where
// that is all that is wrong.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) || wants[invalid.GetFlag().Value.Type()] == "" {
		return err
	}
	return fmt.Errorf("--%s %q: want %s", invalid.GetFlag().Name, invalid.GetValue(), wants[invalid.GetFlag().Value.Type()])
}

// noArgs refuses positional arguments: everything is a flag, so that a typo is
// never taken for something else.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, only flags; got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
