package main

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// Eight shares of a job as eight processes: two are killed and replaced, one is
// started twice. Every object is copied once, and all of them together stay
// below the account's KMS quota.
func TestShards(t *testing.T) {
	t.Parallel()
	const (
		objects = 1600
		shards  = 8
		cap     = 200 // KMS requests a second that the shares divide among them
		quota   = 250 // of the account: what the network bunches has room in between
	)
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true}, simaws.Report{RowsPerFile: objects / 64})
	w := serveWorld(t, sim, manifest)
	job := "s3://" + simaws.ReportBucket + "/jobs/eight"
	about := []string{"--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--bucket-key-enabled=false", "--kms-rps", fmt.Sprint(cap)}
	if out, err := w.command(append([]string{"plan"}, about...)...).CombinedOutput(); err != nil {
		t.Fatalf("plan: %v\n%s", err, out)
	}
	start := func(shard int) (*exec.Cmd, chan error) {
		cmd := w.command(append([]string{"run", "--yes", "--quiet", "--concurrency", "16", "--probe-key-prefix", fmt.Sprintf("reseal-probe-%d/", shard),
			"--shard", fmt.Sprintf("%d/%d", shard, shards)}, about...)...)
		out := &tail{}
		cmd.Stderr = out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			err := cmd.Wait()
			if err != nil {
				err = fmt.Errorf("share %d: %w: %s", shard, err, out)
			}
			ended <- err
		}()
		return cmd, ended
	}
	var ends []chan error
	var running []*exec.Cmd
	for shard := range shards {
		cmd, ended := start(shard)
		running, ends = append(running, cmd), append(ends, ended)
	}
	_, twice := start(3)
	w.waitForCopies(ends[0], objects/5)
	for _, shard := range []int{1, 6} {
		_ = running[shard].Process.Kill()
		<-ends[shard]
		_, ends[shard] = start(shard)
	}
	for _, ended := range ends[:3] {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	// Of the two that do share 3, whoever came second is shut out.
	exits := map[int]int{}
	for _, ended := range []chan error{ends[3], twice} {
		err := <-ended
		var exit *exec.ExitError
		switch {
		case err == nil:
			exits[0]++
		case errors.As(err, &exit):
			exits[exit.ExitCode()]++
		default:
			t.Error(err)
		}
	}
	if exits[0] != 1 || exits[exitMismatch] != 1 {
		t.Errorf("share 3 was started twice and ended with exit codes %v, want one 0 and one %d", exits, exitMismatch)
	}
	for _, ended := range ends[4:] {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	histogram, c := sim.Rewrites(scriptBucket), sim.Counters()
	if histogram[1] != objects || len(histogram) != 1 {
		t.Errorf("objects by how often they were copied: %v, want %d once", histogram, objects)
	}
	if c.KMS.FullestSecond > quota {
		t.Errorf("%d KMS requests in the fullest second, want at most %d", c.KMS.FullestSecond, quota)
	}
	s, err := w.command("status", "--job", job).Output()
	if err != nil {
		t.Errorf("status: %v", err)
	}
	t.Logf("fullest second %d\n%s", c.KMS.FullestSecond, s)
	if out, err := w.command("verify", "--job", job, "--allow", "not-compared").CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// tail keeps the last of what a process says.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 4096 {
		t.b = t.b[len(t.b)-4096:]
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }
