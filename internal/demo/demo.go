package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/terminal"
	"reseal/report"
)

// Config says what to show, and where.
type Config struct {
	Objects  int64     // in the bucket, at least 100
	KMSRate  int       // cap of the run on KMS requests a second, at least 1
	Folder   string    // for the job; "" is a new one in the system's temporary folder
	Out      io.Writer // of the commands as it is, so that they see a terminal
	Messages io.Writer
}

const bucket = "demo-archive"

// Run plays the demonstration on commands of this very program. It returns whether
// all promises were kept.
func Run(ctx context.Context, c Config) (kept bool, err error) {
	began := time.Now()
	if c.Folder, err = makeFolder(c.Folder); err != nil {
		return false, err
	}
	// The quota is twice the cap: production has the other half.
	account, err := simaws.New(simaws.Config{Latency: 4 * time.Millisecond, Jitter: 4 * time.Millisecond, KMSQuota: 2 * c.KMSRate, Seed: 1})
	if err != nil {
		return false, err
	}
	defer account.Listener.Close()
	pop := simulator.Population{N: c.Objects, Seed: 1, Archived: true, EncryptedShare: 0.1, KMSKeyARN: simaws.Key}
	manifest, err := account.Populate(ctx, bucket, pop, simaws.Report{})
	if err != nil {
		return false, err
	}
	before := account.Digest(bucket)

	serving, stop := context.WithCancel(ctx)
	var server sync.WaitGroup
	var served error
	server.Go(func() { served = account.Serve(serving) })
	d := &demonstration{Config: c, text: terminal.Folding(c.Out), account: account, job: filepath.Join(c.Folder, "job")}
	err = d.play(ctx, manifest)
	if err == nil {
		kept = d.check(before)
		fmt.Fprintf(d.text, "\nTook %s. The job is in %s: look at plan.json, state/ and results/.\nnext: reseal report %s\n",
			report.Duration(time.Since(began)), d.job, d.job)
	}
	stop()
	server.Wait()
	return kept, errors.Join(err, served)
}

// makeFolder makes a folder, a temporary one where none is named.
func makeFolder(name string) (string, error) {
	var err error
	if name == "" {
		name, err = os.MkdirTemp("", "reseal-demo-")
	} else {
		err = os.MkdirAll(name, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	return name, nil
}

// demonstration plays a user of reseal who has a crash in the middle of a run.
type demonstration struct {
	Config
	text    io.Writer // Out, with lines that fit a terminal
	account *simaws.Account
	job     string
	fullest int64 // the most KMS requests that a command released in a second, by its own count
}

// play goes through the commands that a user would type.
func (d *demonstration) play(ctx context.Context, manifest string) error {
	what := []string{"--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false", "--kms-rps", strconv.Itoa(d.KMSRate)}
	run := append([]string{"run"}, append(what, "--job", d.job, "--results", "all", "--probe-key-prefix", "reseal-probe/", "--yes")...)

	d.say("A bucket of %s, a tenth of it under the key already. What would a run do?", report.Plural(d.Objects, "object"))
	if err := d.reseal(ctx, append([]string{"plan"}, what...)...); err != nil {
		return err
	}
	d.say("Run it, and crash half-way: SIGKILL, no chance to clean up.")
	if err := d.crash(ctx, d.Objects/2, run...); err != nil {
		return err
	}
	d.say("How far did it get? The job's files know.")
	if err := d.reseal(ctx, "status", "--job", d.job); err != nil {
		return err
	}
	d.say("The same command again goes on where it stopped.")
	if err := d.reseal(ctx, run...); err != nil {
		return err
	}
	d.say("Look at every object again. For some the answer was lost in the crash, so nothing tells what they were before. Outside AWS you must allow that. The simulator can tell, and is asked below.")
	if err := d.reseal(ctx, "verify", "--job", d.job, "--allow", "not-compared"); err != nil {
		return err
	}
	released, err := recordedRelease(ctx, d.job)
	d.fullest = max(d.fullest, released)
	return err
}

// say announces what comes next.
func (d *demonstration) say(format string, args ...any) {
	fmt.Fprintf(d.text, "\n── "+format+"\n\n", args...)
}

// command prints a command line and makes it a process of this very program.
func (d *demonstration) command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	fmt.Fprintf(d.text, "$ reseal %s\n", strings.Join(args, " "))
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	env, err := d.account.Environment(ctx, d.Folder)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(append(simaws.CleanEnvironment(os.Environ()), env...), "RESEAL_KNOWN_JOBS=off") // its job goes with it
	cmd.Stdout, cmd.Stderr = d.Out, d.Messages
	return cmd, nil
}

// reseal runs a command to its end.
func (d *demonstration) reseal(ctx context.Context, args ...string) error {
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
			if d.account.Copies() < n {
				continue
			}
			d.fullest = liveRelease(ctx, d.job) // what the run has not written down yet dies with it
			if err := cmd.Process.Kill(); err != nil {
				return fmt.Errorf("kill: %w", err)
			}
			<-ended
			fmt.Fprintf(d.Messages, "\n[killed after %s copies]\n", report.Count(d.account.Copies()))
			return nil
		}
	}
}
