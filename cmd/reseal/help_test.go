package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
)

// commandsOf are a command and all below it that help names.
func commandsOf(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, sub := range root.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "completion" && sub.Name() != "help" {
			all = append(all, commandsOf(sub)...)
		}
	}
	return all
}

// Every flag and command stands in one group of help, and the groups name no other.
func TestHelpGroupsAreWhole(t *testing.T) {
	grouped := map[string]int{}
	for _, g := range flagGroups {
		for _, name := range slices.Concat(g.Common, g.Rest) {
			grouped[name]++
		}
	}
	there := map[string]bool{}
	commands := map[string]bool{}
	for _, cmd := range commandsOf(newRoot(process{})) {
		commands[cmd.Name()] = true
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
		cmd.Flags().VisitAll(func(f *pflag.Flag) { there[f.Name] = true })
		cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { there[f.Name] = true })
	}
	for name := range there {
		if grouped[name] != 1 {
			t.Errorf("--%s stands in %d groups of help, want 1", name, grouped[name])
		}
	}
	for name := range grouped {
		if !there[name] {
			t.Errorf("help has a group for --%s, which no command takes", name)
		}
	}
	for _, g := range commandGroups {
		for _, name := range g.Names {
			if !commands[name] {
				t.Errorf("help has a group for the command %s, which is not there", name)
			}
		}
	}
}

// Help fits a terminal, shows at most so many flags at first, and all of them when asked.
func TestHelpFits(t *testing.T) {
	for _, cmd := range commandsOf(newRoot(process{})) {
		for _, flag := range []string{"--help", "--" + cli.HelpAll} {
			var out strings.Builder
			p := process{stdout: &out, stderr: &out}
			args := append(strings.Fields(cmd.CommandPath())[1:], flag)
			if code := p.run(t.Context(), args); code != exitDone {
				t.Fatalf("%v: exit %d\n%s", args, code, out.String())
			}
			shown := 0
			for line := range strings.Lines(out.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
					t.Errorf("%v: %d columns: %s", args, n, line)
				}
				if strings.HasPrefix(line, "      --") || strings.HasPrefix(line, "  -") && strings.Contains(line, ", --") {
					shown++
				}
			}
			all := 0
			cmd.Flags().VisitAll(func(*pflag.Flag) { all++ })
			switch more := strings.Contains(out.String(), "more flags: "); {
			case flag == "--help" && shown > cli.CommonFlags:
				t.Errorf("%v: %d flags, want at most %d", args, shown, cli.CommonFlags)
			case flag == "--"+cli.HelpAll && (more || shown < all):
				t.Errorf("%v: %d flags of %d", args, shown, all)
			}
		}
	}
}

func TestFlagsThatWereMeant(t *testing.T) {
	tests := []struct{ args, want string }{
		{"run --kms-rsp 100", "unknown flag: --kms-rsp; did you mean --kms-rps?"},
		{"run --kms-key-id k", "did you mean --sse-kms-key-id?"},
		{"plan --manifst m", "did you mean --manifest?"},
		{"run --max-time 3h", "unknown flag: --max-time; did you mean "},
		{"run --entirely-else", "unknown flag: --entirely-else\nNothing was done.\nnext: reseal run --help"},
	}
	for _, test := range tests {
		var out strings.Builder
		p := process{stdout: &out, stderr: &out}
		if code := p.run(t.Context(), strings.Fields(test.args)); code != exitUsage || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit %d\n%s\nwant %q", test.args, code, out.String(), test.want)
		}
	}
}

// A shell completes what has a known set, for every command that takes it.
func TestCompletion(t *testing.T) {
	tests := []struct {
		args string
		want []string
	}{
		{"run --accept ver", []string{"versioned", ":4"}},
		{"plan --storage-class STANDARD", []string{"STANDARD_IA", ":4"}},
		{"export batch-operations --method ", []string{"update", ":4"}},
		{"status ", []string{":16"}}, // folders
		{"rep", []string{"report\t"}},
		{"completion ", []string{"bash", "zsh", "fish", ":4"}},
	}
	for _, test := range tests {
		var out strings.Builder
		p := process{stdout: &out, stderr: &strings.Builder{}}
		words := strings.Split(test.args, " ")
		if code := p.run(t.Context(), append([]string{cobra.ShellCompRequestCmd}, words...)); code != exitDone {
			t.Fatalf("%q: exit %d", test.args, code)
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q completes to %q, want %q among it", test.args, out.String(), want)
			}
		}
	}
}

// Every command has a man page, and its examples keep their lines.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	p := process{stdout: &out, stderr: &out}
	if code := p.run(t.Context(), []string{"man", dir}); code != exitDone {
		t.Fatalf("exit %d\n%s", code, out.String())
	}
	for _, cmd := range commandsOf(newRoot(process{})) {
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		for line := range strings.Lines(cmd.Long) {
			if example, is := strings.CutPrefix(line, "  reseal "); is && !strings.Contains(strings.ReplaceAll(string(page), `\`, ""), "reseal "+strings.Trim(example, "\\\n ")) {
				t.Errorf("%s: its page lacks the line %q", cmd.CommandPath(), line)
			}
		}
	}
}
