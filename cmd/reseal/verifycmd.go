package main

import (
	"context"

	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/s3api"
	"reseal/verify"
)

// verifyFlags is the command line of verify.
type verifyFlags struct {
	connection
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
--bodies 1% reads the data of a sample and compares it with the MD5 that the ETag
of an object written as a whole under SSE-S3 was.`

func newVerifyCommand(p process) *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify DIR",
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
	fs.Var((*rate)(&f.kmsRPS), "kms-rps", "cap on the KMS requests that reading data makes S3 send (default: half of the Region's default quota)")
	f.accept.bind(cmd)
	fs.StringArrayVar(&f.allow, "allow", nil, "let rows with this `VERDICT` be no reason for an exit other than 0: not-done, changed-since-NOT-under-key, never-under-key, lost-attribute, could-not-look or not-compared (repeatable)")
	fs.Float64Var(&f.readRPS, "s3-rps", 5500, "S3 read requests a second to start from")
	remembers(cmd)
	return cmd
}

// verification is what was found, as it is printed.
type verification struct {
	Job    string `json:"job"`
	Bucket string `json:"bucket"`
	Key    string `json:"kms_key_id,omitempty"`
	AWSKey string `json:"aws_managed_key,omitempty"` // that of aws/s3, where objects are under other keys and it could be asked for
	Sample string `json:"sample"`

	KMS looksKMS `json:"kms"` // requests that the looks were paced for
	verify.Tally
	Bound       *float64         `json:"wrong_share_at_most,omitempty"` // of the objects, at 95 % confidence, where a sample was looked at
	Allowed     []verify.Verdict `json:"allowed,omitempty"`
	Losses      []plan.Attribute `json:"accepted,omitempty"` // whose loss is accepted
	NeverBegan  bool             `json:"never_began,omitempty"`
	Differences []difference     `json:"differences"` // the first ones

	endpoint string // that is not AWS's own, "" for AWS
}

// difference is one row whose verdict nobody should sign without a look.
type difference struct {
	Key       string         `json:"key"`
	VersionID string         `json:"version_id,omitempty"`
	Verdict   verify.Verdict `json:"verdict"`
	Reason    plan.Reason    `json:"reason,omitempty"`
	Why       string         `json:"why"`

	Lost []plan.Difference `json:"lost,omitempty"` // with the values, where a snapshot has them
}

// shownDifferences bounds the list that is printed; the counts are complete.
const shownDifferences = 1000

func (f *verifyFlags) verify(ctx context.Context, p process) error {
	share, err := parsePercent(f.sample)
	if err != nil || share <= 0 {
		return usagef("--sample %q: want a share above 0%%, such as 1%%", f.sample)
	}
	if f.concurrency < 1 || !(f.readRPS > 0) || f.kmsRPS < 0 {
		return usagef("--concurrency, --s3-rps and --kms-rps must be above 0")
	}
	if f.outage <= 0 {
		return usagef("--max-outage %s: want a time above 0", f.outage)
	}
	bodies, err := parsePercent(f.bodies)
	if err != nil {
		return usagef("--bodies: %w", err)
	}
	if err := f.accept.check(); err != nil {
		return err
	}
	if err := f.checkAllowed(); err != nil {
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
	if err := recalled(f.flags, told.Only(verifyRecalls)); err != nil {
		return err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return err
	}
	v, err := f.look(ctx, p, made, snapshot, share, bodies)
	if err != nil {
		return err
	}
	v.NeverBegan = !job.Begun(snapshot)
	v.remember(ctx, store, snapshot.Totals().Written, f.output.talk(p))
	if f.output.json {
		err = writeJSON(p.stdout, v)
	} else {
		err = v.text(p.stdout)
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
	return v.ending()
}

// ending is the exit that the verdicts give.
func (v *verification) ending() error {
	switch grade := v.Grade(v.Allowed...); {
	case grade == verify.Wrong, v.provesNothing():
		return &finding{exitDifferent}
	case grade == verify.Open, v.NeverBegan:
		return &finding{exitFailures}
	}
	return nil
}

// provesNothing tells whether the sample took none of the objects that would have
// to be looked at: those with a snapshot are looked at in any case.
func (v *verification) provesNothing() bool { return v.Unsampled > 0 && v.Sampled == 0 }

// look goes through the report once more and looks at the objects.
func (f *verifyFlags) look(ctx context.Context, p process, job *job.Plan, snapshot *checkpoint.Snapshot, share, bodies float64) (*verification, error) {
	conn := f.connection
	if note, err := conn.follow(ctx, job); err != nil {
		return nil, err
	} else if note != "" {
		fmt.Fprintf(f.output.talk(p), "note: %s\n", note)
	}
	sel := selection{manifest: job.Manifest, keepInventory: f.keep, memory: "512MiB", noChecksum: true} // the MD5 is checked below
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
	rep := found.Report
	if md5 := rep.Manifest().MD5; md5 != job.ManifestMD5 {
		return nil, &checkpoint.MismatchError{Job: f.job, Differences: []checkpoint.Difference{{Name: "manifest MD5", Have: job.ManifestMD5, Want: md5}}}
	}
	client, facts, _, err := bucketFacts(ctx, client, job.Options.Bucket)
	if err != nil {
		return nil, err
	}
	facts.ForeignKey = client.ForeignKey(job.Options.KMSKeyID)
	policy := &plan.Policy{Options: job.Options, Facts: facts, Now: job.Now, Weights: plan.DefaultWeights(job.Options.BucketKey),
		AnyBucketKey: f.accept.has(plan.BucketKey.Hazard())}
	hidden, err := preflight.HiddenFrom(ctx, client, policy, rep, job.CanaryRecords())
	if err != nil {
		return nil, err
	}
	if hidden != "" {
		fmt.Fprintf(f.output.talk(p), "note: %s\n", hidden)
	}
	reading := job.Options
	reading.Method = plan.MethodCopy // nothing is written: an endpoint need not be proven to be looked at
	rewriter, err := client.Rewriter(s3api.RewriteConfig{Options: reading, Facts: facts})
	if err != nil {
		return nil, err
	}
	v := &verification{Job: f.job, Bucket: job.Options.Bucket, Key: job.Options.KMSKeyID, Sample: f.sample, Allowed: f.allowed(), Losses: f.accept.losses()}
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: f.kmsCap(facts.Region)}, Expected: ratelimit.Limits{Reads: f.readRPS}, MaxSlots: f.concurrency})
	defer startPacer(ctx, governor)()
	err = verify.Run(ctx, verify.Config{
		Report: rep, Segments: job.Segments, Rows: job.CountOrUnknown(job.Rows), Job: snapshot, Policy: policy, Accepted: f.accept.losses(), HiddenLocks: hidden != "",
		Rewriter: rewriter, Snapshotter: rewriter, BodyReader: rewriter, Gate: governor, Workers: f.concurrency,
		Sample: share, Seed: f.seed, Bodies: bodies,
		Alive: func(ctx context.Context) error { return client.Alive(ctx, job.Options.Bucket) }, Patience: f.outage,
		Noted: func(err error) { fmt.Fprintf(f.output.talk(p), "note: %v; what these lines said is not known\n", err) },
	}, &v.Tally, func(found *verify.Finding) error {
		v.note(found)
		return nil
	})
	if err != nil {
		return nil, err
	}
	used := governor.Status().KMS
	v.KMS = looksKMS{Released: used.Released, Fullest: used.FullestSecond}
	for key := range v.OtherKeys {
		if v.AWSKey == "" && !plan.SameKey(key, v.Key) {
			k, err := client.Key(ctx, s3api.ManagedKeyAlias) // where it cannot be asked for, keys are named by their ARN only
			if v.AWSKey = k.ARN; err != nil {
				break
			}
		}
	}
	if facts.AWS != plan.Yes {
		v.endpoint = client.Endpoint().URL
	}
	if v.Sampled > 0 && !v.Exact() {
		bound := verify.UpperBound(v.Wrong, v.Sampled)
		v.Bound = &bound
	}
	return v, nil
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
	for _, v := range f.allowed() {
		if !slices.Contains(verify.Allowable(), v) {
			var names []string
			for _, a := range verify.Allowable() {
				names = append(names, string(a))
			}
			return usagef("--allow %q: want %s", v, strings.Join(names, ", "))
		}
	}
	return nil
}

// kmsCap is the cap on KMS requests while data is read.
func (f *verifyFlags) kmsCap(region string) float64 {
	if f.kmsRPS > 0 {
		return f.kmsRPS
	}
	return cost.KMSQuota(region) / 2
}
