package main

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// However a job is cut into runs, it ends as one run of it does: with the same
// bucket, the same outcomes and the same failures.
func TestResumeOfAnyPrefix(t *testing.T) {
	t.Parallel()
	const objects = 400
	type ending struct {
		carried        [32]byte
		done, failed   int64
		settled        int64
		skipped, lines map[string]int64
	}
	play := func(seed uint64, cut bool) ending {
		sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, EncryptedShare: 0.2, KMSKeyARN: simaws.Key}, simaws.Report{})
		// The same objects fail however often they are tried.
		sim.World.AddFault(simulator.Fault{Op: "CopyObject", Key: "*3.*", Code: "InvalidRequest", HTTPStatus: 400})
		w := serveWorld(t, sim, manifest)
		dir := filepath.Join(t.TempDir(), "job")
		rng := rand.New(rand.NewPCG(seed, 1))
		for runs := 0; ; runs++ {
			args := []string{"run", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", dir, "--yes", "--quiet", "--attempts", "1",
				"--probe-key-prefix", "reseal-probe/", "--results", "all"}
			if cut && runs < 12 {
				args = append(args, "--limit", strconv.Itoa(1+rng.IntN(objects/4)))
			}
			out, err := w.command(args...).CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == exitStopped && cut {
				continue
			}
			if err != nil && (exit == nil || exit.ExitCode() != exitFailures) {
				t.Fatalf("seed %d, run %d: %v\n%s", seed, runs, err, out)
			}
			break
		}
		s := w.status(dir)
		e := ending{carried: sim.Digest(scriptBucket).Carried, done: s.Done, failed: s.Failed, settled: s.Settled, skipped: s.Skipped, lines: map[string]int64{}}
		store, _, err := openJob(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := checkpoint.Read(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		for line, err := range job.ResultLines(t.Context(), snapshot) {
			if err != nil {
				t.Fatal(err)
			}
			e.lines[line.Status+" "+line.Key]++
		}
		return e
	}
	want := play(0, false)
	if want.failed == 0 || want.done == 0 || len(want.skipped) == 0 {
		t.Fatalf("one run: %d done, %d failed, skipped %v; want some of each", want.done, want.failed, want.skipped)
	}
	for seed := uint64(1); seed <= 3; seed++ {
		got := play(seed, true)
		if got.carried != want.carried || got.done != want.done || got.failed != want.failed || got.settled != want.settled || !maps.Equal(got.skipped, want.skipped) {
			t.Errorf("seed %d: cut into runs: %d done, %d failed, %d settled, skipped %v; in one run %d, %d, %d, %v; same bucket: %v", seed,
				got.done, got.failed, got.settled, got.skipped, want.done, want.failed, want.settled, want.skipped, got.carried == want.carried)
		}
		if !maps.Equal(got.lines, want.lines) {
			t.Errorf("seed %d: the result lines differ: %d, want %d", seed, len(got.lines), len(want.lines))
		}
	}
}
