package main

import (
	"os"

	"github.com/spf13/cobra"

	"reseal/internal/cli"
)

// newManCommand writes man pages, for packages. Help does not show it.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write a man page of every command into a folder",
		Hidden: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("man takes one folder, for the pages")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return cli.WriteManPages(cmd.Root(), programName(), args[0])
		},
	}
}
