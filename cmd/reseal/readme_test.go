package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/internal/simulator/simaws"
)

// The names that the pages use in their examples.
const (
	readmeBucket  = "acme-media"
	readmeReports = "acme-reports"
	readmeKey     = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// readmeObjects is how many objects their bucket has.
const readmeObjects = 300

var (
	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")
	yamlBlock    = regexp.MustCompile("(?s)`(\\w+\\.yaml)`:\n\n```yaml\n(.*?)```")
)

// The five commands of a migration, which are to stay short.
var migrationCommands = []string{"plan", "run", "status", "verify", "report"}

// TestREADME runs every command of the README, as it stands there, against a
// simulated account in which the names of its examples exist.
func TestREADME(t *testing.T) {
	t.Parallel()
	commands, _ := runPage(t, "../../README.md")
	var of []string
	for _, words := range commands {
		if words[0] != "reseal" || !slices.Contains(migrationCommands, words[1]) {
			continue
		}
		of = append(of, words[1])
		options := 0
		for _, word := range words[2:] {
			if strings.HasPrefix(word, "--") && word != "--job" {
				options++
			}
		}
		if options > 2 {
			t.Errorf("README: %q has %d options, want at most two", strings.Join(words, " "), options)
		}
	}
	if !slices.Equal(of, migrationCommands) {
		t.Errorf("README: a migration is %q, want %q", of, migrationCommands)
	}
}

// TestREADMECompletion asks for the completion of each shell that the README names.
func TestREADMECompletion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shells := regexp.MustCompile("`reseal completion ([a-z]+) >").FindAllSubmatch(text, -1)
	if len(shells) != 3 {
		t.Errorf("the README names %d shells, want bash, zsh and fish", len(shells))
	}
	for _, shell := range shells {
		out, err := exec.Command("reseal", "completion", string(shell[1])).Output()
		if err != nil || !bytes.Contains(out, []byte("reseal")) || bytes.Contains(out, []byte("Usage:")) {
			t.Errorf("reseal completion %s: %v, %d bytes", shell[1], err, len(out))
		}
	}
}

// TestOvernight does the same with the runbook of a night.
func TestOvernight(t *testing.T) {
	t.Parallel()
	commands, dir := runPage(t, "../../docs/overnight.md")
	if len(commands) < 12 {
		t.Errorf("found %d commands in the runbook, want at least 12: has its form changed?", len(commands))
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Errorf("the report was not written: %v", err)
	}
	if told, err := os.ReadFile(filepath.Join(dir, loggedEvents)); err != nil || string(told) != "-t reseal: started\n-t reseal: finished\n" {
		t.Errorf("logger was told %q (%v), want that a run started and finished", told, err)
	}
}

// loggedEvents is the file where a logger notes what it was told.
const loggedEvents = "events"

// loggerOf is a folder with the program that the runbook has notices go to, in place of
// the machine's own: it notes its arguments and the event in a file of dir.
func loggerOf(t *testing.T, dir string) string {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\necho \"$@: $RESEAL_EVENT\" >>'" + filepath.Join(dir, loggedEvents) + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "logger"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return bin
}

// runPage runs the commands of a page in order, in a folder of their own that has the
// files whose text the page shows, and returns the words of each.
func runPage(t *testing.T, page string) (commands [][]string, dir string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, file := range yamlBlock.FindAllSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(dir, string(file[1])), file[2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newReadmeWorld(t)
	w.env = append(w.env, "PATH="+loggerOf(t, dir)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, command := range consoleCommands(t, text) {
		words := strings.Fields(command)
		commands = append(commands, words)
		switch {
		case command == "go run ./cmd/reseal demo":
			words = []string{"reseal", "demo", "--objects", "600", "--kms-rps", "400", "--dir", t.TempDir()}
		case words[0] != "reseal":
			t.Errorf("%s: %q is no command of reseal", page, command)
			continue
		}
		want := exitDone
		if i := slices.Index(words, "--limit"); i > 0 {
			words[i+1] = "100" // of the few objects that there are here
			want = exitStopped
		}
		if words[1] == "ctl" {
			want = exitFatal // there is no run to steer any more
		}
		cmd := w.command(words[1:]...)
		cmd.Dir = dir
		if words[1] == "run" || words[1] == "preflight" {
			// The example is for AWS. The simulator is an endpoint that has to prove
			// itself, and there is nobody here to answer the question.
			cmd.Env = append(cmd.Env, "RESEAL_YES=true", "RESEAL_PROBE_KEY_PREFIX=reseal-probe/")
		}
		out, err := cmd.CombinedOutput()
		if code := exitCodeOf(t, err); code != want {
			t.Errorf("%s: %s: exit code %d, want %d\n%s", page, command, code, want, out)
		}
		if words[1] == "ctl" && !bytes.Contains(out, []byte("no run is in progress")) {
			t.Errorf("%s: %s: it is not for want of a run:\n%s", page, command, out)
		}
	}
	return commands, dir
}

// consoleCommands are the commands of a page, those that go on in another line in one.
func consoleCommands(t *testing.T, page []byte) (commands []string) {
	t.Helper()
	for _, block := range consoleBlock.FindAllSubmatch(page, -1) {
		joined := strings.ReplaceAll(string(block[1]), "\\\n", " ")
		for line := range strings.Lines(joined) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !ok {
				t.Errorf("%q in a console block is not a command", line)
				continue
			}
			commands = append(commands, command)
		}
	}
	return commands
}

// exitCodeOf is the exit code of a command that ended with err.
func exitCodeOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, ok := err.(*exec.ExitError)
	if !ok {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

// newReadmeWorld is the account of the README's examples.
func newReadmeWorld(t *testing.T) *testWorld {
	t.Helper()
	sim, err := simaws.New(simaws.Config{Seed: 1, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.World.CreateKey(simulator.Key{ARN: readmeKey}); err != nil {
		t.Fatal(err)
	}
	if err := sim.MakeBuckets(time.Now(), readmeBucket, readmeReports); err != nil {
		t.Fatal(err)
	}
	if err := sim.World.Populate(readmeBucket, simulator.Population{N: readmeObjects, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	depot := &front.BucketDepot{Bucket: readmeReports}
	created := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	if _, err := front.WriteInventory(t.Context(), sim.World, front.Inventory{Bucket: readmeBucket, Destination: readmeReports, Created: created}, depot); err != nil {
		t.Fatal(err)
	}
	if err := depot.Deliver(sim.World, created); err != nil {
		t.Fatal(err)
	}
	return serveWorld(t, sim, "")
}
