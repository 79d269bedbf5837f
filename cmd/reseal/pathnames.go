package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pathFlags are the flags that name a file or folder and are no localPath.
var pathFlags = []string{"check", "sign-ssh-key", "allowed-signers", "job", "out", "html", "log-file", "metrics-file", "readers", "users", "dir", "report-dir", "from-manifest", configFlag}

// intoStdout are the commands and their flag that - names stdout for.
var intoStdout = map[string]string{"reseal report": "out", "reseal plan": "html"}

// checkPath refuses the name of a file or folder that cannot be meant: one that a shell
// was to expand, one that nobody sees, and one that no command could be pasted with.
// what is the flag or argument that it is from.
func checkPath(what, path string) error {
	switch {
	case path == "~" || strings.HasPrefix(path, "~/"):
		return usagef("%s %s: no shell put your home folder in the place of ~; write it out", what, path)
	case path != "" && strings.TrimSpace(path) == "":
		return usagef("%s %q: a name of blanks alone", what, path)
	case strings.ContainsFunc(path, unicode.IsControl):
		return usagef("%s %q: a name with control characters; rename it", what, path)
	}
	return nil
}

// checkPaths holds the flags of a command that name a file or folder against checkPath.
func checkPaths(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		isPath := f.Value.Type() == pathType || slices.Contains(pathFlags, f.Name)
		if err != nil || !isPath {
			return
		}
		path := f.Value.String()
		if path == stdoutName && intoStdout[cmd.CommandPath()] != f.Name {
			err = usagef("--%s -: want the name of a file or folder; only report --out and plan --html write to stdout", f.Name)
			return
		}
		err = checkPath("--"+f.Name, path)
	})
	return err
}
