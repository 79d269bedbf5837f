package main

import (
	"context"

	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
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
	output      output
}

const verifyLong = `verify proves a job's result: it looks at every object that the job claims to
have re-encrypted, or at a sample, and compares encryption, key, bucket key,
size and storage class with what the job was to leave behind. Objects that other
clients wrote after the run are told apart. It writes nothing to the bucket, and
into the job only a note of what it found, for the report.

Where the run took snapshots (run --snapshot 1%), all that they hold is compared
with what is there now: metadata, tags, ACL, lock, and the data. Elsewhere
--bodies 1% reads the data of a sample and compares it with the MD5 that the ETag
of an object written as a whole under SSE-S3 was. What neither can prove is
counted as body-unproven.`

func newVerifyCommand(p process) *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify --job DIR",
		Short: "Look at the objects again and prove the result",
		Long:  verifyLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.verify(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.output.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job")
	fs.StringVar(&f.manifest, "manifest", "", "where the report is now, if not where the job found it")
	fs.StringVar(&f.keep, "keep-inventory", "", "`folder` that the report's data files were kept in")
	fs.StringVar(&f.sample, "sample", "100%", "share of the objects to look at")
	fs.Uint64Var(&f.seed, "seed", 1, "which objects a sample takes")
	fs.IntVar(&f.concurrency, "concurrency", 256, "HeadObjects in flight at most")
	fs.DurationVar(&f.outage, "max-outage", time.Hour, "stop after waiting this long for an endpoint that is gone, or for credentials that have expired")
	fs.StringVar(&f.bodies, "bodies", "0%", "share of the objects whose data is read and compared")
	fs.Float64Var(&f.kmsRPS, "kms-rps", 0, "cap on the KMS requests that reading data makes S3 send (default: half of the Region's default quota)")
	f.accept.bind(cmd)
	fs.Float64Var(&f.readRPS, "s3-rps", 5500, "S3 read requests a second to start from")
	return cmd
}

// verification is the sum of what was found.
type verification struct {
	Job         string                   `json:"job"`
	Bucket      string                   `json:"bucket"`
	Sample      string                   `json:"sample"`
	Looked      int64                    `json:"objects_looked_at"`
	Verdicts    map[plan.Verdict]int64   `json:"verdicts"`
	Bodies      map[plan.BodyProof]int64 `json:"bodies,omitempty"` // of the objects whose data was to be proven
	Snapshots   int64                    `json:"snapshots_compared"`
	Differences []difference             `json:"differences"`            // the first ones
	NotDone     int64                    `json:"not_done"`               // objects that the job does not claim: failed or not reached
	Unread      []string                 `json:"unread_files,omitempty"` // of the report: what the job did in the rest of them was not looked at
}

// difference is one object that is not as the job was to leave it.
type difference struct {
	Key       string       `json:"key"`
	VersionID string       `json:"version_id,omitempty"`
	Verdict   plan.Verdict `json:"verdict"`
	Why       string       `json:"why"`
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
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, job, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return err
	}
	v, err := f.look(ctx, p, job, snapshot, share, bodies)
	if err != nil {
		return err
	}
	v.remember(ctx, store, snapshot.Totals().Written, f.output.talk(p))
	if f.output.json {
		err = writeJSON(p.stdout, v)
	} else {
		err = v.text(p.stdout)
	}
	if err != nil {
		return fmt.Errorf("print verification: %w", err)
	}
	for verdict, n := range v.Verdicts {
		if n > 0 && verdict.Difference() {
			return &finding{exitDifferent}
		}
	}
	if len(v.Unread) > 0 {
		for _, u := range v.Unread {
			fmt.Fprintf(p.stderr, "reseal: not verified: %s\n", u)
		}
		fmt.Fprintln(p.stderr, "hint: the rest was; the same command tries these files again, --keep-inventory reads them where the run kept them")
		return &finding{exitFailures}
	}
	return nil
}

// look goes through the report once more and looks at the objects.
func (f *verifyFlags) look(ctx context.Context, p process, job *jobPlan, snapshot *checkpoint.Snapshot, share, bodies float64) (*verification, error) {
	conn := f.connection
	if conn.endpoint == "" {
		conn.endpoint = job.Endpoint
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
	rep := found.report
	if md5 := rep.Manifest().MD5; md5 != job.ManifestMD5 {
		return nil, &checkpoint.MismatchError{Job: f.job, Differences: []checkpoint.Difference{{Name: "manifest MD5", Have: job.ManifestMD5, Want: md5}}}
	}
	client, facts, _, err := bucketFacts(ctx, client, job.Options.Bucket)
	if err != nil {
		return nil, err
	}
	policy := &plan.Policy{Options: job.Options, Facts: facts, Now: job.Now, Weights: plan.DefaultWeights(job.Options.BucketKey)}
	if why, err := hiddenFrom(ctx, client, policy, rep, job); err != nil {
		return nil, err
	} else if why != "" {
		fmt.Fprintf(f.output.talk(p), "note: %s\n", why)
	}
	reading := job.Options
	reading.Method = plan.MethodCopy // nothing is written: an endpoint need not be proven to be looked at
	rewriter, err := client.Rewriter(s3api.RewriteConfig{Options: reading, Facts: facts})
	if err != nil {
		return nil, err
	}
	claimed, err := newClaims(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	known, err := readEvidence(ctx, snapshot, policy)
	if err != nil {
		return nil, err
	}
	v := &verification{Job: f.job, Bucket: job.Options.Bucket, Sample: f.sample, Verdicts: map[plan.Verdict]int64{}, Bodies: map[plan.BodyProof]int64{}}
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: f.kmsCap(facts.Region)}, Expected: ratelimit.Limits{Reads: f.readRPS}, MaxSlots: f.concurrency})
	defer startPacer(ctx, governor)()
	stats, written := new(engine.Stats), snapshot.Totals().Written.Add(time.Second) // the clocks of S3 and of this machine agree to about that
	err = engine.Verify(ctx, engine.VerifyConfig{
		Rewriter: rewriter, Gate: governor, Policy: policy, Workers: f.concurrency, Sample: share, Seed: f.seed,
		Written: written, Expected: claimed.done, Stats: stats,
		Alive: func(ctx context.Context) error { return client.Alive(ctx, job.Options.Bucket) }, Patience: f.outage,
		Bodies: bodies, BodyReader: rewriter, Restate: known.restate, Unread: func(err error) { v.Unread = append(v.Unread, err.Error()) },
	}, rep.Read(ctx, job.Segments), func(c engine.Check) error {
		if c.Verdict == plan.ClassDiffers && f.accept.has(plan.Class.Hazard()) {
			c.Verdict, c.Why = plan.Proven, ""
		}
		v.add(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.NotDone = max(job.Todo-v.claimable(share), 0)
	err = engine.Prove(ctx, engine.ProveConfig{
		Snapshotter: rewriter, Gate: governor, Policy: policy, Written: written, Accepted: f.accept.losses(),
	}, known.claims(ctx), func(p engine.Proof) error {
		v.prove(p.Check)
		return nil
	})
	return v, err
}

// kmsCap is the cap on KMS requests while data is read.
func (f *verifyFlags) kmsCap(region string) float64 {
	if f.kmsRPS > 0 {
		return f.kmsRPS
	}
	return cost.KMSQuota(region) / 2
}

// add counts one check.
func (v *verification) add(c engine.Check) {
	v.Looked++
	v.Verdicts[c.Verdict]++
	v.note(c)
}

// prove counts one comparison with a snapshot. That it found nothing is no
// verdict of its own: the object was looked at before.
func (v *verification) prove(c engine.Check) {
	v.Snapshots++
	if c.Verdict != plan.Proven {
		v.Verdicts[c.Verdict]++
	}
	v.note(c)
}

// note keeps what else there is to say about a check.
func (v *verification) note(c engine.Check) {
	if c.Body != "" {
		v.Bodies[c.Body]++
	}
	if c.Verdict.Difference() && len(v.Differences) < shownDifferences {
		v.Differences = append(v.Differences, difference{c.Task.Record.Key, c.Task.Record.VersionID, c.Verdict, c.Why})
	}
}

// claimable is the number of objects that the job claims, where all were looked at.
func (v *verification) claimable(share float64) int64 {
	if share < 1 {
		return 1 << 62
	}
	return v.Looked
}

// text prints the verification for people.
func (v *verification) text(out io.Writer) error {
	for _, d := range v.Differences {
		fmt.Fprintf(out, "%-16s %q  %s\n", d.Verdict, d.Key, d.Why)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Looked at\t%s of bucket %s (sample %s)\n", report.Plural(v.Looked, "object"), v.Bucket, v.Sample)
	for _, verdict := range slices.Sorted(maps.Keys(v.Verdicts)) {
		fmt.Fprintf(w, "%s\t%s\n", verdict, report.Count(v.Verdicts[verdict]))
	}
	if v.Snapshots > 0 {
		fmt.Fprintf(w, "snapshots\t%s compared with what was there before\n", report.Plural(v.Snapshots, "object"))
	}
	for _, proof := range slices.Sorted(maps.Keys(v.Bodies)) {
		fmt.Fprintf(w, "%s\t%s\n", proof, report.Count(v.Bodies[proof]))
	}
	if v.NotDone > 0 {
		fmt.Fprintf(w, "not done\t%s that the job does not claim: failed, gone, or not reached yet\n", report.Count(v.NotDone))
	}
	if len(v.Unread) > 0 {
		fmt.Fprintf(w, "not read\t%s of the report: what the job did in there was not looked at\n", report.Plural(int64(len(v.Unread)), "file"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if advice := v.advice(); advice != "" {
		_, err := fmt.Fprintf(out, "\n%s\n", advice)
		return err
	}
	return nil
}

// claims tells which rows a job claims to have dealt with.
type claims struct{ *resume }

// newClaims reads the segments that something is recorded of; of the others
// nothing is claimed.
func newClaims(ctx context.Context, s *checkpoint.Snapshot) (*claims, error) {
	var segments []inventory.Segment
	var indexes []int
	for _, seg := range s.Segments() {
		segments, indexes = append(segments, seg.Segment), append(indexes, seg.Index)
	}
	r, err := newResume(ctx, s, segments, indexes)
	if err != nil {
		return nil, err
	}
	return &claims{r}, nil
}

// done tells whether the job says that the row needed nothing more and did not fail.
func (c *claims) done(p inventory.Position) bool {
	rows := c.of(p)
	return rows != nil && rows.Settled(p.Row) && !rows.Failed(p.Row)
}
