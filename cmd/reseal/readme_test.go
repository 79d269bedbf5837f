package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/internal/simulator/simaws"
)

// The names that the README uses in its examples.
const (
	readmeBucket  = "acme-media"
	readmeReports = "acme-reports"
	readmeKey     = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestREADME runs every command of the README, as it stands there, against a
// simulated account in which the names of its examples exist.
func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newReadmeWorld(t)
	dir := t.TempDir()
	commands := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !ok {
				t.Errorf("README: %q in a console block is not a command", line)
				continue
			}
			commands++
			words := strings.Fields(command)
			switch {
			case command == "go test ./...":
				continue // which is what runs here
			case command == "go run ./cmd/reseal demo":
				words = []string{"reseal", "demo", "--objects", "600", "--kms-rps", "400", "--dir", t.TempDir()}
			case words[0] != "reseal":
				t.Errorf("README: %q is no command of reseal", command)
				continue
			case words[1] == "run":
				// The example is for AWS. The simulator is an endpoint that has to prove
				// itself, and there is nobody here to answer the question.
				words = append(words, "--yes", "--probe-key-prefix", "reseal-probe/")
			}
			cmd := w.command(words[1:]...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("README: %s: %v\n%s", command, err, out)
			}
		}
	}
	if commands < 6 {
		t.Errorf("found %d commands in the README, want at least 6: has its form changed?", commands)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Errorf("README: the report was not written: %v", err)
	}
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
	if err := sim.World.Populate(readmeBucket, simulator.Population{N: 300, Seed: 1}); err != nil {
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
