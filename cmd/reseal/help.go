package main

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

// helpAll is the flag that shows all flags.
const helpAll = "help-all"

// flagGroup is a group of flags in help.
type flagGroup struct {
	title  string
	common []string // that are shown first, of all groups together at most commonFlags
	rest   []string
}

// commonFlags is how many flags help shows before it names --help-all.
const commonFlags = 20

// flagGroups are the groups in the order of help. Every flag stands in one of them.
var flagGroups = []flagGroup{
	{"What", []string{"manifest", "sse-kms-key-id", "job", "check", "bucket", "prefix", "destination", "allow", "sample", "apply"}, []string{
		"columns", "only-bucket", "exclude-prefix", "include", "exclude", "tag", "from-key", "older-than", "newer-than", "min-size", "max-size", "storage-class", "rekey", "versions", "sse", "objects", "object-size", "keep-inventory", "no-manifest-checksum",
		"from-manifest", "id", "schedule", "destination-account", "replace", "principal", "readers", "head", "rows", "remove", "seed", "bodies", "large", "list",
		"shard", "shards", "facts", "requester-pays", "policy-prefix", "except-services", "require-header", "require-tls", "min-tls", "block-sse-c",
		"out-bucket-owner", "report-dir", "dir", "users"}},
	{"How", []string{"accept", "method", "dry-run", "yes"}, []string{
		"dryrun", "bucket-key-enabled", "copy-via", "acl", "confirm", "snapshot", "no-canary", "no-plan-pass", "trust-inventory", "inspect-all", "multipart-threshold",
		"probe-key-prefix", "offline", "sweep", "measure-kms"}},
	{"Pace", []string{"kms-share", "kms-rps", "window"}, []string{"kms-headroom", "force", "s3-rps", "read-rps", "concurrency", "window-exit", "throttle-flag-file"}},
	{"Limits", []string{"max-cost", "max-duration", "max-failures"}, []string{"limit", "max-outage", "attempts", "drain-timeout", "settle-timeout", "memory"}},
	{"Money and time", nil, []string{"prices", "monthly-gets", "monthly-puts", "copy-rate", "latency", "update-kms-weight", "bucket-key-weight"}},
	{"Output", []string{"out", "sign-ssh-key", "format", "html", "json", "watch"}, []string{"allowed-signers", "quiet", "no-progress", "results", "ui", "ui-expose", "metrics", "metrics-file", "debug-addr", "debug-expose", "notify-command", "notify-url", "notify-failures", "notify-throttled", "log-file", "log-level", "log-format", "csv-exact"}},
	{"Connection", []string{"region", "profile", "endpoint-url"}, []string{
		"expected-bucket-owner", "job-bucket-owner", "known-jobs", "ca-bundle", "allow-http", "sdk-client"}},
	{"Simulator", []string{"listen", "tls"}, []string{
		"http-is-insecure", "kms-quota", "s3-quota", "kms-load", "client-load", "jitter", "max-body"}},
	{"This program", []string{"help"}, []string{configFlag, helpAll, "version"}},
}

// helpInGroups has help show flags in groups, the common ones first.
func helpInGroups(root *cobra.Command) {
	root.PersistentFlags().Bool(helpAll, false, "show all flags")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		w := cmd.OutOrStdout()
		columns := columnsOf(w)
		fmt.Fprintln(w, reflowed(cmp.Or(cmd.Long, cmd.Short), columns))
		_ = writeUsage(w, cmd, allAsked(cmd), columns) // there is nobody to tell
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		return writeUsage(cmd.OutOrStderr(), cmd, allAsked(cmd), columnsOf(cmd.OutOrStderr()))
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
	all, err := cmd.Flags().GetBool(helpAll)
	return err == nil && all
}

// writeUsage writes what follows a command's description in its help.
func writeUsage(w io.Writer, cmd *cobra.Command, all bool, columns int) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if !cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
		writeCommands(&b, cmd)
	}
	writeFlags(&b, cmd.Flags(), cmd.CommandPath(), all, columns)
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore about a command: %s COMMAND --help\n", cmd.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// commandGroups are the commands in the order of help: those of a migration as they
// follow each other, then the others.
var commandGroups = []struct {
	title string
	names []string
}{
	{"A migration", []string{"inventory", "plan", "preflight", "run", "status", "ui", "jobs", "ctl", "retry-failed", "verify", "report", "certify"}},
	{"Around it", []string{"permissions", "enforce", "selfcheck", "uploads", "forget", "export", "import"}},
	{"To try it", []string{"demo", "simulate"}},
}

// writeCommands lists the commands below one, in groups where they stand in some.
func writeCommands(b *strings.Builder, cmd *cobra.Command) {
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
	for _, g := range commandGroups {
		slices.SortStableFunc(left, func(x, y *cobra.Command) int {
			return cmp.Compare(slices.Index(g.names, x.Name()), slices.Index(g.names, y.Name()))
		})
		list(g.title, g.names)
		left = slices.DeleteFunc(left, func(c *cobra.Command) bool { return slices.Contains(g.names, c.Name()) })
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
func writeFlags(b *strings.Builder, flags *pflag.FlagSet, path string, all bool, columns int) {
	left := 0
	room := commonFlags
	for _, g := range groupsOf(flags) {
		few := g.common
		if all {
			few = slices.Concat(g.common, g.rest)
		} else {
			few = few[:min(len(few), room)]
			room -= len(few)
		}
		left += len(g.common) + len(g.rest) - len(few)
		if len(few) == 0 {
			continue
		}
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		set.SortFlags = false
		for _, name := range few {
			set.AddFlag(shownFlag(flags.Lookup(name)))
		}
		fmt.Fprintf(b, "\n%s:\n%s", g.title, set.FlagUsagesWrapped(columns))
	}
	if left > 0 {
		fmt.Fprintf(b, "\n%d more flags: %s --%s\n", left, path, helpAll)
	}
}

// groupsOf are the groups with those of their flags that a command has and does not
// hide. Where they are few altogether, all are common.
func groupsOf(flags *pflag.FlagSet) []flagGroup {
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
	var groups []flagGroup
	for _, g := range flagGroups {
		g.common, g.rest = has(g.common), has(g.rest)
		if len(there) <= commonFlags {
			g.common, g.rest = slices.Concat(g.common, g.rest), nil
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
