package main

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// An endpoint that is gone for a while costs a run time and nothing else.
// Credentials that run out and cannot be renewed, as those of the environment
// cannot, end it with a message, and the same command goes on with new ones. No
// object fails for either, and none is done twice.
func TestOutages(t *testing.T) {
	t.Parallel()
	const objects = 1500
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1, Latency: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true}, simaws.Report{})
	env, err := sim.Environment(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	books := newAudit(sim, filepath.Join(t.TempDir(), "audit"))
	defer books.conclude(t)
	stop := startServing(sim)
	w := &testWorld{t: t, sim: sim, manifest: manifest, env: append(append(simaws.CleanEnvironment(nil), env...), books.environment())}
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--bucket-key-enabled=false",
		"--kms-rps", "1000", "--probe-key-prefix", "reseal-probe/"}
	cmd := w.command(run...)
	out := &tail{}
	cmd.Stderr = out
	ended := startCommand(t, cmd)

	w.waitForCopies(ended, objects/4)
	address := sim.Listener.Addr().String()
	stop()
	time.Sleep(2 * time.Second) // gone
	if sim.Listener, err = net.Listen("tcp", address); err != nil {
		t.Fatalf("the port was taken meanwhile: %v", err)
	}
	stop = startServing(sim)
	defer stop()

	w.waitForCopies(ended, objects/2)
	var expired int
	sim.Locked(func(world *simulator.World) {
		expired = world.AddFault(simulator.Fault{Code: "ExpiredToken", HTTPStatus: 400, Message: "The provided token has expired."})
	})
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != exitFatal || !strings.Contains(out.String(), "the same command goes on") {
		t.Errorf("with credentials that ran out: %v\n%s", err, out)
	}
	sim.Locked(func(world *simulator.World) { world.RemoveFault(expired) })
	if s := w.status(job); s.Failed != 0 || s.Done == 0 || s.State != "unfinished" {
		t.Errorf("status between the runs %+v, want some done and none failed", s)
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("run with new credentials: %v\n%s", err, out)
	}
	histogram := sim.Rewrites(scriptBucket)
	if histogram[1] != objects || len(histogram) != 1 {
		t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
	}
	if s := w.status(job); s.Failed != 0 || s.Done != objects || s.State != "finished" {
		t.Errorf("status %+v, want %d done and none failed", s, objects)
	}
}

// Where the report cannot be read for longer than a run may wait, the run ends
// without a word about the objects that it never read of, and goes on later.
func TestReportOutage(t *testing.T) {
	t.Parallel()
	const objects = 50
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
	job := filepath.Join(t.TempDir(), "job")
	w.output(0, "plan", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--bucket-key-enabled=false")
	var gone int
	w.sim.Locked(func(world *simulator.World) {
		gone = world.AddFault(simulator.Fault{Op: "GetObject", Key: "*.csv.gz", Code: "ServiceUnavailable", HTTPStatus: 503, Message: "Reduce"})
	})
	run := []string{"run", "--job", job, "--yes", "--probe-key-prefix", "reseal-probe/"}
	said := w.refused(exitFatal, append(run, "--max-outage", "100ms")...)
	for _, want := range []string{"the report could not be read: its file ", " could not be had for 100ms: ", "once it answers again, the same command goes on"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "missing from the result") || strings.Contains(said, "operation error") {
		t.Errorf("the files of the report are taken for bad ones, or the SDK speaks:\n%s", said)
	}
	if s := w.status(job); s.Damaged != 0 || s.State == "finished" {
		t.Errorf("status afterwards: %s, %d files damaged", s.State, s.Damaged)
	}
	w.sim.Locked(func(world *simulator.World) { world.RemoveFault(gone) })
	w.output(0, append(run, "--max-outage", "1h")...)
	if s := w.status(job); s.Done != objects || s.State != "finished" {
		t.Errorf("once the report can be read: %s, %d done", s.State, s.Done)
	}
}
