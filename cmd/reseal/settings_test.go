package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
)

// An option comes from the command line, else from the environment, else from the
// file; what none of them says is left to the job, and to the default.
func TestPrecedenceOfOptions(t *testing.T) {
	tests := []struct {
		name      string
		args      []string
		variables map[string]string
		config    string
		flag      string
		want      []string
		changed   bool
	}{
		{"nowhere", nil, nil, "", "kms-share", []string{"50%"}, false},
		{"file", nil, nil, "kms-share: 25%", "kms-share", []string{"25%"}, true},
		{"environment over file", nil, map[string]string{"RESEAL_KMS_SHARE": "30%"}, "kms-share: 25%", "kms-share", []string{"30%"}, true},
		{"flag over environment", []string{"--kms-share", "35%"}, map[string]string{"RESEAL_KMS_SHARE": "30%"}, "kms-share: 25%", "kms-share", []string{"35%"}, true},
		{"list in the file", nil, nil, "accept: [versioned, acl]", "accept", []string{"versioned", "acl"}, true},
		{"list in the environment", nil, map[string]string{"RESEAL_PREFIX": `a/,"b,c/"`}, "", "prefix", []string{"a/", "b,c/"}, true},
		{"lines in the environment", nil, map[string]string{"RESEAL_PREFIX": "a/,b/\nc/"}, "", "prefix", []string{"a/", "b/", "c/"}, true},
		{"blanks after commas", nil, map[string]string{"RESEAL_ACCEPT": "versioned, acl"}, "", "accept", []string{"versioned", "acl"}, true},
		{"an empty variable is none", nil, map[string]string{"RESEAL_MAX_COST": ""}, "max-cost: 5", "max-cost", []string{"5"}, true},
		{"a flag displaces its like", []string{"--kms-share", "1%"}, map[string]string{"RESEAL_KMS_RPS": "40000"}, "", "kms-rps", []string{""}, false},
		{"a flag displaces its like in a file", []string{"--kms-share", "1%"}, nil, "kms-rps: 40000", "kms-rps", []string{""}, false},
		{"a variable displaces its like in a file", nil, map[string]string{"RESEAL_KMS_SHARE": "1%"}, "kms-rps: 40000", "kms-rps", []string{""}, false},
		{"alias", nil, nil, "max-failures: &a 3\nlimit: *a", "limit", []string{"3"}, true},
		{"no list in the environment", nil, map[string]string{"RESEAL_PREFIX": ""}, "", "prefix", nil, false},
		{"a list is not mixed", []string{"--accept", "acl"}, nil, "accept: versioned", "accept", []string{"acl"}, true},
		{"switch", nil, map[string]string{"RESEAL_YES": "true"}, "", "yes", []string{"true"}, true},
		{"number", nil, nil, "concurrency: 16", "concurrency", []string{"16"}, true},
		{"the argument is the job", []string{"here"}, map[string]string{"RESEAL_JOB": "there"}, "", "job", []string{"here"}, false},
		{"option of another command", nil, nil, "sample: 1%", "kms-share", []string{"50%"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"run"}, test.args...)
			if test.config != "" {
				args = append(args, "--config", writeConfig(t, test.config))
			}
			cmd := parsed(t, test.variables, args)
			f := cmd.Flags().Lookup(test.flag)
			if got := cli.ValuesOf(f); !slices.Equal(got, test.want) || f.Changed != test.changed {
				t.Errorf("--%s: %q, given %v; want %q, %v", test.flag, got, f.Changed, test.want, test.changed)
			}
		})
	}
}

// The file may be named by the environment.
func TestConfigFromEnvironment(t *testing.T) {
	cmd := parsed(t, map[string]string{"RESEAL_CONFIG": writeConfig(t, "kms-share: 7%")}, []string{"run"})
	if got := cmd.Flags().Lookup("kms-share").Value.String(); got != "7%" {
		t.Errorf("--kms-share %s, want 7%%", got)
	}
}

func TestBadSettings(t *testing.T) {
	tests := []struct{ name, variable, config, want string }{
		{"unknown name", "", "kms-shares: 1%", `:1: "kms-shares" is no option; did you mean kms-share?`},
		{"dashes", "", "--kms-share: 1%", `:1: "--kms-share" is no option; did you mean kms-share?`},
		{"twice", "", "limit: 1\nlimit: 2", ":2: limit stands in line 1 already"},
		{"a file in a file", "", "config: other.yaml", `"config" is no option`},
		{"about the program", "", "help: true", `"help" is no option`},
		{"nothing", "", "limit:", ":1: limit: want a value, or a list of values"},
		{"nested", "", "limit: {a: 1}", ":1: limit: want a value, or a list of values"},
		{"empty in a list", "RESEAL_PREFIX=a/,", "", "RESEAL_PREFIX: one of the values is empty"},
		{"empty in a list of the file", "", "prefix: [a/, '']", ":1: one of the values is empty"},
		{"two documents", "", "limit: 1\n---\nmax-cost: 1", "want one document"},
		{"garbage after the end", "", "limit: 1\n...\n[", "want one document"},
		{"another kind of file", "", "root:*:19000:0: x", "want the name of an option"},
		{"no options", "", "- a", "want lines such as"},
		{"no YAML", "", "a: b: c", "mapping values"},
		{"bad value", "", "\nkms-rps: fast", `:2: --kms-rps "fast": want a rate above 0`},
		{"bad variable", "RESEAL_LIMIT=many", "", `RESEAL_LIMIT: --limit "many": want a whole number`},
		{"bad list", `RESEAL_PREFIX=a"b`, "", "RESEAL_PREFIX: want values with commas between"},
		{"no file", "RESEAL_CONFIG=/no/such/file", "", "--config: /no/such/file is not there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"run"}
			if name, value, ok := strings.Cut(test.variable, "="); ok {
				t.Setenv(name, value)
			}
			if test.config != "" {
				args = append(args, "--config", writeConfig(t, test.config))
			}
			var stderr strings.Builder
			p := process{stdout: &stderr, stderr: &stderr}
			if code := p.run(t.Context(), args); code != exitUsage || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit %d, want %d\n%s\nwant %q in it", code, exitUsage, stderr.String(), test.want)
			}
		})
	}
}

// The example in the docs is a file that this program takes.
func TestConfigExample(t *testing.T) {
	doc, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(blocks) == 0 {
		t.Fatal("docs/config.md has no example")
	}
	for _, block := range blocks {
		cmd := parsed(t, nil, []string{"run", "--config", writeConfig(t, block[1])})
		set := 0
		cmd.Flags().Visit(func(*pflag.Flag) { set++ })
		if want := len(regexp.MustCompile(`(?m)^[a-z-]+:`).FindAllString(block[1], -1)); set != want+1 {
			t.Errorf("the example sets %d options, want %d", set-1, want)
		}
	}
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reseal.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parsed is a command whose flags were set as for a run of it, and that was not run.
func parsed(t *testing.T, variables map[string]string, args []string) *cobra.Command {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value)
	}
	root := newRoot(process{stdout: os.Stdout, stderr: os.Stderr})
	cmd, rest, err := root.Find(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd.RunE = func(*cobra.Command, []string) error { return nil }
	root.SetArgs(append([]string{cmd.Name()}, rest...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cmd
}
