package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
)

// connection says where the store is and who asks.
type connection struct{ connect.Settings }

func (c *connection) bind(cmd *cobra.Command) {
	c.asks(cmd)
	f := cmd.Flags()
	f.StringVar(&c.Endpoint, "endpoint-url", "", "S3 and KMS endpoint, where it is not AWS's own")
	f.StringVar(&c.Region, "region", "", "Region of the bucket (default: from environment and profile)")
	f.StringVar(&c.Profile, "profile", "", "profile of the AWS configuration")
	pathVar(f, &c.CABundle, "ca-bundle", "PEM `FILE` of certificate authorities to trust instead of the system's")
	f.StringVar(&c.Owner, "expected-bucket-owner", "", "`account` that must own the bucket (default: the caller's)")
	f.BoolVar(&c.AllowHTTP, "allow-http", false, "allow plain HTTP to an endpoint that is not on this machine")
	f.BoolVar(&c.SDKClient, "sdk-client", false, "send every request by the AWS SDK's own client: the same requests, for several times the CPU time")
}

// asks says which command asks.
func (c *connection) asks(cmd *cobra.Command) {
	c.Product, c.Waits = "reseal/"+programVersion(), waitsOf{cmd.ErrOrStderr}
}

// bindJob adds what is said of the bucket that a job is kept in.
func (c *connection) bindJob(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.JobOwner, "job-bucket-owner", "", "`account` that must own the bucket of a --job in S3 (default: the caller's)")
}

// waitsOf says what a command waits for.
type waitsOf struct{ stderr func() io.Writer }

var _ connect.Waits = waitsOf{}

// StateUnreachable implements connect.Waits.
func (w waitsOf) StateUnreachable(why error) {
	fmt.Fprintf(w.stderr(), "note: the state of the job cannot be reached: %s;\nit is asked again, for ten minutes at most\n", explain.Words(why))
}

// Held implements connect.Waits.
func (w waitsOf) Held(name string, h checkpoint.Holder, until time.Time) {
	fmt.Fprint(w.stderr(), terminal.Wrapped("", fmt.Sprintf("note: %s is held: %s. Waiting for its next sign of life until %s; if there is none, this command takes over.",
		name, plain.Text(h.String()), report.Time(until))))
}

// selection is what is to be done to which objects, and where the report is and how it
// is read.
type selection struct {
	options.Selection
	manifest      string
	noChecksum    bool
	keepInventory string
	memory        string
	offline       bool

	beside int           // runs in this process, which share its memory; 0 and 1 are this one alone
	bound  *plan.Options // of the job that is resumed, in place of the flags; nil for none
}

func (s *selection) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	s.Selection.Bind(f)
	pathVar(f, &s.manifest, "manifest", "the inventory report: s3://bucket/…/manifest.json, s3://bucket/prefix/ for the newest, a local `path`, a list of bucket,key lines, or an Iceberg table such as s3tables://aws-s3/b_BUCKET/inventory")
	f.BoolVar(&s.noChecksum, "no-manifest-checksum", false, "go on although manifest.checksum is missing or does not match")
	pathVar(f, &s.keepInventory, "keep-inventory", "keep the report's data files in this `folder`, as they may expire between two nights")
	f.StringVar(&s.memory, "memory", "512MiB", "use at most about this much memory; it sets how many report files are open at once")
	f.BoolVar(&s.offline, "offline", false, "send nothing but the requests that read the report")
}

// adopt takes what a job is bound to in place of what the flags say.
func (s *selection) adopt(made *job.Plan) {
	if s.manifest == "" {
		s.manifest = made.Manifest
	}
	s.noChecksum = true // the MD5 is compared with the job's
	s.Columns, s.OnlyBucket = made.Columns, ""
	if made.Options.OnlyBucket {
		s.OnlyBucket = made.Options.Bucket
	}
	s.bound, s.BucketKey = &made.Options, made.Options.BucketKey
}

// decides tells whether a job is bound to an option.
func decides(option string) bool { return options.Decides(option) }

// options turns the flags into the options that a job is bound to. The bucket
// is the report's, the key id has yet to be resolved.
func (s *selection) options() (plan.Options, error) {
	if s.bound != nil {
		return *s.bound, nil
	}
	return s.Selection.Read(s.manifest)
}

// versionChoices are which versions of objects there are to be chosen.
func versionChoices() []string { return options.Versions() }

// defaultConcurrency is for 3,000 requests a second that take 200 ms each, and
// half as many again as latencies vary. Unneeded ones cost nothing.
const defaultConcurrency = 1024

// pace is how fast a run may go, and what it proves on its way.
type pace struct {
	options.Rates
	concurrency int
	updateKMS   int
	noCanary    bool
	snapshot    string
	snapshots   remembering // as rates read it
	keyWeight   float64
}

// remembering is how many objects are read as a whole before they are re-encrypted: a
// number in all, or a share of 0 to 1.
type remembering struct {
	objects int
	share   float64
}

func (p *pace) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	p.Rates.Bind(f)
	f.IntVar(&p.concurrency, "concurrency", defaultConcurrency, "work on at most this many objects at once; fewer where the rate needs fewer")
	f.Float64Var(&p.keyWeight, "bucket-key-weight", 1, "how much of what an S3 Bucket Key can spare the pace still counts on: 1 counts every object as a KMS request, 0 none")
	f.BoolVar(&p.noCanary, "no-canary", false, "do not prove some objects of each kind before the rest is begun")
	f.StringVar(&p.snapshot, "snapshot", "1000", "remember this many objects as a whole (metadata, tags, ACL, hash of the data), for verify to compare: a number, or a share such as 1%; 0 for none")
	f.IntVar(&p.updateKMS, "update-kms-weight", 0, "KMS requests that S3 makes for one update, where that was measured (default: 1 to 2, as AWS does not state it)")
}

// rates are what was asked for about the pace, with everything else about it checked.
func (p *pace) rates() (out preflight.Rates, err error) {
	if p.snapshots.objects, p.snapshots.share, err = options.Remembered(p.snapshot); err != nil {
		return out, usagef("--snapshot %w", err)
	}
	switch {
	case !(p.keyWeight >= 0 && p.keyWeight <= 1):
		return out, usagef("--bucket-key-weight %v: want 0 to 1", p.keyWeight)
	case p.updateKMS < 0 || p.updateKMS > 100:
		return out, usagef("--update-kms-weight %d: want 1 to 100, or 0 for 1 to 2", p.updateKMS)
	case p.concurrency < 1 || p.concurrency > 100_000:
		return out, usagef("--concurrency %d: want 1 to 100000", p.concurrency)
	}
	return p.Rates.Read()
}

// limits end a run before the report's end. All of them leave a job that goes
// on where it stopped.
type limits struct {
	objects      int64
	failuresText string
	failures     migrate.FailureLimit
	outage       time.Duration
	duration     time.Duration
	attempts     int
	maxCostText  string
}

func (l *limits) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Int64Var(&l.objects, "limit", 0, "stop after this many objects")
	f.StringVar(&l.failuresText, "max-failures", "", "stop after this many failed objects, or at a share such as 1% of those tried (at least 200 tried)")
	f.DurationVar(&l.outage, "max-outage", time.Hour, "wait at most this long for an endpoint that is gone or for credentials that have expired, then stop")
	f.DurationVar(&l.duration, "max-duration", 0, "stop after this time, e.g. 7h30m")
	f.IntVar(&l.attempts, "attempts", 12, "send one request at most so often before its object fails; a throttled one (503, 429) ten times as often, which takes about half an hour")
	f.StringVar(&l.maxCostText, "max-cost", "", "stop before the requests may have cost more than this, in US dollars; shares of a job divide it")
}

// accepts is the list of hazards that the user takes on by name.
type accepts []string

func (a *accepts) bind(cmd *cobra.Command) {
	cli.NamesVar(cmd.Flags(), (*[]string)(a), "accept", "accept a hazard by `NAME` (repeatable, or several with commas)")
}

func (a accepts) has(name string) bool { return slices.Contains(a, name) }

// check refuses names that no hazard has: a typo would be an acceptance of nothing.
func (a accepts) check() error {
	names := preflight.HazardNames()
	for _, name := range a {
		if !slices.Contains(names, name) {
			return usagef("--accept %q: no such hazard; there are %s%s", name, strings.Join(names, ", "), cli.Meant(name, names, ""))
		}
	}
	return nil
}

// losses are the attributes whose loss was accepted with a hazard.
func (a accepts) losses() []plan.Attribute {
	return slices.DeleteFunc(plan.Losses(), func(l plan.Attribute) bool { return !a.has(l.Hazard()) })
}
