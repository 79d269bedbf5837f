package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/job"
)

// recalling are the commands that recall what a job was told.
func recalling() []*cobra.Command {
	p := process{}
	return []*cobra.Command{newRunCommand(p), newRetryCommand(p), newPlanCommand(p), newVerifyCommand(p)}
}

// remembered are the flags of a command that a job remembers.
func remembered(cmd *cobra.Command) (all []*pflag.Flag) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(options.Forgotten(), f.Name) {
			all = append(all, f)
		}
	})
	return all
}

// A file or folder that a job remembers is the same from everywhere.
func TestRememberedPathsAreAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	paths := 0
	for _, cmd := range recalling() {
		for _, f := range remembered(cmd) {
			holds, _ := pflag.UnquoteUsage(f)
			if !slices.Contains([]string{"file", "folder", "path", "dir"}, strings.ToLower(holds)) {
				continue
			}
			paths++
			for given, want := range map[string]string{
				"a/../b": filepath.Join(here, "b"), "b/": filepath.Join(here, "b") + "/", "/x/y": "/x/y", "/x/": "/x/", "./": here + "/", "/": "/",
				"s3://bucket/a/../b/": "s3://bucket/a/../b/", "file:///x/y": "/x/y", "": "",
			} {
				if err := f.Value.Set(given); err != nil || cli.ValuesOf(f)[0] != want {
					t.Errorf("%s --%s %s: %q, %v; want %q", cmd.Name(), f.Name, given, cli.ValuesOf(f), err, want)
				}
			}
		}
	}
	if paths < 12 {
		t.Errorf("%d flags of files and folders were looked at", paths)
	}
}

// Whatever one command remembers, nothing takes away, and each command that recalls
// it goes on with its default.
func TestNothingTakesAwayWhatIsRemembered(t *testing.T) {
	for _, of := range recalling() {
		for _, f := range remembered(of) {
			if _, many := f.Value.(pflag.SliceValue); many {
				continue
			}
			if err := of.ParseFlags([]string{"--" + f.Name + "="}); err != nil {
				t.Errorf("%s --%s '': %v", of.Name(), f.Name, err)
				continue
			}
			told := job.Told{f.Name: options.Given(of.Flags())[f.Name]}
			if !job.TakenAway(told[f.Name]) {
				t.Errorf("%s --%s '' is remembered as %q", of.Name(), f.Name, told[f.Name])
			}
			for _, by := range recalling() {
				if err := options.Recall(by.Flags(), told); err != nil {
					t.Errorf("%s --%s '', then %s: %v", of.Name(), f.Name, by.Name(), err)
				}
				if g := by.Flags().Lookup(f.Name); g != nil && g.Value.String() != g.DefValue {
					t.Errorf("%s --%s '', then %s: %q, want %q", of.Name(), f.Name, by.Name(), g.Value, g.DefValue)
				}
			}
		}
	}
}

// What a value that was taken away set is its default.
func TestTakenAwayIsTheDefault(t *testing.T) {
	f := &runFlags{}
	cmd := new(cobra.Command)
	f.pace.bind(cmd)
	f.limits.bind(cmd)
	remembers(cmd)
	if err := cmd.ParseFlags([]string{"--max-duration=", "--kms-share=", "--attempts=7", "--attempts=", "--kms-rps=5", "--kms-rps="}); err != nil {
		t.Fatal(err)
	}
	if f.duration != 0 || f.KMSShare != "50%" || f.attempts != 12 || f.KMSRPS != 0 {
		t.Errorf("%+v, %+v; want the defaults", f.limits, f.pace)
	}
}
