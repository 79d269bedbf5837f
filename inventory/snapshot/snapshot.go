// Package snapshot turns a bucket as it is now into an inventory report.
package snapshot

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"reseal/inventory"
	"reseal/s3api"
)

// Bucket lists objects and looks at them, as *s3api.Client does.
type Bucket interface {
	List(ctx context.Context, bucket string, o s3api.ListOptions) iter.Seq2[[]inventory.Record, error]
	Look(ctx context.Context, r *inventory.Record, o s3api.ListOptions) (seen bool, err error)
}

var _ Bucket = (*s3api.Client)(nil)

// Config is what a snapshot is taken with.
type Config struct {
	Client   Bucket
	Bucket   string            // its name
	List     s3api.ListOptions // for the listing; its Gate is passed by looks, too
	Look     bool              // at each object, for the columns that a listing does not have
	Workers  int               // looks at a time, at least 1
	Writer   *inventory.Writer
	Progress func(rows int64) // called after each piece of the listing, by one goroutine

	// Keep tells, of a record that was listed and looked at, whether it belongs into the
	// report. It is called by one goroutine; nil keeps all.
	Keep func(*inventory.Record) bool
}

// Result is what was written.
type Result struct {
	Manifest string // name of it, as inventory.Writer has it
	Rows     int64
	Gone     int64 // listed, deleted before they were looked at, and not listed any more

	// In the report without what only a look tells:
	Unseen    int64 // could not be looked at
	Unreached int64 // listed, and a look met nothing or another object
}

// Take lists a bucket and writes the report. The report is a list of what was there at
// some time while it was made, not of one moment. After an error there is no report.
func Take(ctx context.Context, c Config) (Result, error) {
	t := &taking{Config: c}
	defer c.Writer.Abort()
	if err := t.list(ctx); err != nil {
		return Result{}, err
	}
	manifest, err := c.Writer.Close(ctx)
	if err != nil {
		return Result{}, err
	}
	return Result{Manifest: manifest, Rows: c.Writer.Rows(), Gone: t.gone.Load(), Unseen: t.unseen.Load(), Unreached: t.unreached.Load()}, nil
}

// taking is a snapshot being taken.
type taking struct {
	Config
	gone, unseen, unreached atomic.Int64
}

// list lists, looks and writes.
func (t *taking) list(ctx context.Context) error {
	for records, err := range t.Client.List(ctx, t.Bucket, t.List) {
		if err == nil && t.Look {
			records, err = t.look(ctx, records)
		}
		if err != nil {
			return err
		}
		for i := range records {
			if t.Keep != nil && !t.Keep(&records[i]) {
				continue
			}
			if err := t.Writer.Write(ctx, &records[i]); err != nil {
				return err
			}
		}
		t.Progress(t.Writer.Rows())
	}
	return context.Cause(ctx)
}

// look asks for what a listing does not tell. Objects that are gone are left out.
func (t *taking) look(ctx context.Context, records []inventory.Record) ([]inventory.Record, error) {
	there := make([]bool, len(records))
	g, looking := errgroup.WithContext(ctx)
	g.SetLimit(t.Workers)
	for i := range records {
		if looking.Err() != nil {
			break
		}
		g.Go(func() error {
			seen, err := t.Client.Look(looking, &records[i], t.List)
			switch {
			case errors.Is(err, s3api.ErrGone):
				t.gone.Add(1)
				return nil
			case errors.Is(err, s3api.ErrUnreached): // a row that is missing is an object that nobody re-encrypts
				t.unreached.Add(1)
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
