package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/console"
	"reseal/internal/connect"
	"reseal/internal/options"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
)

// preflightFlags is the command line of preflight.
type preflightFlags struct {
	connection
	selection
	knownJobs
	job      string
	bucket   string
	noCanary bool
	accept   accepts
	probe    string
	readers  string
	output   output

	planned *inventory.Table // of the job, nil where no table was its source
}

const preflightLong = `preflight reads everything that decides how a run will go, and changes nothing:
endpoint, caller, key, bucket, policies, quota. One row for each: ok, hazard,
stop or unknown, why, and what mends it. It ends with 0 where a run with the same
options can begin, and with 5 where one would refuse: a stop, a hazard that
--accept does not name, or too little that may be read.

  reseal preflight ./media
  reseal preflight --bucket media --sse-kms-key-id arn:aws:kms:...
  reseal preflight --manifest s3://reports/media/ \
                   --sse-kms-key-id arn:aws:kms:... --readers readers.txt

It takes every option of run, so that one set of options serves both; what changes
nothing in the answer is read and left aside.

--readers names a file of role and user ARNs, one a line; the key's policy is
asked whether they could read what is under the key. If one of them could not,
that is the hazard "readers".`

func newPreflightCommand(p process) *cobra.Command {
	f := &preflightFlags{}
	cmd := &cobra.Command{
		Use:   "preflight JOB | --bucket NAME --sse-kms-key-id ARN",
		Short: "Look at key, bucket, policies and readers; changes nothing",
		Long:  preflightLong,
		Args:  jobArgument(&f.job),
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.preflight(cmd.Context(), p, cmd) },
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.selection.bind(cmd)
	f.knownJobs.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "the job whose next run is asked about: a `folder`, or s3://bucket/prefix")
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket")
	fs.Lookup("manifest").Usage = "report of the bucket, in place of --bucket: its columns and lifetime are looked at, too"
	fs.BoolVar(&f.noCanary, "no-canary", false, "as for run")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "take it that a run probes the endpoint under this `prefix`; nothing is written here")
	f.accept.bind(cmd)
	fs.StringVar(&f.readers, "readers", "", "`file` of the ARNs that must still be able to read")
	fs.BoolVar(&f.output.json, "json", false, "print the table as one JSON document")
	newRunCommand(p).Flags().VisitAll(func(of *pflag.Flag) {
		if fs.Lookup(of.Name) == nil {
			fs.AddFlag(of)
		}
	})
	return cmd
}

func (f *preflightFlags) preflight(ctx context.Context, p process, cmd *cobra.Command) error {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	if err := f.ofJob(ctx, p, cmd); err != nil {
		return err
	}
	if (f.bucket == "") == (f.manifest == "") {
		return usagef("a job, --bucket or --manifest is needed, one of them")
	}
	if err := onlyBucket(&f.bucket); err != nil {
		return err
	}
	if err := f.accept.check(); err != nil {
		return err
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	named, err := f.namedReaders()
	if err != nil {
		return err
	}
	client, err := f.connection.Client(ctx, 0)
	if err != nil {
		return err
	}
	c := &preflight.Checker{Options: options, Accepted: f.accept, NoTrials: f.noCanary}
	if err := f.check(ctx, client, c, named); err != nil {
		return err
	}
	console.WithHints(c.Findings)
	if f.output.json {
		err = writeJSON(p.stdout, console.NewCheckDocument(&c.Options, c.Findings))
	} else {
		again := func(open []job.OpenHazard) string { return p.settlingAgain(open, f.accept) }
		err = console.Checks(terminal.Folding(p.stdout), c.Findings, again)
	}
	if err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	if end := preflight.Conclude(c.Findings); end.Refused() {
		return &finding{exitRefused}
	}
	return nil
}

// ofJob has a job say what is not given: its report, its options, where its requests go,
// and the hazards that were accepted.
func (f *preflightFlags) ofJob(ctx context.Context, p process, cmd *cobra.Command) error {
	if f.job == "" || f.bucket != "" || f.manifest != "" {
		return nil
	}
	named := options.Given(cmd.Flags())
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: named, Name: f.job, Plan: made}, false)
	if err != nil {
		return err
	}
	told, err := job.CurrentOptions(ctx, store, made)
	if err != nil {
		return err
	}
	if err := options.Recall(cmd.Flags(), told); err != nil {
		return err
	}
	f.adopt(made)
	f.planned = made.Table
	_, err = f.Follow(ctx, met)
	return err
}

// options are those of the run that is asked about. Neither report nor key must be
// named: a preflight tells something without.
func (f *preflightFlags) options() (plan.Options, error) {
	s := f.selection
	if s.manifest == "" {
		s.manifest = "the bucket"
	}
	keyless := s.SSE == plan.TargetKMS && s.KeyID == ""
	if keyless {
		s.KeyID = "none"
	}
	o, err := s.options()
	if keyless {
		o.KMSKeyID = ""
	}
	o.Bucket = f.bucket
	return o, err
}

// namedReaders reads the ARNs that --readers lists.
func (f *preflightFlags) namedReaders() ([]string, error) {
	if f.readers == "" {
		return nil, nil
	}
	named, err := preflight.ReadReaders(f.readers)
	if errors.As(err, new(*preflight.ReadersError)) {
		return nil, usagef("--readers: %w", err)
	}
	return named, err
}

// check looks at bucket, report and readers.
func (f *preflightFlags) check(ctx context.Context, client *s3api.Client, c *preflight.Checker, named []string) (err error) {
	beside := preflight.Beside{Probing: f.probe != "", Readers: named, Planned: f.planned}
	if f.manifest != "" {
		beside.Report, err = openReport(ctx, client, &selection{Selection: f.Selection, manifest: f.manifest, noChecksum: f.noChecksum, memory: "512MiB"})
		if err != nil {
			return err
		}
		c.Options.Bucket = beside.Report.Report.Manifest().SourceBucket
	}
	if c.Client, c.Facts, c.Unknown, err = preflight.BucketFacts(ctx, client, c.Options.Bucket); err != nil {
		return &preflight.RefusedError{Err: err}
	}
	return c.LookWith(ctx, beside)
}
