package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/selfcheck"
)

// selfcheck finds the simulator as documented, leaves a file that a plan takes
// over, and exits with 7 where a belief does not hold.
func TestSelfcheckCommand(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 50, Seed: 1})
	file := filepath.Join(t.TempDir(), "selfcheck.json")
	check := []string{"selfcheck", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--out", file, "--large", "1MiB", "--yes"}
	said := string(w.output(0, check...))
	for line := range strings.Lines(said) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 && !strings.Contains(line, file) {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(said, " 0 different,") {
		t.Errorf("it said:\n%s", said)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	facts, err := selfcheck.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := facts.Figure("copy_p50_ms"); !ok || facts.Account != simaws.AccountID || facts.Requests["CopyObject"] == 0 {
		t.Errorf("facts: %+v", facts)
	}
	plan := []string{"plan", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--facts", file}
	if said := string(w.said(0, plan...)); !strings.Contains(said, "--latency") || !strings.Contains(said, "measured") {
		t.Errorf("the plan does not say what it took over:\n%s", said)
	}
	elsewhere := strings.Replace(read(t, file), `"region": "`+simaws.DefaultRegion+`"`, `"region": "eu-west-3"`, 1)
	if err := os.WriteFile(file, []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := string(w.said(exitUsage, plan...)); !strings.Contains(said, "eu-west-3") {
		t.Errorf("facts of another Region: %s", said)
	}
	w.sim.Locked(func(world *simulator.World) { world.SetKnobs(simulator.Knobs{SilentSSE: true}) })
	if said := string(w.output(exitDifferent, check...)); !strings.Contains(said, "DIFFERS") {
		t.Errorf("with silent answers it said:\n%s", said)
	}
	w.said(exitUsage, "selfcheck", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--out", file)
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// said runs a command that ends with a code, and returns all that it printed.
func (w *testWorld) said(code int, args ...string) string {
	w.t.Helper()
	cmd := w.command(args...)
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("%q ended with %d (%v), want %d:\n%s", args, got, err, code, out)
	}
	return string(out)
}
