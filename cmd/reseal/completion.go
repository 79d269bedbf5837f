package main

import (
	"github.com/spf13/cobra"

	"reseal/internal/cli"
	"reseal/internal/joblog"
	"reseal/internal/options"
	"reseal/plan"
	"reseal/preflight"
)

const completionLong = `completion writes what lets a shell complete commands, flags, hazards and jobs.
It works in the next shell:

  reseal completion bash >~/.local/share/bash-completion/completions/reseal
  reseal completion zsh  >~/.zfunc/_reseal
  reseal completion fish >~/.config/fish/completions/reseal.fish

bash needs the package bash-completion. zsh needs fpath+=~/.zfunc in ~/.zshrc,
before compinit.`

// newCompletionCommand writes the completion for a shell.
func newCompletionCommand(p process) *cobra.Command {
	writers := map[string]func(*cobra.Command) error{
		"bash": func(root *cobra.Command) error { return root.GenBashCompletionV2(p.stdout, true) },
		"zsh":  func(root *cobra.Command) error { return root.GenZshCompletion(p.stdout) },
		"fish": func(root *cobra.Command) error { return root.GenFishCompletion(p.stdout, true) },
	}
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Write the completion of commands and flags for a shell",
		Long:      completionLong,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("completion takes the name of one shell: %s", cli.Either(shells))
			}
			return cli.Choose("completion", args[0], shells...)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return writers[args[0]](cmd.Root()) },
	}
}

// completes lets a shell complete the values of flags that have a known set, and the
// job that is an argument.
func completes(root *cobra.Command) {
	values := map[string][]string{
		"accept":        preflight.HazardNames(),
		"storage-class": options.StorageClasses(),
		"method":        options.Methods(),
		"versions":      options.Versions(),
		"sse":           {plan.TargetKMS, plan.TargetAES256},
		"copy-via":      {plan.ViaMultipart},
		"acl":           {plan.BucketOwnerFullControl},
		"results":       resultLines(),
		"log-level":     joblog.Levels(),
		"log-format":    {joblog.Text, joblog.JSON},
	}
	cli.Complete(root, values, "job")
}
