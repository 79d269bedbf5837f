package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/engine"
	"reseal/internal/cli"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/inventory/snapshot"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

// snapshotFlags is the command line of inventory snapshot.
type snapshotFlags struct {
	connection
	bucket   string
	out      string
	outOwner string
	prefix   string
	format   string
	versions string
	id       string
	kmsKey   string
	head     bool
	workers  int
	readRPS  float64
	payer    bool
	output   output
}

const snapshotLong = `snapshot lists a bucket now and writes the list as an S3 Inventory report: for
stores without inventory, for buckets whose first report is two days away, and
for what came after the report that a run went by.

  reseal inventory snapshot --bucket media --out ./inventory
  reseal inventory snapshot --bucket media --out s3://reports/now \
                            --format Parquet --head

A listing does not know how objects are encrypted. With --head a HeadObject for
each object finds out; without, plan and run look at each object.

It prints where the manifest is, for --manifest. The report is a list of what was
there at some time while it was made, not of one moment.`

func newSnapshotCommand(p process) *cobra.Command {
	f := &snapshotFlags{}
	cmd := &cobra.Command{
		Use:   "snapshot --bucket NAME --out LOCATION",
		Short: "List a bucket now, and write the list as an inventory report",
		Long:  snapshotLong,
		Args:  cli.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.snapshot(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket to list")
	fs.StringVar(&f.out, "out", "", "where the report goes: a local folder or s3://bucket/prefix")
	fs.StringVar(&f.outOwner, "out-bucket-owner", "", "`account` that must own the bucket of an --out in S3 (default: the caller's)")
	fs.StringVar(&f.prefix, "prefix", "", "only keys with this prefix")
	fs.StringVar(&f.format, "format", string(inventory.CSV), "CSV or Parquet")
	fs.StringVar(&f.versions, "versions", "current", "current, or all: noncurrent versions and delete markers, too")
	fs.StringVar(&f.id, "id", "snapshot", "`name` in the place of the inventory configuration's")
	fs.StringVar(&f.kmsKey, "sse-kms-key-id", "", "key to put the report under, in S3 (default: as the bucket's default encryption says)")
	fs.BoolVar(&f.head, "head", false, "ask for the encryption, lock and tier of each object with a HeadObject")
	fs.IntVar(&f.workers, "concurrency", 64, "HeadObject requests in flight at most, a quarter as many listings")
	fs.Float64Var(&f.readRPS, "read-rps", 5500, "S3 read requests a second to start from")
	fs.BoolVar(&f.payer, "requester-pays", false, "accept to pay for the requests, where the bucket wants that")
	fs.BoolVar(&f.output.json, "json", false, "print the result as one JSON document on stdout")
	fs.BoolVarP(&f.output.quiet, "quiet", "q", false, "print nothing but results and errors")
	return cmd
}

func (f *snapshotFlags) check() error {
	if err := onlyBucket(&f.bucket); err != nil {
		return err
	}
	if err := errors.Join(cli.ChooseFold("--format", f.format, string(inventory.CSV), string(inventory.Parquet)), cli.Choose("--versions", f.versions, versionChoices()...)); err != nil {
		return err
	}
	switch {
	case f.bucket == "":
		return usagef("--bucket is needed: the bucket to list")
	case f.out == "":
		return usagef("--out is needed: a local folder or s3://bucket/prefix for the report")
	case f.workers < 1 || f.workers > 10_000:
		return usagef("--concurrency %d: want 1 to 10000", f.workers)
	case !(f.readRPS > 0):
		return usagef("--read-rps %v: want a rate above 0", f.readRPS)
	case !inventory.ValidID(f.id):
		return usagef("--id %q: want 1 to 64 letters, digits, dots, dashes or underscores", f.id)
	}
	return nil
}

// snapshotResult is what was written.
type snapshotResult struct {
	Manifest string `json:"manifest"`
	Bucket   string `json:"bucket"`
	Rows     int64  `json:"rows"`
	Gone     int64  `json:"gone"` // listed, deleted before they were looked at, and not listed any more
	Took     string `json:"took"`

	// In the report without what only a look tells:
	Unseen    int64 `json:"unseen"`    // could not be looked at
	Unreached int64 `json:"unreached"` // listed, and a look met nothing or another object
}

func (f *snapshotFlags) snapshot(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.Client(ctx, f.workers)
	if err != nil {
		return err
	}
	if client, err = client.ForBucket(ctx, f.bucket); err != nil {
		return &preflight.UntouchedError{Err: &preflight.RefusedError{Err: err}}
	}
	begun := time.Now()
	writer, at, err := f.begin(ctx, client, begun)
	if err != nil {
		return err
	}
	governor := ratelimit.New(ratelimit.Config{Expected: ratelimit.Limits{Reads: f.readRPS}, MaxSlots: f.workers})
	defer governor.Start(ctx)()
	took, err := snapshot.Take(ctx, snapshot.Config{
		Client: client, Bucket: f.bucket, Look: f.head, Workers: f.workers, Writer: writer, Progress: f.progress(p, begun),
		List: s3api.ListOptions{Prefix: f.prefix, Versions: f.versions == "all", Workers: max(1, f.workers/4), Gate: engine.Patient(governor, 12),
			RequesterPays: f.payer},
	})
	if err != nil {
		return err
	}
	r := snapshotResult{Manifest: at.Below(took.Manifest), Bucket: f.bucket, Rows: took.Rows, Gone: took.Gone, Unseen: took.Unseen, Unreached: took.Unreached,
		Took: time.Since(begun).Round(time.Millisecond).String()}
	return r.print(p, f)
}

func (r *snapshotResult) print(p process, f *snapshotFlags) error {
	messages := f.output.messages(p)
	fmt.Fprintf(messages, "%s of %s in %s.\n", report.Plural(r.Rows, "row"), r.Bucket, r.Took)
	if r.Unseen > 0 {
		fmt.Fprintf(messages, "note: %s could not be looked at; plan and run will try again.\n", report.Plural(r.Unseen, "object"))
	}
	if r.Unreached > 0 {
		fmt.Fprint(messages, terminal.Wrapped("", fmt.Sprintf("note: %s that a listing shows, requests do not meet by the key. The rows are in the report, without encryption, lock and tier; run says of each what it meets.", report.Plural(r.Unreached, "object"))))
	}
	if !f.head {
		fmt.Fprintln(messages, "note: a listing does not say how objects are encrypted: plan counts them all, and run looks at each; --head finds out now")
	}
	if f.output.json {
		e := json.NewEncoder(plain.JSONWriter{Out: p.stdout})
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := fmt.Fprintln(p.stdout, r.Manifest)
	return err
}

// begin starts the report, where none is yet.
func (f *snapshotFlags) begin(ctx context.Context, client *s3api.Client, now time.Time) (*inventory.Writer, inventory.Location, error) {
	at, err := inventory.ParseLocation(f.out)
	if err != nil {
		return nil, at, usagef("--out: %w", err)
	}
	t := snapshot.Target{Client: client, Bucket: f.bucket, At: at, Owner: f.outOwner, KMSKey: f.kmsKey, ID: f.id, Created: now,
		Format: inventory.CSV, AllVersions: f.versions == "all", Look: f.head}
	if strings.EqualFold(f.format, string(inventory.Parquet)) {
		t.Format = inventory.Parquet
	}
	w, err := snapshot.Begin(ctx, t)
	if errors.As(err, new(*snapshot.ExistsError)) {
		err = &preflight.RefusedError{Err: err}
	}
	if err != nil {
		err = &preflight.UntouchedError{Err: err}
	}
	return w, at, err
}

// progress says how far it is, now and then.
func (f *snapshotFlags) progress(p process, last time.Time) func(rows int64) {
	show := p.nowAndThen(f.output.messages(p), last)
	return func(rows int64) { show(func() string { return report.Count(rows) + " rows" }) }
}
