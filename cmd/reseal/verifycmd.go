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
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/job/verification"
	"reseal/verify"
)

// verifyFlags is the command line of verify.
type verifyFlags struct {
	connection
	knownJobs
	job      string
	manifest string
	keep     string
	looks    options.Verification
	accept   accepts
	output   output
	flags    *pflag.FlagSet
	given    job.Told // on the command line

	superseded bool // a later generation may have done what this one did not
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
			f.flags, f.given = cmd.Flags(), options.Given(cmd.Flags())
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
	f.looks.Bind(fs)
	f.accept.bind(cmd)
	remembers(cmd)
	return cmd
}

func (f *verifyFlags) verify(ctx context.Context, p process) error {
	if _, err := f.looks.Read(); err != nil {
		return err
	}
	if err := f.accept.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	chain, err := generations.Read(ctx, store, made)
	if err != nil {
		return err
	}
	if err := status.CheckChain(ctx, f.Jobs(), f.job, chain); err != nil {
		return err
	}
	if len(chain.Generations) > 0 {
		return f.all(ctx, p, store, made, chain)
	}
	v, err := f.one(ctx, p, store, made)
	if err != nil {
		return err
	}
	return f.tell(p, v)
}

// one verifies one generation of a job, or a job that has no more.
func (f *verifyFlags) one(ctx context.Context, p process, store job.Store, made *job.Plan) (*verify.Verification, error) {
	if err := f.recall(ctx, store, made); err != nil {
		return nil, err
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.given, Name: f.job, Plan: made}, false)
	if err != nil {
		return nil, err
	}
	c, err := f.looks.Read() // with what the job was told
	if err != nil {
		return nil, err
	}
	c.Superseded = f.superseded
	if c.State, err = checkpoint.Read(ctx, store); err != nil {
		return nil, err
	}
	v, err := f.look(ctx, p, met, c)
	if err != nil {
		return nil, err
	}
	f.remember(ctx, p, v, store, c.State.Totals().Written)
	return v, nil
}

// recall takes over what the job was told, as far as a verification goes by it.
func (f *verifyFlags) recall(ctx context.Context, store job.Store, made *job.Plan) error {
	told, err := job.CurrentOptions(ctx, store, made)
	if err != nil {
		return err
	}
	return options.Recall(f.flags, told.Only(verifyRecalls))
}

// look opens the report once more, where it is now, and looks at the objects.
func (f *verifyFlags) look(ctx context.Context, p process, job *connect.Met, c verification.Config) (*verify.Verification, error) {
	note := func(text string) { fmt.Fprintf(f.output.messages(p), "note: %s\n", text) }
	conn, made := f.connection, job.Plan()
	if text, err := conn.Follow(ctx, job); err != nil {
		return nil, err
	} else if text != "" {
		note(text)
	}
	sel := selection{manifest: made.Manifest, keepInventory: f.keep, memory: "512MiB", noChecksum: true} // its MD5 is held against the job's
	sel.adopt(made)
	if f.manifest != "" {
		sel.manifest = f.manifest
	}
	client, err := conn.Client(ctx, c.Workers)
	if err != nil {
		return nil, err
	}
	found, err := openReport(ctx, client, &sel)
	if err != nil {
		return nil, goneTable(f.job, made, err)
	}
	c.Name, c.Plan, c.Client, c.Report = f.job, made, client, found.Report
	c.Accepted, c.Note = f.accept.losses(), note
	c.Beside = func(ctx context.Context, l *verification.Live) {
		console.Cap(f.output.messages(p), console.VerifyCap(l, c.KMSRate))
		console.VerifyProgress(p.screen(), f.output.barless(), l).Watch(ctx)
	}
	return verification.Run(ctx, c)
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
	f.tellUnread(p, v)
	return verifiedEnding(v.Result())
}

// tellUnread says which files of the report were not read.
func (f *verifyFlags) tellUnread(p process, v *verify.Verification) {
	for _, u := range v.Unread {
		fmt.Fprintf(p.stderr, "reseal: not verified: %s\n", u)
	}
	if len(v.Unread) > 0 {
		fmt.Fprintln(p.stderr, "hint: the rest was; the same command tries these files again, --keep-inventory reads them where the run kept them")
	}
}

// verifiedEnding is the exit that the verdicts give.
func verifiedEnding(g verify.Grade) error {
	switch g {
	case verify.Wrong:
		return &finding{exitDifferent}
	case verify.Open:
		return &finding{exitFailures}
	}
	return nil
}
