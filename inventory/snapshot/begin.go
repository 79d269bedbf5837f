package snapshot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/partition"
	"reseal/s3api"
)

// Target says which report is begun, and where.
type Target struct {
	Client  *s3api.Client // of the source bucket
	Bucket  string        // the source
	At      inventory.Location
	Owner   string // account that must own the bucket of At, 12 digits; "" for the caller's
	KMSKey  string // to put the report under, in S3; "" for the bucket's default encryption
	ID      string // in the place of the inventory configuration's
	Created time.Time
	Format  inventory.Format // CSV or Parquet

	AllVersions bool // noncurrent versions and delete markers, too
	Look        bool // with the columns that only a look at each object fills
	Keys        bool // with the KMS key that a look shows, which S3 Inventory has no column for
	Owners      bool // with the owner of each object, as a listing names it
}

// ExistsError is a report that is there already: reports are named after the minute.
type ExistsError struct{ Manifest string }

func (e *ExistsError) Error() string {
	return e.Manifest + " is there already: reports are named after the minute; wait for the next, or name another --id"
}

// Begin starts a report, where none is yet. A local folder is made.
func Begin(ctx context.Context, t Target) (*inventory.Writer, error) {
	sink, src, err := t.place(ctx)
	if err != nil {
		return nil, err
	}
	o := inventory.WriterOptions{SourceBucket: t.Bucket, DestinationBucket: t.At.Bucket, Config: t.ID, Created: t.Created,
		DestinationARN: partition.OfRegion(t.Client.Region()).Bucket(t.At.Bucket), Format: t.Format, Columns: s3api.ListColumns(t.AllVersions)}
	if !t.At.Local() {
		o.Prefix = strings.TrimSuffix(t.At.Name, "/")
	}
	if t.Look {
		o.Columns |= s3api.LookColumns()
	}
	if t.Keys {
		o.Columns = o.Columns.With(inventory.ColKMSKey)
	}
	if t.Owners {
		o.Columns = o.Columns.With(inventory.ColOwner)
	}
	w, err := inventory.NewWriter(sink, o)
	if err != nil {
		return nil, err
	}
	taken, err := w.Existing(ctx, src)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look for reports at %s: %w", t.At, err)
	case taken != "":
		return nil, &ExistsError{t.At.Below(taken)}
	}
	return w, nil
}

// place is where the report goes, to write and to read.
func (t *Target) place(ctx context.Context) (inventory.Sink, inventory.Source, error) {
	if !t.At.Local() {
		return t.Client.ExpectingOr(ctx, t.Owner).Sink(t.At.Bucket, t.KMSKey), t.Client.Source(t.At.Bucket), nil
	}
	folder, err := inventory.NewFolder(t.At.Name)
	if err != nil {
		return nil, nil, fmt.Errorf("make folder: %w", err)
	}
	src, err := inventory.NewLocal(t.At.Name)
	if err != nil {
		return nil, nil, err
	}
	return folder, src, nil
}
