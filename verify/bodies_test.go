package verify

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/jobtest"
	"reseal/inventory"
	"reseal/plan"
)

const bodyMD5 = "5d41402abc4b2a76b9719d911017c592"

// bodies reads the data of objects, which has an MD5, or cannot be read.
type bodies struct {
	md5   string
	err   error
	reads int
}

func (b *bodies) BodyMD5(context.Context, *plan.Task, *plan.Head, engine.Gate) (string, error) {
	b.reads++
	return b.md5, b.err
}

// The data of an object is read where that is asked for, and where the report has its
// MD5: data that differs is lost, data that cannot be read is no proof.
func TestBodiesAreCompared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		share float64
		etag  string // of the report
		head  func(*plan.Head)
		body  bodies
		want  Verdict
		proof plan.BodyProof
		reads int
	}{
		{"the same", 1, bodyMD5, nil, bodies{md5: bodyMD5}, Proven, plan.BodyProven, 1},
		{"other data", 1, bodyMD5, nil, bodies{md5: strings.Repeat("0", 32)}, LostAttribute, "", 1},
		{"refused", 1, bodyMD5, nil, bodies{err: &engine.ObjectError{Op: "GetObject", Class: engine.Denied, Err: errors.New("no")}}, CouldNotLook, "", 1},
		{"not asked for", 0, bodyMD5, nil, bodies{}, Proven, plan.BodyUnproven, 0},
		{"no MD5 in the report", 1, "before", nil, bodies{}, Proven, plan.BodyUnproven, 0},
		{"archived by a rule", 1, bodyMD5, func(h *plan.Head) { h.Archived = true }, bodies{}, Proven, plan.BodyUnproven, 0},
		{"archived by a rule, and restored", 1, bodyMD5, func(h *plan.Head) { h.Archived, h.Restored = true, true }, bodies{md5: bodyMD5}, Proven, plan.BodyProven, 1},
		{"written since under the key", 1, bodyMD5, func(h *plan.Head) { h.ETag = "newer" }, bodies{}, ChangedUnderKey, "", 0},
	} {
		b := newBucketOf(t, 1, func(int) oneKind {
			return oneKind{"copied", func(r *inventory.Record) one {
				r.ETag = tt.etag
				return one{state: Settled, result: doneAs(r, "after"), head: aHead(tt.head)}
			}}
		})
		cfg := b.config()
		cfg.Bodies, cfg.BodyReader = tt.share, &tt.body
		var tally Tally
		err := Run(t.Context(), cfg, &tally, func(f *Finding) error {
			if f.Verdict != tt.want || f.Body != tt.proof || (f.Verdict.Grade() != Fine) != (f.Why != "") {
				t.Errorf("%s: %s, %q (%s), want %s, %q", tt.name, f.Verdict, f.Body, f.Why, tt.want, tt.proof)
			}
			return nil
		})
		if err != nil || tt.body.reads != tt.reads || !tally.Whole {
			t.Errorf("%s: %v, read %d times, want %d; writes are whole: %t", tt.name, err, tt.body.reads, tt.reads, tally.Whole)
		}
	}
}

// Elsewhere than on AWS a write may leave something out.
func TestWritesAreWholeOnAWSOnly(t *testing.T) {
	t.Parallel()
	for _, aws := range []plan.Answer{plan.Yes, plan.No, plan.Unknown} {
		b := copied(t, 1)
		cfg := b.config()
		cfg.Policy.Facts.AWS = aws
		var tally Tally
		if err := Run(t.Context(), cfg, &tally, nil); err != nil || tally.Whole != (aws == plan.Yes) {
			t.Errorf("AWS %s: %v, whole %t", aws, err, tally.Whole)
		}
	}
}

// emptyReport has files without rows, and remembers which are read together.
type emptyReport struct {
	asked [][]inventory.Segment
	err   error
}

func (r *emptyReport) Read(_ context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	r.asked = append(r.asked, segments)
	return func(yield func(inventory.Batch, error) bool) {
		if r.err != nil {
			yield(inventory.Batch{}, r.err)
		}
	}
}

// Only so many rows are under way at once. The pieces of a file are read together. An
// error of the report ends it.
func TestFilesAreReadSomeAtATime(t *testing.T) {
	t.Parallel()
	const half = chunkRows / 2
	piece := func(file int, first, last int64) inventory.Segment {
		return inventory.Segment{File: file, First: first, Last: last}
	}
	var large, pieces, open []inventory.Segment
	for i := range 6 {
		large = append(large, piece(i, 0, half-1))
		pieces = append(pieces, piece(i/3, int64(i%3)*half, int64(i%3+1)*half-1))
		open = append(open, piece(i, 0, inventory.OpenEnd))
	}
	for _, tt := range []struct {
		name     string
		segments []inventory.Segment
		ended    int64 // rows of each, by the job; -1 for unknown
		want     []int // segments that are read together
	}{
		{"large files", large, -1, []int{2, 2, 2}},
		{"files in pieces", pieces, -1, []int{3, 3}},
		{"files of unknown length", open, -1, []int{4, 2}},
		{"files whose rows the job counted", open, half, []int{2, 2, 2}},
		{"files that are empty by the job", open, 0, []int{6}},
	} {
		journal, _, err := checkpoint.Open(t.Context(), jobtest.Locked(t), checkpoint.HashPlan([]byte("p")), tt.segments, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range tt.segments {
			if tt.ended >= 0 {
				err = errors.Join(err, journal.End(i, tt.ended, nil))
			}
		}
		if err := errors.Join(err, journal.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		r := new(emptyReport)
		cfg := Config{Report: r, Segments: tt.segments, Job: journal.Snapshot(), Policy: aPolicy(), Gate: freely{}, Sample: 1}
		if err := Run(t.Context(), cfg, new(Tally), nil); err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, together := range r.asked {
			got = append(got, len(together))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v are read together, want %v", tt.name, got, tt.want)
		}
		r.err = errors.New("no such file")
		if err := Run(t.Context(), cfg, new(Tally), nil); !errors.Is(err, r.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, r.err)
		}
	}
}
