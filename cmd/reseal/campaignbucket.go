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
	"reseal/checkpoint"
	"reseal/console"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// campaignBucket is one bucket of a campaign on its way.
type campaignBucket struct {
	list.Bucket
	entry campaign.Entry

	run  *runFlags // that planned it; nil once its job is made
	plan *job.Plan // of a job to be made
	open []job.OpenHazard

	fresh  bool // no run has begun its job
	clean  bool // its run lists the bucket until nothing is left
	idle   bool // nothing is left in it
	made   bool // its job was made by this process
	of     *status.Status
	left   campaign.Figures // of what is left
	failed error            // why it cannot begin
	next   string           // command, where failed is not nil
	quota  campaign.Quota
}

// job is the name of the bucket's job.
func (f *campaignFlags) jobOf(b *campaignBucket) string { return campaign.JobOf(f.job, b.Name) }

// runOf is the run of a bucket: the options of the campaign, and what the list says. It
// is not recalled yet.
func (f *campaignFlags) runOf(p process, b *campaignBucket, atMost cost.Money) (*runFlags, *cobra.Command, error) {
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
	r.job, r.yes, r.output.quiet, r.output.noProgress = f.jobOf(b), true, true, true
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
	r.Keeper = &f.run.Settings
	return r, cmd, errors.Join(errs...)
}

// told has the run know what its job was told before, and what else it needs before its
// first step.
func (f *campaignFlags) tell(ctx context.Context, p process, r *runFlags, cmd *cobra.Command) error {
	if err := r.recall(ctx, p, cmd); err != nil {
		return &preflight.UntouchedError{Err: err}
	}
	r.held, r.began, r.beside = options.Given(cmd.Flags()), f.began, f.parallel
	r.concurrency = min(r.concurrency, max(1, resources.FileRoom().Slots()/f.parallel))
	return nil
}

// foresee finds out what the run of a bucket would do, and writes nothing.
func (f *campaignFlags) foresee(ctx context.Context, p process, b *campaignBucket) error {
	r, cmd, err := f.runOf(p, b, 0)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	b.entry.UntilClean = b.entry.UntilClean || r.untilClean // what the job remembers comes later
	switch {
	case b.Manifest == "":
		return &preflight.RefusedError{Err: errNoReport}
	case b.NeedsKey() && f.run.KeyID == "":
		return &preflight.RefusedError{Err: errNoKey}
	}
	if was := f.document.Find(b.Name); was != nil && was.Made {
		if err := was.Check(&b.Bucket); err != nil {
			return err
		}
	}
	if err := f.tell(ctx, p, r, cmd); err != nil {
		return err
	}
	b.clean, b.entry.UntilClean = r.untilClean, r.untilClean
	if err := r.checkFlags(); err != nil {
		return err
	}
	ready, err := r.start(p)
	if err != nil {
		return err
	}
	if err := f.findJob(ctx, r, ready, b); err != nil || b.idle {
		return err
	}
	err = f.lookAhead(ctx, r, ready, b)
	b.quota = r.part.quota
	return err
}

// findJob looks for the job of a bucket, without holding it.
func (f *campaignFlags) findJob(ctx context.Context, r *runFlags, ready *prepare.Start, b *campaignBucket) (err error) {
	c := ready.Claim
	if c.Store, c.Plan, err = r.connection.Jobs().Find(ctx, r.job, job.Share{}); err != nil {
		return err
	}
	b.fresh = true
	if c.Found = c.Plan != nil; !c.Found {
		return prepare.CheckNew(ctx, r.Jobs(), r.job)
	}
	if is := c.Plan.Options.Bucket; is != b.Name {
		return &campaign.OtherBucketError{Bucket: b.Name, Is: is, What: "job"}
	}
	if err = ready.Meet(ctx, false); err != nil {
		return err
	}
	if ready.At, err = checkpoint.Read(ctx, c.Store); err != nil {
		return err
	}
	read, err := status.LookWhole(ctx, r.Jobs(), c.Store, c.Plan, job.Share{})
	if err != nil {
		return err
	}
	b.of = read.Status()
	b.fresh = !job.Begun(ready.At) && b.of.Runs == 0
	left, err := r.rows.Left(ctx, c.Plan, ready.At)
	ready.Idle = err == nil && !left && c.Plan.Owns(ready.At)
	b.idle = ready.Idle && !b.clean // else it is listed again
	return err
}

// lookAhead takes the steps of a run that look, up to its first one that writes. A plan
// that was made stays with the bucket, also where a hazard refuses it.
func (f *campaignFlags) lookAhead(ctx context.Context, r *runFlags, ready *prepare.Start, b *campaignBucket) error {
	if err := ready.LookAround(ctx); err != nil {
		return err
	}
	if is := ready.Pre.Env.Policy.Options.Bucket; is != b.Name {
		return &campaign.OtherBucketError{Bucket: b.Name, Is: is, What: "report"}
	}
	if ready.Plan = ready.Claim.Plan; !ready.Idle { // else it goes on with its generations
		if err := ready.PlanOrResume(ctx); err != nil {
			return err
		}
	}
	if err := f.priced(ready.Plan); err != nil {
		return err
	}
	if b.idle = ready.Idle && !b.clean; b.idle {
		return nil
	}
	b.left = figuresOf(ready.Plan, b.of)
	if b.clean {
		prices, err := r.prices()
		if err != nil {
			return err
		}
		region, _ := prices.Region(ready.Plan.Region)
		b.left = withGenerations(b.left, ready.Plan, b.of, &region)
	}
	if !ready.Claim.Found {
		b.run, b.plan = r, ready.Plan
	}
	b.open = migrate.OpenHazards(ready.Pre.Env, preflight.Unaccepted(ready.Pre.Env.Hazards(), r.accept))
	return ready.Check(ctx)
}

// priced refuses a plan without a price where there is a limit of money.
func (f *campaignFlags) priced(made *job.Plan) error {
	if f.maxCost == 0 || made == nil {
		return nil
	}
	why := "its plan has no price"
	if e := made.Estimate; e != nil {
		why = unpriced(e)
	}
	if why == "" {
		return nil
	}
	return &preflight.RefusedError{Err: fmt.Errorf("--max-cost cannot be kept: %s; --prices FILE can name it", why)}
}

// figuresOf is what is left of a job: all of it where no run has begun it, as s is nil, or
// else its part by the number of objects.
func figuresOf(made *job.Plan, s *status.Status) campaign.Figures {
	var f campaign.Figures
	if e := made.Estimate; e != nil {
		f = campaign.Figures{Objects: e.Objects, Bytes: e.Bytes, KMS: e.KMSCalls, Priced: unpriced(e) == "", Price: e.Once.Total}
	}
	if s == nil || s.Left == nil || s.Todo == nil || *s.Todo <= 0 {
		return f
	}
	objects := f.Objects
	f = f.Of(min(objects, int64(float64(objects)*float64(*s.Left)/float64(*s.Todo))))
	f.Objects = *s.Left
	return f
}

// freeze makes the job of a bucket that was planned: from here on, it can be used by
// itself.
func (f *campaignFlags) freeze(ctx context.Context, p process, b *campaignBucket) error {
	if b.plan == nil {
		return nil
	}
	b.plan.Open = b.open
	r := b.run
	if err := prepare.CheckNew(ctx, r.Jobs(), r.job); err != nil {
		return err
	}
	if err := r.connection.Jobs().Freeze(ctx, r.job, b.plan); err != nil {
		return fmt.Errorf("make job %s: %w", r.job, err)
	}
	b.made = true
	err := r.made(ctx, p, connect.Named{Via: r.connection.Settings, Told: r.told, Name: r.job, Plan: b.plan})
	b.run, b.plan = nil, nil // the run reads it again
	return err
}

// work runs a bucket to its end, or to that of the campaign.
func (f *campaignFlags) work(ctx context.Context, p process, b *campaignBucket, atMost cost.Money) error {
	r, cmd, err := f.runOf(p, b, atMost)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	if err := f.tell(ctx, p, r, cmd); err != nil {
		return err
	}
	return r.run(ctx, p)
}

// processOf is the process that the run of a bucket sees: what it says has the name of the
// bucket before it, and the signals of the campaign reach it.
func (f *campaignFlags) processOf(p process, b *campaignBucket, signals <-chan os.Signal) (process, func()) {
	says := &namedLines{out: p.stderr, name: b.Name, lock: &f.saying}
	args := []string{"run", f.jobOf(b)}
	if b.of == nil && !b.made { // what is told to be typed would find no job
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
