package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job/status"
	"reseal/plan"
	"reseal/ratelimit"
)

// TestCapOverHTTP: whole runs against the simulator release no more KMS
// requests in any second than the cap, also when every copy fails at once.
func TestCapOverHTTP(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault *simulator.Fault
		code  int
	}{
		{"works", nil, exitDone},
		{"fails at once", &simulator.Fault{Op: "CopyObject", Code: "InternalError", HTTPStatus: 500}, exitFailures},
		{"is cut off", &simulator.Fault{Op: "CopyObject", Directive: simulator.ResetConn}, exitFailures},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const rate = 150
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 2 * rate, Seed: 1, Plain: true})
			if tt.fault != nil {
				w.sim.Locked(func(world *simulator.World) { world.AddFault(*tt.fault) })
			}
			cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet", "--json",
				"--accept", "weak-conditions", "--accept", "drops-expires", "--no-canary", "--bucket-key-enabled=false", "--kms-rps", "150", "--concurrency", "2048", "--attempts", "2")
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			_ = cmd.Run()
			var s status.Status
			if err := json.Unmarshal(out.Bytes(), &s); err != nil || cmd.ProcessState.ExitCode() != tt.code || s.Run == nil {
				t.Fatalf("exit code %d, want %d; %v\n%s", cmd.ProcessState.ExitCode(), tt.code, err, said.Bytes())
			}
			if k := s.Run.KMS; k.FullestSecond > rate || k.Released < 2*rate {
				t.Errorf("%d requests released, %d in the fullest second; want at least %d, and at most %d in any", k.Released, k.FullestSecond, 2*rate, rate)
			}
		})
	}
}

// TestManyWorkersFailAtOnce lets 2,048 workers find a closed port, and come
// back, as fast as this machine can: the governor releases no more than the cap.
func TestManyWorkersFailAtOnce(t *testing.T) {
	const rate, workers = 500, 2048
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: rate}, RampUp: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { _ = g.Run(ctx) })
	step := plan.Step{Kind: plan.StepCopy, Key: "k", Demand: plan.Demand{KMS: plan.Exactly(1)}}
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = g.Do(ctx, step, func(ctx context.Context) error {
					var d net.Dialer
					conn, err := d.DialContext(ctx, "tcp", address)
					if err == nil {
						conn.Close()
					}
					return err
				})
			}
		})
	}
	all.Wait()
	k := g.Status().KMS
	if k.FullestSecond > rate || k.Released < rate {
		t.Errorf("%d released, %d in the fullest second; want at least %d, and at most %d in any", k.Released, k.FullestSecond, rate, rate)
	}
}

// shutPort is a Rewriter whose requests fail before they are sent.
type shutPort struct{}

func (shutPort) Inspect(context.Context, *plan.Task, engine.Gate) (*plan.Head, error) {
	return nil, errors.New("not asked for")
}

func (shutPort) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	return engine.Effect{}, g.Do(ctx, t.Step(plan.StepCopy), func(context.Context) error {
		return &engine.ObjectError{Class: engine.Transient, Code: "NetworkError", Err: errors.New("connection refused")}
	})
}

// nowhere is journal and sink that keep nothing.
type nowhere struct{}

func (nowhere) Admit(context.Context, inventory.Position) error { return nil }
func (nowhere) Settle(*engine.Result) error                     { return nil }
func (nowhere) End(int, int64, error) error                     { return nil }
func (nowhere) Doubt(inventory.Position) error                  { return nil }
func (nowhere) Rest(context.Context) error                      { return nil }
func (nowhere) Flush(context.Context) error                     { return nil }
func (nowhere) Write(*engine.Result) error                      { return nil }

// TestEngineAtTheGateWhenAllFails is the same with the engine in front, whose
// retries pass the gate too, for minutes. No request was answered, so that no
// object has failed: each may have been done, and is put off for a look.
func TestEngineAtTheGateWhenAllFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, objects = 100, 4000
		g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: rate}})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = g.Run(ctx) })
		stats := new(engine.Stats)
		known := inventory.Columns(0)
		for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption} {
			known = known.With(c)
		}
		err := engine.Run(ctx, ctx, engine.Config{
			Rewriter: shutPort{}, Gate: g, Journal: nowhere{}, Sink: nowhere{}, Workers: 2048, Attempts: 3, Stats: stats,
			Policy: &plan.Policy{
				Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key}.Normal(),
				Facts:   plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No, AWS: plan.Yes},
				Weights: plan.DefaultWeights(false),
			},
		}, func(yield func(inventory.Batch, error) bool) {
			var b inventory.Batch
			for i := range objects {
				b.Records = append(b.Records, inventory.Record{Pos: inventory.Position{Row: int64(i)}, Known: known, Bucket: "b", Key: "k", Size: 1, ETag: "e",
					StorageClass: inventory.Standard, Encryption: inventory.SSES3})
			}
			b.End, b.Rows = true, objects
			yield(b, nil)
		})
		cancel()
		running.Wait()
		if k := g.Status().KMS; err != nil || k.FullestSecond > rate || k.Released != 3*objects || stats.Count(engine.Failed) != 0 || stats.Count(engine.Deferred) != objects {
			t.Errorf("Run = %v; %d failed, %d put off of %d, %d released, %d in the fullest second; want all put off, %d, and at most %d",
				err, stats.Count(engine.Failed), stats.Count(engine.Deferred), objects, k.Released, k.FullestSecond, 3*objects, rate)
		}
	})
}

// TestEndpointGone cuts every connection for a while, in the middle of a run
// whose requests are sent twice at most: nothing fails, and nothing is done twice.
func TestEndpointGone(t *testing.T) {
	t.Parallel()
	const objects = 600
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true})
	var id int
	w.sim.Locked(func(world *simulator.World) {
		id = world.AddFault(simulator.Fault{Nth: objects, Directive: simulator.ResetConn})
	})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for hits := int64(0); hits < 20; time.Sleep(10 * time.Millisecond) { // until it was noticed
			w.sim.Locked(func(world *simulator.World) { hits = world.FaultHits(id) })
			if t.Context().Err() != nil {
				return
			}
		}
		time.Sleep(2 * time.Second)
		w.sim.Locked(func(world *simulator.World) { world.RemoveFault(id) })
	}()
	out, err := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet", "--json",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--no-canary", "--kms-rps", "400", "--bucket-key-enabled=false", "--attempts", "2").Output()
	<-gone
	var s status.Status
	if err != nil || json.Unmarshal(out, &s) != nil || s.Failed != 0 || s.Done != objects {
		t.Fatalf("run: %v, %d done, %d failed; want all %d done\n%s", err, s.Done, s.Failed, objects, out)
	}
	if histogram := w.sim.Rewrites(scriptBucket); histogram[1] != objects {
		t.Errorf("objects by number of copies: %v, want %d copied once", histogram, objects)
	}
}
