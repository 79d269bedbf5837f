package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// One of some words is wanted: another one is refused as a mistake of the command line,
// with the one that was meant.
func TestChoose(t *testing.T) {
	if err := Choose("--sse", "b", "a", "b"); err != nil {
		t.Error(err)
	}
	if err := ChooseFold("--format", "csv", "CSV", "ORC"); err != nil {
		t.Error(err)
	}
	for given, want := range map[string]string{"CVS": `--format "CVS": want CSV, ORC or Parquet; did you mean CSV?`, "x": `--format "x": want CSV, ORC or Parquet`} {
		for _, err := range []error{Choose("--format", given, "CSV", "ORC", "Parquet"), ChooseFold("--format", given, "CSV", "ORC", "Parquet")} {
			if !errors.As(err, new(*UsageError)) || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
	if got := Either([]string{"a"}); got != "a" {
		t.Errorf("%q", got)
	}
}

func TestMeant(t *testing.T) {
	known := []string{"kms-rps", "kms-share", "s3-rps", "yes"}
	for name, want := range map[string]string{"kms-rsp": "; did you mean --kms-rps?", "rps": "", "share": "; did you mean --kms-share?", "elephant": "", "yse": "; did you mean --yes?"} {
		if got := Meant(name, known, "--"); name != "rps" && got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for _, good := range []string{"", "a b", "~a", "a/~", "./x"} {
		if err := CheckPath("--out", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"~", "~/x", "  ", "a\nb"} {
		if err := CheckPath("--out", bad); !errors.As(err, new(*UsageError)) || !strings.HasPrefix(err.Error(), "--out ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A share needs its sign, and a size one of the units.
func TestParseShareAndSize(t *testing.T) {
	for text, want := range map[string]float64{"50%": 0.5, " 1 % ": 0.01, "0%": 0, "100%": 1} {
		if got, err := ParsePercent(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "%", "1", "101%", "-1%", "NaN%"} {
		if got, err := ParsePercent(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
	for text, want := range map[string]int64{"0": 0, "1": 1, "5GiB": 5 << 30, "1.5 kb": 1536, "2T": 2 << 40} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "GiB", "-1", "1XB", "1 000", "99999999T", "NaN"} {
		if got, err := ParseSize(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

// command is a command with some flags below a root.
func command(t *testing.T, args ...string) (*cobra.Command, *bool, *float64, *[]string) {
	t.Helper()
	root := &cobra.Command{Use: "reseal"}
	cmd := &cobra.Command{Use: "run", Run: func(*cobra.Command, []string) {}}
	root.AddCommand(cmd)
	yes, rps, list := new(bool), new(float64), new([]string)
	f := cmd.Flags()
	f.BoolVar(yes, "yes", false, "")
	f.Var((*Rate)(rps), "kms-rps", "")
	f.StringArrayVar(list, "prefix", nil, "")
	f.String("job", "", "")
	f.String(ConfigFlag, "", "")
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return cmd, yes, rps, list
}

// settings are those of the tests.
var settings = Settings{Prefix: "X_", Argument: "job", Displaced: func(*pflag.FlagSet) func(string) bool {
	return func(option string) bool { return option == "job" }
}}

// What is typed comes before the environment, and that before the file; what has another
// in its place is not asked for.
func TestSettingsBySource(t *testing.T) {
	file := filepath.Join(t.TempDir(), "options.yaml")
	if err := os.WriteFile(file, []byte("kms-rps: 5\nyes: true\nprefix: [a, b]\njob: ./j\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("X_KMS_RPS", "7")
	t.Setenv("X_CONFIG", file)
	cmd, yes, rps, list := command(t, "--prefix", "typed")
	if err := settings.Take(cmd); err != nil {
		t.Fatal(err)
	}
	if !*yes || *rps != 7 || !slices.Equal(*list, []string{"typed"}) || cmd.Flags().Lookup("job").Changed {
		t.Errorf("yes %v, rate %v, %q, job %q", *yes, *rps, *list, cmd.Flags().Lookup("job").Value)
	}
	t.Setenv("X_PREFIX", `p, "q,r"`)
	cmd, _, _, list = command(t)
	if err := settings.Take(cmd); err != nil || !slices.Equal(*list, []string{"p", "q,r"}) {
		t.Errorf("%q, %v", *list, err)
	}
}

// A value that a flag does not take, and a file with what is no option, are the user's
// mistakes, said with where they stand.
func TestSettingsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "options.yaml")
	for text, want := range map[string]string{
		"kms-rps: fast": ":1: --kms-rps \"fast\": want a rate above 0", "kms-rsp: 5": "did you mean kms-rps", "- a": "want lines such as", "yes: true\nyes: true": "",
		"config: x": "names no other file", "prefix: {a: b}": "want a value, or a list", "prefix: [a, '']": "one of the values is empty", "yes: true\n---\nyes: false": "want one document",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd, _, _, _ := command(t, "--"+ConfigFlag, file)
		if err := settings.Take(cmd); !errors.As(err, new(*UsageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	t.Setenv("X_YES", "perhaps")
	cmd, _, _, _ := command(t)
	if err := settings.Take(cmd); err == nil || !strings.HasPrefix(err.Error(), `X_YES: --yes "perhaps": want true or false`) {
		t.Errorf("%v", err)
	}
}

// A word that is no command is said to be none, whatever flags follow it.
func TestKnownCommand(t *testing.T) {
	cmd, _, _, _ := command(t)
	root := cmd.Root()
	for _, good := range [][]string{nil, {"run", "--yes"}, {"--version"}} {
		if err := KnownCommand(root, good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	if err := KnownCommand(root, []string{"runn", "--nothing"}); err == nil || err.Error() != `unknown command "runn"; did you mean reseal run?` {
		t.Errorf("%v", err)
	}
	if err := FlagError(cmd, cmd.ParseFlags([]string{"--kms-rsp=1"})); !errors.As(err, new(*UsageError)) || !strings.HasSuffix(err.Error(), "; did you mean --kms-rps?") {
		t.Errorf("%v", err)
	}
	if err := NoArgs(cmd, []string{"x"}); !errors.As(err, new(*UsageError)) {
		t.Errorf("%v", err)
	}
}

// An empty value takes a flag away: its default holds, and it is known to be removed.
func TestRemovable(t *testing.T) {
	cmd, _, rps, list := command(t)
	f := cmd.Flags()
	Removable(f, func(option string) bool { return option != "job" })
	if err := f.Parse([]string{"--kms-rps=5", "--kms-rps=", "--prefix=a", "--job="}); err != nil {
		t.Fatal(err)
	}
	if got := Removed(f); *rps != 0 || !slices.Equal(got, []string{"--kms-rps"}) {
		t.Errorf("rate %v, removed %q", *rps, got)
	}
	if got := ValuesOf(f.Lookup("prefix")); !slices.Equal(got, []string{"a"}) || len(*list) != 1 {
		t.Errorf("%q", got)
	}
	if got := ValuesOf(f.Lookup("kms-rps")); !slices.Equal(got, []string{""}) {
		t.Errorf("%q", got)
	}
}
