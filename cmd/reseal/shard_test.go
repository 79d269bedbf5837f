package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/inventory"
)

// populateFiles makes a bucket of n plain objects and a report of it in data
// files of rows rows each.
func (s *simulation) populateFiles(ctx context.Context, n, rows int64) (string, error) {
	now := time.Now()
	for _, name := range []string{scriptBucket, simReports} {
		if err := s.makeBucket(now, name); err != nil {
			return "", err
		}
	}
	if err := s.world.Populate(scriptBucket, simulator.Population{N: n, Seed: 1, Plain: true}); err != nil {
		return "", err
	}
	i := front.Inventory{Bucket: scriptBucket, Destination: simReports, Prefix: "inventory", Created: now, RowsPerFile: rows}
	depot := &front.BucketDepot{Bucket: simReports}
	manifest, err := front.WriteInventory(ctx, s.world, i, depot)
	if err != nil {
		return "", err
	}
	if err := depot.Deliver(s.world, now); err != nil {
		return "", err
	}
	return "s3://" + simReports + "/" + manifest, nil
}

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
	sim, err := newSimulation(simConfig{listen: "127.0.0.1:0", seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := sim.populateFiles(t.Context(), objects, objects/64)
	if err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, manifest)
	job := "s3://" + simReports + "/jobs/eight"
	about := []string{"--manifest", manifest, "--sse-kms-key-id", simKey, "--job", job, "--bucket-key-enabled=false", "--kms-rps", fmt.Sprint(cap)}
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
	histogram, c := sim.counted(scriptBucket)
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
	if out, err := w.command("verify", "--job", job).CombinedOutput(); err != nil {
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

// Shares are even, whole, and the same whoever computes them.
func TestShareOfSegments(t *testing.T) {
	var segments []inventory.Segment
	var files []inventory.File
	var total int64
	for i := range 100 {
		size := int64(1 + i*i*1000)
		files = append(files, inventory.File{Size: size})
		total += size
		segments = append(segments, inventory.Segment{File: i, Last: inventory.OpenEnd})
	}
	for _, n := range []int{1, 2, 7, 8, 99, 100, 101} {
		owners := make([]int, len(segments))
		for shard := range n {
			own := share{shard, n}.own(segments, files)
			var load int64
			for i := range segments {
				if own(i) {
					owners[i]++
					load += files[i].Size
				}
			}
			if most := total/int64(n) + files[99].Size; load > most {
				t.Errorf("share %d of %d has %d of %d bytes, want at most %d", shard, n, load, total, most)
			}
		}
		for i, o := range owners {
			if o != 1 {
				t.Errorf("%d shares: segment %d belongs to %d of them, want 1", n, i, o)
			}
		}
	}
	if (share{}).own(segments, files) != nil {
		t.Error("the whole job has a share")
	}
}
