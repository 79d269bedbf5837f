package main

import (
	"context"
	"errors"
	"fmt"

	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"reseal/internal/simulator"
	"reseal/report"
)

// demoFlags is the command line of demo.
type demoFlags struct {
	objects int64
	kmsRPS  int
	dir     string
}

const demoLong = `demo shows the whole of reseal on the built-in simulator: no account, no network.

It makes a bucket of objects of all kinds, takes its inventory, prints the plan
and its price, runs under a cap on KMS requests, kills the run half-way as a crash
would, runs the same command again, verifies every object, and compares what the
simulator counted with what was promised.`

func newDemoCommand(p process) *cobra.Command {
	f := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show all of it on the built-in simulator: no account, no network",
		Long:  demoLong,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			return f.demo(ctx, p)
		},
	}
	cmd.Flags().Int64Var(&f.objects, "objects", 20_000, "objects in the bucket")
	cmd.Flags().IntVar(&f.kmsRPS, "kms-rps", 1000, "cap on KMS requests a second")
	cmd.Flags().StringVar(&f.dir, "dir", "", "`folder` for the job (default: a new one in the system's temporary folder)")
	return cmd
}

const demoBucket = "demo-archive"

// arrivalShare is the part of the cap by which more requests may arrive in a
// second than are released in one: they are on their way for different times.
const arrivalShare = 20

func (f *demoFlags) demo(ctx context.Context, p process) error {
	if f.objects < 100 || f.kmsRPS < 1 {
		return usagef("--objects wants at least 100, --kms-rps at least 1")
	}
	began := time.Now()
	dir := f.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "reseal-demo-"); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	// The quota is twice the cap: production has the other half.
	sim, err := newSimulation(simConfig{listen: "127.0.0.1:0", latency: 4 * time.Millisecond, jitter: 4 * time.Millisecond, kmsRPS: 2 * f.kmsRPS, seed: 1})
	if err != nil {
		return err
	}
	manifest, err := sim.populate(ctx, demoBucket, simulator.Population{N: f.objects, Seed: 1, Archived: true, EncryptedShare: 0.1, KMSKeyARN: simKey}, "")
	if err != nil {
		return err
	}
	before := sim.digest(demoBucket)

	serving, stop := context.WithCancel(ctx)
	var server sync.WaitGroup
	var served error
	server.Go(func() { served = sim.serve(serving) })
	defer func() {
		stop()
		server.Wait()
	}()

	d := &demonstration{process: p, sim: sim, dir: dir}
	if err := d.play(ctx, f, manifest); err != nil {
		return errors.Join(err, served)
	}
	return d.prove(f, before, began)
}

// demonstration plays a user of reseal who has a crash in the middle of a run.
type demonstration struct {
	process
	sim     *simulation
	dir     string
	fullest int64 // the most KMS requests that a run released in a second, by its own count
}

func (d *demonstration) job() string { return filepath.Join(d.dir, "job") }

// play goes through the commands that a user would type.
func (d *demonstration) play(ctx context.Context, f *demoFlags, manifest string) error {
	what := []string{"--manifest", manifest, "--sse-kms-key-id", simKey, "--bucket-key-enabled=false", "--kms-rps", strconv.Itoa(f.kmsRPS)}
	run := append([]string{"run"}, append(what, "--job", d.job(), "--results", "all", "--probe-key-prefix", "reseal-probe/", "--yes")...)

	d.say("A bucket of %s, a tenth of it under the key already. What would a run do?", report.Plural(f.objects, "object"))
	if err := d.reseal(ctx, append([]string{"plan"}, what...)...); err != nil {
		return err
	}
	d.say("Run it, and crash half-way: SIGKILL, no chance to clean up.")
	if err := d.crash(ctx, f.objects/2, run...); err != nil {
		return err
	}
	d.say("How far did it get? The job's files know.")
	if err := d.reseal(ctx, "status", "--job", d.job()); err != nil {
		return err
	}
	d.say("The same command again goes on where it stopped.")
	if err := d.reseal(ctx, run...); err != nil {
		return err
	}
	d.say("Look at every object again.")
	if err := d.reseal(ctx, "verify", "--job", d.job()); err != nil {
		return err
	}
	store, _, err := openJob(ctx, d.job())
	if err != nil {
		return err
	}
	past, _, err := readHistory(ctx, store, historyFile)
	d.fullest = max(d.fullest, past.Fullest)
	return err
}

// say announces what comes next.
func (d *demonstration) say(format string, args ...any) {
	fmt.Fprintf(d.stdout, "\n── "+format+"\n\n", args...)
}

// command is a command line of this very program, as another process.
func (d *demonstration) command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	env, err := d.sim.environment(d.dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(cleanEnvironment(os.Environ()), env...)
	cmd.Stdout, cmd.Stderr = d.stdout, d.stderr
	return cmd, nil
}

// reseal runs a command to its end.
func (d *demonstration) reseal(ctx context.Context, args ...string) error {
	fmt.Fprintf(d.stdout, "$ reseal %s\n", shellWords(args))
	cmd, err := d.command(ctx, args...)
	if err != nil {
		return err
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("reseal %s: %w", args[0], err)
	}
	return nil
}

// crash runs a command and kills it once n objects were copied.
func (d *demonstration) crash(ctx context.Context, n int64, args ...string) error {
	fmt.Fprintf(d.stdout, "$ reseal %s\n", shellWords(args))
	cmd, err := d.command(ctx, args...)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start reseal: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("the run ended before it could be killed: %w", errors.Join(err, errors.New("nothing to show")))
		case <-tick.C:
			if d.sim.copies() >= n {
				if s := liveStatus(ctx, placeOf(d.job(), share{})); s != nil { // what it has not written down dies with it
					d.fullest = s.KMS.FullestSecond
				}
				if err := cmd.Process.Kill(); err != nil {
					return fmt.Errorf("kill: %w", err)
				}
				<-ended
				fmt.Fprintf(d.stderr, "\n[killed after %s copies]\n", report.Count(d.sim.copies()))
				return nil
			}
		}
	}
}

// shellWords joins arguments as a person would type them.
func shellWords(args []string) string {
	line := ""
	for i, a := range args {
		if i > 0 {
			line += " "
		}
		line += a
	}
	return line
}

// prove compares what the simulator counted with what was promised.
func (d *demonstration) prove(f *demoFlags, before digest, began time.Time) error {
	after := d.sim.digest(demoBucket)
	histogram, counters := d.sim.counted(demoBucket)
	d.say("What the simulator counted")
	var failed bool
	check := func(ok bool, format string, args ...any) {
		mark := "✓"
		if !ok {
			mark, failed = "✗", true
		}
		fmt.Fprintf(d.stdout, "%s "+format+"\n", append([]any{mark}, args...)...)
	}
	var copied, more int64
	for times, n := range histogram {
		switch {
		case times == 1:
			copied = n
		case times > 1:
			more += n
		}
	}
	check(more == 0 && copied > 0, "%s re-encrypted exactly once, none twice, across a crash", report.Plural(copied, "object"))
	check(after.encrypted == before.encrypted+copied && after.encrypted+after.archived == after.objects && after.objects == before.objects,
		"%s of %s now under the key; the other %s, archived, left alone, as only a restore could make them readable",
		report.Count(after.encrypted), report.Count(after.objects), report.Count(after.archived))
	check(after.carried == before.carried, "metadata, tags, content headers, storage class and body of all %s compared: equal", report.Plural(after.objects, "object"))
	limit := int64(f.kmsRPS)
	check(d.fullest > 0 && d.fullest <= limit, "%s KMS requests released in the fullest second, by the runs' own count; the cap was %s", report.Count(d.fullest), report.Count(limit))
	check(counters.KMS.FullestSecond <= limit+limit/arrivalShare, "%s arrived in the fullest second of KMS: what is released in one second can arrive in less, and up to %d %% more is taken for that",
		report.Count(counters.KMS.FullestSecond), 100/arrivalShare)
	check(counters.Throttles["kms"] == 0, "KMS never had to throttle: production kept its half of the quota")
	fmt.Fprintf(d.stdout, "\nTook %s. The job is in %s: look at plan.json, state/, results/,\nor try: reseal report --job %s\n",
		report.Duration(time.Since(began)), d.job(), d.job())
	if failed {
		return &finding{exitDifferent}
	}
	return nil
}
