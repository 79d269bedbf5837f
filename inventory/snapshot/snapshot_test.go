package snapshot

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/s3api"
)

// bucket is one whose objects are as the end of their keys says.
type bucket []string

var errLook = errors.New("no answer")

func (b bucket) List(_ context.Context, name string, _ s3api.ListOptions) iter.Seq2[[]inventory.Record, error] {
	return func(yield func([]inventory.Record, error) bool) {
		for _, key := range b {
			if !yield([]inventory.Record{{Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey), Bucket: name, Key: key}}, nil) {
				return
			}
		}
	}
}

func (bucket) Look(_ context.Context, r *inventory.Record, _ s3api.ListOptions) (bool, error) {
	switch filepath.Ext(r.Key) {
	case ".gone":
		return false, s3api.ErrGone
	case ".unreached":
		return false, s3api.ErrUnreached
	case ".unseen":
		return false, nil
	case ".broken":
		return false, errLook
	}
	return true, nil
}

// An object that is gone when it is looked at is no row; one that cannot be looked at
// is, and so is one that only the listing shows. Where a look fails for good there is no report.
func TestTake(t *testing.T) {
	all := bucket{"a", "b.gone", "c.unseen", "d", "e.unreached"}
	for _, tt := range []struct {
		name string
		from bucket
		look bool
		want Result
		err  error
	}{
		{"listed alone", all, false, Result{Rows: 5}, nil},
		{"looked at", all, true, Result{Rows: 4, Gone: 1, Unseen: 1, Unreached: 1}, nil},
		{"a look fails", append(all, "e.broken"), true, Result{}, errLook},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			folder, err := inventory.NewFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			w, err := inventory.NewWriter(folder, inventory.WriterOptions{SourceBucket: "b", Created: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			var told int64
			got, err := Take(t.Context(), Config{Client: tt.from, Bucket: "b", Look: tt.look, Workers: 2, Writer: w, Progress: func(rows int64) { told = rows }})
			if manifest := got.Manifest; (manifest == "") != (tt.err != nil) {
				t.Errorf("the manifest is %q", manifest)
			}
			got.Manifest = ""
			if got != tt.want || !errors.Is(err, tt.err) || tt.err == nil && told != got.Rows {
				t.Errorf("Take = %+v, %v, last told %d rows; want %+v, %v", got, err, told, tt.want, tt.err)
			}
			src, err := inventory.NewLocal(dir)
			if err != nil {
				t.Fatal(err)
			}
			if taken, err := w.Existing(t.Context(), src); err != nil || (taken != "") != (tt.err == nil) {
				t.Errorf("Existing = %q, %v", taken, err)
			}
		})
	}
}
