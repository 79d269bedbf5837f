package cli

import "github.com/spf13/cobra"

// Complete lets a shell complete the values of flags that have a known set, for cmd and
// all below it, and folders for one flag and for the argument of the commands that take it.
func Complete(cmd *cobra.Command, values map[string][]string, folder string) {
	for name, list := range values {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
		}
	}
	if cmd.Flags().Lookup(folder) != nil {
		_ = cmd.MarkFlagDirname(folder)
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	for _, sub := range cmd.Commands() {
		Complete(sub, values, folder)
	}
}
