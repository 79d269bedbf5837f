package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestCrashes kills runs at random moments and goes on with the same command,
// until the job is finished. The simulator counts commits: every object is
// copied exactly once, nothing is skipped, and repeats are recognised: no more
// of them than had been committed and not recorded when the runs were killed.
// Requests fail, and answers to copies that took place get lost.
//
// A failure prints its seed; RESEAL_CRASH_SEED=N plays it again. CI plays a
// tenth; RESEAL_SOAK=1 kills 200 times over 20,000 objects.
func TestCrashes(t *testing.T) {
	objects, kills := int64(2000), 24
	if os.Getenv("RESEAL_SOAK") != "" {
		objects, kills = 20_000, 200
	}
	const inFlight = 32
	seed := rand.Uint64()
	if s := os.Getenv("RESEAL_CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Logf("RESEAL_CRASH_SEED=%d", seed)

	w := newTestWorld(t, simConfig{seed: 1, latency: time.Millisecond, jitter: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1})
	w.sim.front.Locked(func(world *simulator.World) {
		for _, f := range []simulator.Fault{
			{Code: "InternalError", HTTPStatus: 500, Probability: 0.02},
			{Code: "SlowDown", HTTPStatus: 503, Probability: 0.005},
			{Directive: simulator.ResetConn, Probability: 0.005},
			{Code: "InternalError", HTTPStatus: 500, Probability: 0.005, AfterCommit: true},
		} {
			f.Op, f.Seed = "CopyObject", seed
			world.AddFault(f)
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simKey, "--job", job, "--yes", "--quiet",
		"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false", "--kms-rps", "3000", "--concurrency", strconv.Itoa(inFlight)}

	killed, recorded, unrecorded := 0, int64(0), int64(0)
	for n := range kills {
		cmd := w.command(run...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		// At a random moment of making the job, or after some more copies.
		w.waitForCopies(ended, int64(n)*objects/int64(kills)+rng.Int64N(objects/int64(kills)))
		time.Sleep(time.Duration(rng.IntN(4000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		if err := <-ended; err == nil {
			break // finished before it could be killed
		}
		killed++
		committed := w.sim.committed(scriptBucket)
		unrecorded += committed + inFlight // those under way may be committed yet
		if s := w.status(job); s != nil {
			unrecorded -= s.Done
			if s.Done < recorded {
				t.Fatalf("after kill %d the job says %d objects are done; before, it said %d", killed, s.Done, recorded)
			}
			if s.Done > committed {
				t.Fatalf("after kill %d the job claims %d objects, the simulator committed %d copies", killed, s.Done, committed)
			}
			recorded = s.Done
		}
	}
	if killed < kills*5/6 {
		t.Errorf("killed %d times, want at least %d", killed, kills*5/6)
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("last run: %v\n%s", err, out)
	}

	histogram, _ := w.sim.counted(scriptBucket)
	for times, n := range histogram {
		if times != 1 {
			t.Errorf("%d objects were copied %d times, want each exactly once", n, times)
		}
	}
	s := w.status(job)
	if s == nil || s.Done != objects || s.Failed != 0 || s.State != "finished" || len(s.Skipped) != 0 {
		t.Errorf("status at the end: %+v, want %d done and nothing else", s, objects)
	}
	// Answers that got lost on the way are recognised as well.
	if bound := unrecorded + objects/50; s != nil && s.Repeats > bound {
		t.Errorf("%d repeats after %d kills, want at most %d", s.Repeats, killed, bound)
	}
	t.Logf("%d kills, %d repeats recognised; %d had been committed and not recorded, or were under way", killed, s.Repeats, unrecorded)
	if out, err := w.command("verify", "--job", job).CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// testWorld is a simulation with one bucket, and reseal as a child process.
type testWorld struct {
	t        *testing.T
	sim      *simulation
	manifest string
	env      []string
}

func newTestWorld(t *testing.T, c simConfig, pop simulator.Population) *testWorld {
	t.Helper()
	c.listen = "127.0.0.1:0"
	sim, err := newSimulation(c)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := sim.populate(t.Context(), scriptBucket, pop, "")
	if err != nil {
		t.Fatal(err)
	}
	return serveWorld(t, sim, manifest)
}

// serveWorld serves a simulation until the test ends.
func serveWorld(t *testing.T, sim *simulation, manifest string) *testWorld {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var server sync.WaitGroup
	server.Go(func() { _ = sim.serve(ctx) })
	t.Cleanup(func() {
		stop()
		server.Wait()
	})
	env, err := sim.environment(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &testWorld{t, sim, manifest, append(cleanEnvironment(os.Environ()), env...)}
}

// command is reseal as another process: this test binary under its other name.
func (w *testWorld) command(args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.Command("reseal", args...)
	cmd.Env = w.env
	return cmd
}

// committed is the number of copies that took effect, answered or not.
func (s *simulation) committed(bucket string) (n int64) {
	histogram, _ := s.counted(bucket)
	for times, objects := range histogram {
		n += int64(times) * objects
	}
	return n
}

// waitForCopies waits until the simulator has committed n copies, or the run ended.
func (w *testWorld) waitForCopies(ended chan error, n int64) {
	for w.sim.copies() < n {
		select {
		case err := <-ended:
			ended <- err
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// status is what the job's files say, nil where there is no job yet.
func (w *testWorld) status(job string) *jobStatus {
	w.t.Helper()
	if _, err := os.Stat(filepath.Join(job, planFile)); err != nil {
		return nil
	}
	out, err := w.command("status", "--job", job, "--json").Output()
	if err != nil {
		w.t.Fatalf("status: %v", err)
	}
	var s jobStatus
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&s); err != nil {
		w.t.Fatal(err)
	}
	return &s
}
