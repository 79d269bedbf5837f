package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"reseal/campaign"
	"reseal/campaign/list"
	"reseal/campaign/work"
	"reseal/checkpoint"
	"reseal/console"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// runOf is the run of a bucket: the options of the campaign, and what the list says. It
// is not recalled yet.
func (f *campaignFlags) runOf(p process, b *work.Bucket, atMost cost.Money) (*runFlags, *cobra.Command, error) {
	r, cmd := bindRun()
	cmd.SetErr(p.stderr)
	var errs []error
	set := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				errs = append(errs, cmd.Flags().Set(name, v))
			}
		}
	}
	for _, name := range passedOn {
		if flag := f.flags.Lookup(name); flag.Changed {
			set(name, cli.ValuesOf(flag)...)
		}
	}
	set("manifest", b.Manifest)
	if b.Columns != "" { // one result may have rows of all buckets
		set("columns", b.Columns)
		set("only-bucket", b.Name)
	}
	if b.UntilClean != nil {
		set("until-clean", strconv.FormatBool(*b.UntilClean))
	}
	if !b.NeedsKey() {
		set("sse-kms-key-id", b.Key)
	}
	set("prefix", b.Prefixes...)
	set("exclude-prefix", b.ExcludePrefixes...)
	set("region", b.Region)
	set("profile", b.Profile)
	set("expected-bucket-owner", b.Account)
	r.job, r.yes, r.output.quiet, r.output.noProgress = b.Job, true, true, true
	r.part = &campaignPart{shares: f.shares, atMost: atMost, whole: f.run.maxCostText, tell: func(g *generations.Generation) {
		if !f.quiet {
			fmt.Fprintf(p.stderr, "generation %d %s; %s re-encrypted\n", g.Number, g.Words(), report.Plural(g.Done, "object"))
		}
	}}
	if b.Role != "" {
		r.Role = s3api.Role{ARN: b.Role, ExternalID: b.ExternalID, Session: "reseal-campaign"}
		if account, _ := list.ValidRole(b.Role); b.Account == "" {
			set("expected-bucket-owner", account)
		}
	}
	r.Keeper, r.listed = &f.run.Settings, true
	return r, cmd, errors.Join(errs...)
}

// told has the run know what its job was told before, and what else it needs before its
// first step.
func (f *campaignFlags) tell(ctx context.Context, p process, r *runFlags, cmd *cobra.Command) error {
	if err := r.recall(ctx, p, cmd); err != nil {
		return &preflight.UntouchedError{Err: err}
	}
	r.held, r.began, r.beside = options.Given(cmd.Flags()), f.began, f.parallel
	r.duration = f.run.duration // of this command, not of one before
	r.concurrency = min(r.concurrency, max(1, resources.FileRoom().Slots()/f.parallel))
	return nil
}

// campaignRunner runs the jobs of single buckets, as the command line says.
type campaignRunner struct {
	f *campaignFlags
	p process
}

var _ work.Runner = (*campaignRunner)(nil)

// Start implements work.Runner.
func (c *campaignRunner) Start(ctx context.Context, b *work.Bucket) (s *prepare.Start, untilClean bool, err error) {
	quiet := c.p
	quiet.stderr = c.p.screen()
	named, _ := c.f.processOf(quiet, b, nil) // what it says goes on after this
	return c.f.start(ctx, named, b)
}

// start is the run of a bucket of which nothing was done yet.
func (f *campaignFlags) start(ctx context.Context, p process, b *work.Bucket) (s *prepare.Start, untilClean bool, err error) {
	r, cmd, err := f.runOf(p, b, 0)
	if err != nil {
		return nil, false, &cli.UsageError{Err: err}
	}
	switch {
	case b.Manifest == "":
		return nil, r.untilClean, &preflight.RefusedError{Err: work.ErrNoReport}
	case b.NeedsKey() && f.run.KeyID == "":
		return nil, r.untilClean, &preflight.RefusedError{Err: work.ErrNoKey}
	}
	if err := f.tell(ctx, p, r, cmd); err != nil {
		return nil, r.untilClean, err
	}
	if err := r.checkFlags(); err != nil {
		return nil, r.untilClean, err
	}
	s, err = r.start(p)
	return s, r.untilClean, err
}

// Run implements work.Runner.
func (c *campaignRunner) Run(ctx context.Context, b *work.Bucket, limit cost.Money, signals <-chan os.Signal) error {
	named, said := c.f.processOf(c.p, b, signals)
	defer said()
	r, cmd, err := c.f.runOf(named, b, limit)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	if err := c.f.tell(ctx, named, r, cmd); err != nil {
		return err
	}
	return r.run(ctx, named)
}

// Code implements work.Runner.
func (c *campaignRunner) Code(err error) int { return exitCode(err) }

// MoreMoney implements work.Runner.
func (c *campaignRunner) MoreMoney(limit cost.Money) string {
	cents := limit / cost.Cent
	return process{args: c.p.typed()}.with("max-cost", fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// Why implements work.Runner.
func (c *campaignRunner) Why(b *work.Bucket, err error, s *status.Status) (text, next string) {
	named, _ := c.f.processOf(c.p, b, nil)
	if b.Failed != nil { // then the campaign is to be typed otherwise
		named.args = c.p.args
	}
	text, next = why(named, err, s)
	if b.Failed != nil && errors.As(err, new(*hazardsError)) {
		text = "hazards that nobody accepted: " + strings.Join(b.OpenHazards(), ", ")
	}
	return text, next
}

// processOf is the process that the run of a bucket sees: what it says has the name of the
// bucket before it, and the signals of the campaign reach it.
func (f *campaignFlags) processOf(p process, b *work.Bucket, signals <-chan os.Signal) (process, func()) {
	says := &namedLines{out: p.stderr, name: b.Name, lock: &f.saying}
	args := []string{"run", b.Job}
	if !b.HasJob() { // what is told to be typed would find no job
		args = p.args
	}
	return process{args: args, campaign: p.args, stdin: p.stdin, stdout: io.Discard, stderr: says, signals: signals}, says.end
}

// namedLines puts a name before each line.
type namedLines struct {
	out  io.Writer
	name string
	lock *sync.Mutex // of out

	mu   sync.Mutex
	line bytes.Buffer
}

func (n *namedLines) Write(text []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range text {
		n.line.WriteByte(c)
		if c == '\n' || n.line.Len() > 64<<10 {
			n.flush()
		}
	}
	return len(text), nil
}

// flush writes the line so far. A line that is empty is left out.
func (n *namedLines) flush() {
	line := bytes.TrimRight(n.line.Bytes(), "\r\n ")
	if len(line) > 0 {
		n.lock.Lock()
		fmt.Fprintf(n.out, "%s: %s\n", n.name, line)
		n.lock.Unlock()
	}
	n.line.Reset()
}

func (n *namedLines) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.flush()
}

// wholeAgain is the command of the campaign, which goes on with it.
func (p process) wholeAgain() string { return process{args: p.typed()}.with("") }

// why says in one line why a bucket ended as it did, and the command that is next.
func why(p process, err error, s *status.Status) (text, next string) {
	if s != nil {
		next = console.NextStep(s, job.Share{}).Command
	}
	if err == nil {
		return "", next
	}
	if errors.As(err, new(*finding)) { // the job says what is left
		return "", next
	}
	switch r := explain.RemedyOf(err, func(flag, value string) string { return p.with(flag, value) }); {
	case errors.As(err, new(*campaign.ChangedError)), errors.As(err, new(*campaign.OtherBucketError)), errors.As(err, new(*checkpoint.MismatchError)):
		next = "" // a run would do what the list does not say
	case isStop(err), errors.As(err, new(*signalError)), errors.Is(err, context.Canceled):
		next = p.wholeAgain() // a run by itself would know neither the money nor the cap of the whole
	case r.Next != "":
		next = r.Next
	}
	return firstSentence(strings.TrimPrefix(explain.Words(err), "refused: ")), next
}

// firstSentence is the first line of a text, which may go on for long.
func firstSentence(text string) string {
	e := campaign.NewEnding(time.Time{}, 1, text)
	return e.Why
}
