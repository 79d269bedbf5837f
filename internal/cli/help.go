package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/terminal"
)

// HelpAll is the flag that shows all flags.
const HelpAll = "help-all"

// FlagGroup is a group of flags in help.
type FlagGroup struct {
	Title  string
	Common []string // that are shown first, of all groups together at most CommonFlags
	Rest   []string
}

// CommandGroup is a group of commands in help.
type CommandGroup struct {
	Title string
	Names []string
}

// Placeholder is the word for the values of flags in help.
type Placeholder struct {
	Word  string
	Flags []string
}

// Help shows commands and flags in groups, in their order, the common flags first.
type Help struct {
	Flags        []FlagGroup    // every flag stands in one of them
	Commands     []CommandGroup // commands that stand in none come after them
	Placeholders []Placeholder
}

// CommonFlags is how many flags help shows before it names --help-all.
const CommonFlags = 20

// Bind has root and all commands below it show help so.
func (h Help) Bind(root *cobra.Command) {
	root.PersistentFlags().Bool(HelpAll, false, "show all flags")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		w := cmd.OutOrStdout()
		columns := columnsOf(w)
		fmt.Fprintln(w, reflowed(cmp.Or(cmd.Long, cmd.Short), columns))
		_ = h.writeUsage(w, cmd, allAsked(cmd), columns) // there is nobody to tell
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		return h.writeUsage(cmd.OutOrStderr(), cmd, allAsked(cmd), columnsOf(cmd.OutOrStderr()))
	})
}

// reflowed breaks the paragraphs of a text anew. Lines that are indented, as commands
// are, stay as they are.
func reflowed(text string, columns int) string {
	var b strings.Builder
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			fmt.Fprintf(&b, "%s\n\n", paragraph)
			continue
		}
		b.WriteString(strings.Join(terminal.Folded(paragraph, columns, columns), "\n"))
		b.WriteString("\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func allAsked(cmd *cobra.Command) bool {
	all, err := cmd.Flags().GetBool(HelpAll)
	return err == nil && all
}

// writeUsage writes what follows a command's description in its help.
func (h Help) writeUsage(w io.Writer, cmd *cobra.Command, all bool, columns int) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if !cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
		h.writeCommands(&b, cmd)
	}
	h.writeFlags(&b, cmd.Flags(), cmd.CommandPath(), all, columns)
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore about a command: %s COMMAND --help\n", cmd.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeCommands lists the commands below one, in groups where they stand in some.
func (h Help) writeCommands(b *strings.Builder, cmd *cobra.Command) {
	left := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
	list := func(title string, names []string) {
		for _, sub := range left {
			if !slices.Contains(names, sub.Name()) {
				continue
			}
			if title != "" {
				fmt.Fprintf(b, "\n%s:\n", title)
				title = ""
			}
			fmt.Fprintf(b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
		}
	}
	for _, g := range h.Commands {
		slices.SortStableFunc(left, func(x, y *cobra.Command) int {
			return cmp.Compare(slices.Index(g.Names, x.Name()), slices.Index(g.Names, y.Name()))
		})
		list(g.Title, g.Names)
		left = slices.DeleteFunc(left, func(c *cobra.Command) bool { return slices.Contains(g.Names, c.Name()) })
	}
	var others []string
	for _, c := range left {
		others = append(others, c.Name())
	}
	title := "Commands"
	if len(left) < len(cmd.Commands())/2 {
		title = "More"
	}
	list(title, others)
}

// writeFlags lists flags in groups: the common ones, or all.
func (h Help) writeFlags(b *strings.Builder, flags *pflag.FlagSet, path string, all bool, columns int) {
	left := 0
	room := CommonFlags
	for _, g := range h.groupsOf(flags) {
		few := g.Common
		if all {
			few = slices.Concat(g.Common, g.Rest)
		} else {
			few = few[:min(len(few), room)]
			room -= len(few)
		}
		left += len(g.Common) + len(g.Rest) - len(few)
		if len(few) == 0 {
			continue
		}
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		set.SortFlags = false
		for _, name := range few {
			set.AddFlag(h.shownFlag(flags.Lookup(name)))
		}
		fmt.Fprintf(b, "\n%s:\n%s", g.Title, set.FlagUsagesWrapped(columns))
	}
	if left > 0 {
		fmt.Fprintf(b, "\n%d more flags: %s --%s\n", left, path, HelpAll)
	}
}

// groupsOf are the groups with those of their flags that a command has and does not
// hide. Where they are few altogether, all are common.
func (h Help) groupsOf(flags *pflag.FlagSet) []FlagGroup {
	there := map[string]bool{}
	flags.VisitAll(func(f *pflag.Flag) { there[f.Name] = !f.Hidden })
	has := func(names []string) (out []string) {
		for _, n := range names {
			if there[n] {
				out = append(out, n)
			}
		}
		return out
	}
	var groups []FlagGroup
	for _, g := range h.Flags {
		g.Common, g.Rest = has(g.Common), has(g.Rest)
		if len(there) <= CommonFlags {
			g.Common, g.Rest = slices.Concat(g.Common, g.Rest), nil
		}
		groups = append(groups, g)
	}
	return groups
}

// columnsOf is how wide help may be.
func columnsOf(w io.Writer) int {
	const widest = 110
	return min(terminal.Columns(terminal.Bare(w)), widest)
}
