package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/job/status"
)

// testWorld is a simulated account that serves, and the report of a bucket in it.
type testWorld struct {
	t        *testing.T
	sim      *simaws.Account
	audit    *audit
	manifest string
	env      []string
}

// newAccount is an account with empty buckets that are an hour old: scriptBucket
// and the one of reports. It does not serve yet.
func newAccount(t *testing.T, c simaws.Config) *simaws.Account {
	t.Helper()
	sim, err := simaws.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.MakeBuckets(time.Now().Add(-time.Hour), scriptBucket, simaws.ReportBucket); err != nil {
		t.Fatal(err)
	}
	return sim
}

// newPopulated is an account with a bucket of objects. It does not serve yet.
func newPopulated(t *testing.T, c simaws.Config, pop simulator.Population, r simaws.Report) (sim *simaws.Account, manifest string) {
	t.Helper()
	sim, err := simaws.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if manifest, err = sim.Populate(t.Context(), scriptBucket, pop, r); err != nil {
		t.Fatal(err)
	}
	return sim, manifest
}

// newTestWorld serves a bucket of objects until the test ends.
func newTestWorld(t *testing.T, c simaws.Config, pop simulator.Population) *testWorld {
	t.Helper()
	sim, manifest := newPopulated(t, c, pop, simaws.Report{})
	return serveWorld(t, sim, manifest)
}

// newFilledWorld serves the objects of a report until the test ends.
func newFilledWorld(t *testing.T, manifest string) *testWorld {
	t.Helper()
	sim, err := simaws.New(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Load(t.Context(), manifest); err != nil {
		t.Fatal(err)
	}
	return serveWorld(t, sim, manifest)
}

// serveWorld serves an account until the test ends.
func serveWorld(t *testing.T, sim *simaws.Account, manifest string) *testWorld {
	t.Helper()
	books := newAudit(sim, filepath.Join(t.TempDir(), "audit"))
	t.Cleanup(func() { books.conclude(t) })
	t.Cleanup(startServing(sim))
	env, err := sim.Environment(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &testWorld{t, sim, books, manifest, append(append(simaws.CleanEnvironment(os.Environ()), env...), books.environment())}
}

// startServing serves an account until stop is called.
func startServing(sim *simaws.Account) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var server sync.WaitGroup
	server.Go(func() { _ = sim.Serve(ctx) })
	return func() {
		cancel()
		server.Wait()
	}
}

// rewritten is how many objects were written how often, without the scratch
// objects that a killed probe left.
func (w *testWorld) rewritten() map[int]int64 { return w.sim.Rewrites(scriptBucket, "reseal-probe") }

// committed is the number of copies that took effect, answered or not.
func (w *testWorld) committed() (n int64) {
	for times, objects := range w.rewritten() {
		n += int64(times) * objects
	}
	return n
}

// command is reseal as another process: this test binary under its other name.
func (w *testWorld) command(args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.Command("reseal", args...)
	cmd.Env = slices.Clip(w.env) // tests in parallel append to it
	return cmd
}

// result runs reseal as another process to its end.
func (w *testWorld) result(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, messages bytes.Buffer
	cmd := w.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &messages
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), messages.String()
}

// startCommand starts a command. Its end comes through the channel.
func startCommand(t *testing.T, cmd *exec.Cmd) (ended chan error) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended
}

// setEnvironment sets variables, each NAME=value, for the rest of a test or a script. Those
// of AWS that the tests were started with (AWS_PROFILE, AWS_CA_BUNDLE) count no more.
func setEnvironment(t interface{ Setenv(name, value string) }, env []string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

// useAccount makes the rest of a test the administrator of a simulated account, whose
// files lie in dir.
func useAccount(t *testing.T, sim *simaws.Account, dir string) {
	t.Helper()
	env, err := sim.Environment(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	setEnvironment(t, append(simaws.CleanEnvironment(nil), env...))
}

// unwrapped is text as it was before it was wrapped to the width of a terminal.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

// waitForCopies waits until the simulator has committed n copies, or the run ended.
func (w *testWorld) waitForCopies(ended chan error, n int64) {
	for w.sim.Copies() < n {
		select {
		case err := <-ended:
			ended <- err
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// status is what the job's files say, nil where there is no job yet.
func (w *testWorld) status(dir string) *status.Status {
	w.t.Helper()
	if _, err := os.Stat(filepath.Join(dir, job.PlanFile)); err != nil {
		return nil
	}
	out, err := w.command("status", "--job", dir, "--json").Output()
	if err != nil {
		w.t.Fatalf("status: %v", err)
	}
	var s status.Status
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&s); err != nil {
		w.t.Fatal(err)
	}
	return &s
}
