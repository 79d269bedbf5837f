package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"reseal/engine"
	"reseal/inventory"
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
  reseal inventory snapshot --bucket media --out s3://reports/now --format Parquet --head

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
		Args:  noArgs,
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
	switch {
	case f.bucket == "":
		return usagef("--bucket is needed: the bucket to list")
	case f.out == "":
		return usagef("--out is needed: a local folder or s3://bucket/prefix for the report")
	case !strings.EqualFold(f.format, string(inventory.CSV)) && !strings.EqualFold(f.format, string(inventory.Parquet)):
		return usagef("--format %q: want CSV or Parquet", f.format)
	case f.versions != "current" && f.versions != "all":
		return usagef("--versions %q: want current or all", f.versions)
	case f.workers < 1 || f.workers > 10_000:
		return usagef("--concurrency %d: want 1 to 10000", f.workers)
	case !(f.readRPS > 0):
		return usagef("--read-rps %v: want a rate above 0", f.readRPS)
	case !validID(f.id):
		return usagef("--id %q: want 1 to 64 letters, digits, dots, dashes or underscores", f.id)
	}
	return nil
}

// validID tells whether S3 would take s as the id of an inventory configuration
// (Amazon S3 API Reference, PutBucketInventoryConfiguration, read 2026-11-21).
func validID(s string) bool {
	odd := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r)
	})
	return s != "" && len(s) <= 64 && odd < 0 && s != "." && s != ".."
}

// snapshotResult is what was written.
type snapshotResult struct {
	Manifest string `json:"manifest"`
	Bucket   string `json:"bucket"`
	Rows     int64  `json:"rows"`
	Gone     int64  `json:"gone"`   // listed, and deleted before they were looked at
	Unseen   int64  `json:"unseen"` // could not be looked at; in the report without what only that tells
	Took     string `json:"took"`
}

func (f *snapshotFlags) snapshot(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.client(ctx, f.workers)
	if err != nil {
		return err
	}
	if client, err = client.ForBucket(ctx, f.bucket); err != nil {
		return &refusedError{err}
	}
	begun := time.Now()
	t := &taking{snapshotFlags: f, client: client, talk: f.output.talk(p), terminal: isTerminal(p.stderr), last: begun}
	if t.writer, t.at, err = f.begin(ctx, client, begun); err != nil {
		return err
	}
	defer t.writer.Abort()
	if err := t.list(ctx); err != nil {
		return err
	}
	manifest, err := t.writer.Close(ctx)
	if err != nil {
		return err
	}
	r := snapshotResult{Manifest: below(t.at, manifest), Bucket: f.bucket, Rows: t.writer.Rows(), Gone: t.gone.Load(), Unseen: t.unseen.Load(),
		Took: time.Since(begun).Round(time.Millisecond).String()}
	return r.print(p, f)
}

func (r *snapshotResult) print(p process, f *snapshotFlags) error {
	talk := f.output.talk(p)
	fmt.Fprintf(talk, "%s of %s in %s.\n", report.Plural(r.Rows, "row"), r.Bucket, r.Took)
	if r.Unseen > 0 {
		fmt.Fprintf(talk, "note: %s could not be looked at; plan and run will try again.\n", report.Plural(r.Unseen, "object"))
	}
	if !f.head {
		fmt.Fprintln(talk, "note: a listing does not say how objects are encrypted: plan counts them all, and run looks at each; --head finds out now")
	}
	if f.output.json {
		e := json.NewEncoder(p.stdout)
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
	var sink inventory.Sink
	var src inventory.Source
	prefix := ""
	if at.Local() {
		folder, err := inventory.NewFolder(at.Name)
		if err != nil {
			return nil, at, fmt.Errorf("make folder: %w", err)
		}
		sink = folder
		if src, err = inventory.NewLocal(at.Name); err != nil {
			return nil, at, err
		}
	} else {
		sink, src, prefix = client.ExpectingOr(ctx, f.outOwner).Sink(at.Bucket, f.kmsKey), client.Source(at.Bucket), strings.TrimSuffix(at.Name, "/")
	}
	o := inventory.WriterOptions{SourceBucket: f.bucket, DestinationBucket: at.Bucket, Prefix: prefix, Config: f.id, Created: now,
		Format: inventory.CSV, Columns: s3api.ListColumns(f.versions == "all")}
	if strings.EqualFold(f.format, string(inventory.Parquet)) {
		o.Format = inventory.Parquet
	}
	if f.head {
		o.Columns |= s3api.LookColumns()
	}
	// Reports are called after the minute. Not every server honours the
	// condition that the sink sends, so look before hours of work.
	base := path.Join(prefix, f.bucket, f.id)
	stamp := now.UTC().Format("2006-01-02T15-04Z")
	for _, taken := range []string{base + "/" + stamp + "/", base + "/data/" + stamp} {
		there, err := src.List(ctx, taken)
		if err != nil {
			return nil, at, fmt.Errorf("look for reports at %s: %w", below(at, filepath.ToSlash(base)), err)
		}
		if len(there) > 0 {
			return nil, at, &refusedError{fmt.Errorf("%s is there already: reports are named after the minute; wait for the next, or name another --id", below(at, there[0].Name))}
		}
	}
	w, err := inventory.NewWriter(sink, o)
	return w, at, err
}

// taking is a snapshot being made.
type taking struct {
	*snapshotFlags
	client   *s3api.Client
	writer   *inventory.Writer
	at       inventory.Location
	talk     io.Writer
	terminal bool
	last     time.Time // of a word on progress
	gone     atomic.Int64
	unseen   atomic.Int64
}

// list lists, looks and writes, at the pace that the governor allows.
func (t *taking) list(ctx context.Context) error {
	governor := ratelimit.New(ratelimit.Config{Expected: ratelimit.Limits{Reads: t.readRPS}, MaxSlots: t.workers})
	defer startPacer(ctx, governor)()
	o := s3api.ListOptions{Prefix: t.prefix, Versions: t.versions == "all", Workers: max(1, t.workers/4), Gate: engine.Patient(governor, 12),
		RequesterPays: t.payer}
	for records, err := range t.client.List(ctx, t.bucket, o) {
		if err == nil && t.head {
			records, err = t.look(ctx, records, o)
		}
		if err != nil {
			return err
		}
		for i := range records {
			if err := t.writer.Write(ctx, &records[i]); err != nil {
				return err
			}
		}
		t.progress()
	}
	return context.Cause(ctx)
}

// look asks for what a listing does not tell. Objects that are gone are left out.
func (t *taking) look(ctx context.Context, records []inventory.Record, o s3api.ListOptions) ([]inventory.Record, error) {
	there := make([]bool, len(records))
	g, looking := errgroup.WithContext(ctx)
	g.SetLimit(t.workers)
	for i := range records {
		if looking.Err() != nil {
			break
		}
		g.Go(func() error {
			seen, err := t.client.Look(looking, &records[i], o)
			switch {
			case errors.Is(err, s3api.ErrGone):
				t.gone.Add(1)
				return nil
			case err != nil:
				return err
			case !seen:
				t.unseen.Add(1)
			}
			there[i] = true
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	kept := records[:0]
	for i := range records {
		if there[i] {
			kept = append(kept, records[i])
		}
	}
	return kept, context.Cause(ctx)
}

// progress says how far it is, now and then.
func (t *taking) progress() {
	every, end := 30*time.Second, "\n"
	if t.terminal {
		every, end = time.Second, "\r"
	}
	if now := time.Now(); now.Sub(t.last) >= every {
		t.last = now
		fmt.Fprintf(t.talk, "%s rows%s", report.Count(t.writer.Rows()), end)
	}
}
