package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
)

// pathFlags are the flags that name a file or folder and are no localPath.
var pathFlags = []string{"check", "sign-ssh-key", "allowed-signers", "job", "out", "html", "log-file", "metrics-file", "readers", "users", "dir", "report-dir", "from-manifest", cli.ConfigFlag}

// intoStdout are the commands and their flag that - names stdout for.
var intoStdout = map[string]string{"reseal report": "out", "reseal survey": "out", "reseal plan": "html"}

// checkPaths holds the flags of a command that name a file or folder against cli.CheckPath.
func checkPaths(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		isPath := f.Value.Type() == cli.PathType || slices.Contains(pathFlags, f.Name)
		if err != nil || !isPath {
			return
		}
		path := f.Value.String()
		if path == cli.Stdout && intoStdout[cmd.CommandPath()] != f.Name {
			err = usagef("--%s -: want the name of a file or folder; only report --out, survey --out and plan --html write to stdout", f.Name)
			return
		}
		err = cli.CheckPath("--"+f.Name, path)
	})
	return err
}
