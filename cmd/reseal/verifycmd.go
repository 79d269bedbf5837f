package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/verification"
	"reseal/verify"
)

// verifyFlags is the command line of verify.
type verifyFlags struct {
	connection
	knownJobs
	job         string
	manifest    string
	keep        string
	sample      string
	seed        uint64
	concurrency int
	readRPS     float64
	kmsRPS      float64
	bodies      string
	outage      time.Duration
	accept      accepts
	allow       []string
	output      output
	flags       *pflag.FlagSet
}

// verifyRecalls are the options of a job that a verification goes by, too.
var verifyRecalls = []string{"endpoint-url", "region", "profile", "ca-bundle", "expected-bucket-owner", "allow-http", "sdk-client",
	"keep-inventory", "kms-rps", "max-outage", job.AcceptOption}

const verifyLong = `verify gives every row of the report one verdict: what is there now against what
the job was to leave behind. It looks at every object, or at a sample, and writes
nothing to the bucket, and into the job only a note of what it found.

  proven                        under the key, as the job left it
  left-alone                    as the plan says, and its reason still holds
  changed-since-under-key       written by another client since, under the key
  gone                          deleted since
  not-done                      failed, or not reached            (exit 3)
  changed-since-NOT-under-key   written or changed since          (exit 7)
  never-under-key               said to be encrypted, and not   (exit 7)
  lost-attribute                something is not as it was        (exit 7)
  could-not-look                the look failed                   (exit 7)

It ends with 0 only where all rows have one of the first four. Objects that the
run took a snapshot of are compared with it: metadata, tags, ACL, lock, and data.
--bodies 1% also reads the data of a sample. It compares them with the old ETag,
where that is the MD5: of objects written as a whole under SSE-S3.`

func newVerifyCommand(p process) *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify JOB",
		Short: "Look at the objects again and prove the result",
		Long:  verifyLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.flags = cmd.Flags()
			return f.verify(cmd.Context(), p)
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	f.output.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job")
	pathVar(fs, &f.manifest, "manifest", "where the report is now, if not where the job found it")
	pathVar(fs, &f.keep, "keep-inventory", "`folder` that the report's data files were kept in")
	fs.StringVar(&f.sample, "sample", "100%", "share of the objects to look at")
	fs.Uint64Var(&f.seed, "seed", 1, "which objects a sample takes")
	fs.IntVar(&f.concurrency, "concurrency", 256, "HeadObjects in flight at most")
	fs.DurationVar(&f.outage, "max-outage", time.Hour, "stop after waiting this long for an endpoint that is gone, or for credentials that have expired")
	fs.StringVar(&f.bodies, "bodies", "0%", "share of the objects whose data is read and compared")
	fs.Var((*cli.Rate)(&f.kmsRPS), "kms-rps", "cap on the KMS requests that reading data makes S3 send (default: half of the Region's default quota)")
	f.accept.bind(cmd)
	fs.StringArrayVar(&f.allow, "allow", nil, "let rows with this `VERDICT` be no reason for an exit other than 0: not-done, changed-since-NOT-under-key, never-under-key, lost-attribute, could-not-look or not-compared (repeatable)")
	fs.Float64Var(&f.readRPS, "s3-rps", 5500, "S3 read requests a second to start from")
	remembers(cmd)
	return cmd
}

// check refuses flags that cannot be meant, and reads the shares among them.
func (f *verifyFlags) check() (sample, bodies float64, err error) {
	sample, err = cli.ParsePercent(f.sample)
	switch {
	case err != nil || sample <= 0:
		return 0, 0, usagef("--sample %q: want a share above 0%%, such as 1%%", f.sample)
	case f.concurrency < 1 || !(f.readRPS > 0) || f.kmsRPS < 0:
		return 0, 0, usagef("--concurrency, --s3-rps and --kms-rps must be above 0")
	case f.outage <= 0:
		return 0, 0, usagef("--max-outage %s: want a time above 0", f.outage)
	}
	if bodies, err = cli.ParsePercent(f.bodies); err != nil {
		return 0, 0, usagef("--bodies: %w", err)
	}
	if err := f.accept.check(); err != nil {
		return 0, 0, err
	}
	return sample, bodies, f.checkAllowed()
}

func (f *verifyFlags) verify(ctx context.Context, p process) error {
	share, bodies, err := f.check()
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	told, err := job.CurrentOptions(ctx, store, made)
	if err != nil {
		return err
	}
	now := givenOf(f.flags)
	if err := recalled(f.flags, told.Only(verifyRecalls)); err != nil {
		return err
	}
	met, err := f.meet(ctx, p, f.connection, now, f.job, made, false)
	if err != nil {
		return err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return err
	}
	v, err := f.look(ctx, p, met, snapshot, share, bodies)
	if err != nil {
		return err
	}
	f.remember(ctx, p, v, store, snapshot.Totals().Written)
	return f.tell(p, v)
}

// look opens the report once more, where it is now, and looks at the objects.
func (f *verifyFlags) look(ctx context.Context, p process, job *metJob, snapshot *checkpoint.Snapshot, share, bodies float64) (*verify.Verification, error) {
	note := func(text string) { fmt.Fprintf(f.output.messages(p), "note: %s\n", text) }
	conn, made := f.connection, job.plan
	if text, err := conn.follow(ctx, job); err != nil {
		return nil, err
	} else if text != "" {
		note(text)
	}
	sel := selection{manifest: made.Manifest, keepInventory: f.keep, memory: "512MiB", noChecksum: true} // its MD5 is held against the job's
	sel.adopt(made)
	if f.manifest != "" {
		sel.manifest = f.manifest
	}
	client, err := conn.client(ctx, f.concurrency)
	if err != nil {
		return nil, err
	}
	found, err := openReport(ctx, client, &sel)
	if err != nil {
		return nil, err
	}
	return verification.Run(ctx, verification.Config{
		Name: f.job, Plan: made, State: snapshot, Client: client, Report: found.Report,
		Sample: share, SampleText: f.sample, Seed: f.seed, Bodies: bodies, Accepted: f.accept.losses(), Allowed: f.allowed(),
		KMSRate: f.kmsRPS, ReadRate: f.readRPS, Workers: f.concurrency, Patience: f.outage, Note: note,
		Beside: func(ctx context.Context, l *verification.Live) { f.progress(p, l).watch(ctx) },
	})
}

// remember leaves in the job what was found. Writing needs the lock, so it does
// not work while another process runs the job, nor where it may only be read:
// that is said, and is no reason to fail.
func (f *verifyFlags) remember(ctx context.Context, p process, v *verify.Verification, store job.Store, written time.Time) {
	err := v.Remember(ctx, store, written)
	switch {
	case errors.As(err, new(*checkpoint.LockedError)):
		fmt.Fprintf(f.output.messages(p), "note: another process runs the job, so the report will not show this verification\n")
	case err != nil:
		fmt.Fprintf(f.output.messages(p), "note: the report will not show this verification, as it could not be written into the job: %s\n", explain.Words(err))
	}
}

// tell prints what was found, and turns it into the command's ending.
func (f *verifyFlags) tell(p process, v *verify.Verification) error {
	var err error
	if f.output.json {
		err = writeJSON(p.stdout, v)
	} else {
		err = console.Verification(p.stdout, v)
	}
	if err != nil {
		return fmt.Errorf("print verification: %w", err)
	}
	for _, u := range v.Unread {
		fmt.Fprintf(p.stderr, "reseal: not verified: %s\n", u)
	}
	if len(v.Unread) > 0 {
		fmt.Fprintln(p.stderr, "hint: the rest was; the same command tries these files again, --keep-inventory reads them where the run kept them")
	}
	return verifiedEnding(v)
}

// verifiedEnding is the exit that the verdicts give.
func verifiedEnding(v *verify.Verification) error {
	switch v.Result() {
	case verify.Wrong:
		return &finding{exitDifferent}
	case verify.Open:
		return &finding{exitFailures}
	}
	return nil
}

// allowed are the verdicts that are to be no reason for an exit.
func (f *verifyFlags) allowed() (list []verify.Verdict) {
	for _, name := range f.allow {
		list = append(list, verify.Verdict(name))
	}
	return list
}

// checkAllowed refuses names that are no verdict, or none that needs to be allowed.
func (f *verifyFlags) checkAllowed() error {
	var names []string
	for _, a := range verify.Allowable() {
		names = append(names, string(a))
	}
	for _, v := range f.allow {
		if err := cli.Choose("--allow", v, names...); err != nil {
			return err
		}
	}
	return nil
}
