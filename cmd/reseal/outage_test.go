package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// An endpoint that is gone for a while costs a run time and nothing else.
// Credentials that run out and cannot be renewed, as those of the environment
// cannot, end it with a message, and the same command goes on with new ones. No
// object fails for either, and none is done twice.
func TestOutages(t *testing.T) {
	t.Parallel()
	const objects = 1500
	sim, err := newSimulation(simConfig{listen: "127.0.0.1:0", seed: 1, latency: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := sim.populate(t.Context(), scriptBucket, simulator.Population{N: objects, Seed: 1, Plain: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	env, err := sim.environment(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	serve := func(ln net.Listener) (stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		server.Go(func() { _ = sim.front.Serve(ctx, ln) })
		return func() {
			cancel()
			server.Wait()
		}
	}
	books := newAudit(sim, filepath.Join(t.TempDir(), "audit"))
	defer books.conclude(t)
	stop := serve(sim.ln)
	w := &testWorld{t: t, sim: sim, manifest: manifest, env: append(append(cleanEnvironment(nil), env...), books.environment())}
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", manifest, "--sse-kms-key-id", simKey, "--job", job, "--yes", "--quiet", "--bucket-key-enabled=false",
		"--kms-rps", "1000", "--probe-key-prefix", "reseal-probe/"}
	cmd := w.command(run...)
	out := &tail{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	w.waitForCopies(ended, objects/4)
	address := sim.ln.Addr().String()
	stop()
	time.Sleep(2 * time.Second) // gone
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the port was taken meanwhile: %v", err)
	}
	stop = serve(ln)
	defer stop()

	w.waitForCopies(ended, objects/2)
	var expired int
	sim.front.Locked(func(world *simulator.World) {
		expired = world.AddFault(simulator.Fault{Code: "ExpiredToken", HTTPStatus: 400, Message: "The provided token has expired."})
	})
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != exitFatal || !strings.Contains(out.String(), "the same command goes on") {
		t.Errorf("with credentials that ran out: %v\n%s", err, out)
	}
	sim.front.Locked(func(world *simulator.World) { world.RemoveFault(expired) })
	if s := w.status(job); s.Failed != 0 || s.Done == 0 || s.State != "unfinished" {
		t.Errorf("status between the runs %+v, want some done and none failed", s)
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("run with new credentials: %v\n%s", err, out)
	}
	histogram, _ := sim.counted(scriptBucket)
	if histogram[1] != objects || len(histogram) != 1 {
		t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
	}
	if s := w.status(job); s.Failed != 0 || s.Done != objects || s.State != "finished" {
		t.Errorf("status %+v, want %d done and none failed", s, objects)
	}
}
