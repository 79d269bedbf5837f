package main

import (
	"github.com/spf13/cobra"

	"reseal/plan"
	"reseal/preflight"
)

// completes lets a shell complete the values of flags that have a known set, and the
// job that is an argument.
func completes(root *cobra.Command) {
	values := map[string][]string{
		"accept":        preflight.HazardNames(),
		"storage-class": storageClasses,
		"method":        {string(plan.MethodCopy), string(plan.MethodUpdate), string(plan.MethodAuto)},
		"versions":      {"current", "all"},
		"sse":           {plan.TargetKMS, plan.TargetAES256},
		"copy-via":      {plan.ViaMultipart},
		"acl":           {plan.BucketOwnerFullControl},
		"results":       {"all", "failures"},
		"log-level":     {"debug", "info", "warn", "error"},
		"log-format":    {logText, logJSON},
	}
	completesBelow(root, values)
}

func completesBelow(cmd *cobra.Command, values map[string][]string) {
	for name, list := range values {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
		}
	}
	if cmd.Flags().Lookup("job") != nil {
		_ = cmd.MarkFlagDirname("job")
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for _, sub := range cmd.Commands() {
		completesBelow(sub, values)
	}
}
