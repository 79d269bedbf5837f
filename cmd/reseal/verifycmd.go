package main

import (
	"context"

	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
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
	output      output
}

const verifyLong = `verify proves a job's result: it looks at every object that the job claims to
have re-encrypted, or at a sample, and compares encryption, key, bucket key,
size and storage class with what the job was to leave behind. Objects that other
clients wrote after the run are told apart. It writes nothing.`

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
	f.output.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job")
	fs.StringVar(&f.manifest, "manifest", "", "where the report is now, if not where the job found it")
	fs.StringVar(&f.keep, "keep-inventory", "", "`folder` that the report's data files were kept in")
	fs.StringVar(&f.sample, "sample", "100%", "share of the objects to look at")
	fs.Uint64Var(&f.seed, "seed", 1, "which objects a sample takes")
	fs.IntVar(&f.concurrency, "concurrency", 256, "HeadObjects in flight at most")
	fs.Float64Var(&f.readRPS, "s3-rps", 5500, "S3 read requests a second to start from")
	return cmd
}

// verification is the sum of what was found.
type verification struct {
	Job         string                 `json:"job"`
	Bucket      string                 `json:"bucket"`
	Sample      string                 `json:"sample"`
	Looked      int64                  `json:"objects_looked_at"`
	Verdicts    map[plan.Verdict]int64 `json:"verdicts"`
	Differences []difference           `json:"differences"` // the first ones
	NotDone     int64                  `json:"not_done"`    // objects that the job does not claim: failed or not reached
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
	if f.concurrency < 1 || !(f.readRPS > 0) {
		return usagef("--concurrency and --s3-rps must be above 0")
	}
	store, job, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return err
	}
	v, err := f.look(ctx, p, job, snapshot, share)
	if err != nil {
		return err
	}
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
	return nil
}

// look goes through the report once more and looks at the objects.
func (f *verifyFlags) look(ctx context.Context, p process, job *jobPlan, snapshot *checkpoint.Snapshot, share float64) (*verification, error) {
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
	rewriter, err := client.Rewriter(s3api.RewriteConfig{Options: job.Options, Facts: facts})
	if err != nil {
		return nil, err
	}
	claimed, err := newClaims(ctx, snapshot, job.Segments)
	if err != nil {
		return nil, err
	}
	v := &verification{Job: f.job, Bucket: job.Options.Bucket, Sample: f.sample, Verdicts: map[plan.Verdict]int64{}}
	governor := ratelimit.New(ratelimit.Config{Expected: ratelimit.Limits{Reads: f.readRPS}, MaxSlots: f.concurrency})
	running, halt := context.WithCancel(ctx)
	var pacer sync.WaitGroup
	pacer.Go(func() { governor.Run(running) })
	defer func() {
		halt()
		pacer.Wait()
	}()
	stats := new(engine.Stats)
	err = engine.Verify(ctx, engine.VerifyConfig{
		Rewriter: rewriter, Gate: governor, Policy: policy, Workers: f.concurrency, Sample: share, Seed: f.seed,
		Written:  snapshot.Totals().Written.Add(time.Second), // the clocks of S3 and of this machine agree to about that
		Expected: claimed.done, Stats: stats,
	}, rep.Read(ctx, job.Segments), func(c engine.Check) error {
		v.add(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.NotDone = max(job.Todo-v.claimable(share), 0)
	return v, nil
}

// add counts one check.
func (v *verification) add(c engine.Check) {
	v.Looked++
	v.Verdicts[c.Verdict]++
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
	if v.NotDone > 0 {
		fmt.Fprintf(w, "not done\t%s that the job does not claim: failed, gone, or not reached yet\n", report.Count(v.NotDone))
	}
	return w.Flush()
}

// claims tells which rows a job claims to have dealt with.
type claims struct{ *resume }

func newClaims(ctx context.Context, s *checkpoint.Snapshot, segments []inventory.Segment) (*claims, error) {
	indexes := make([]int, len(segments))
	for i := range indexes {
		indexes[i] = i
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
