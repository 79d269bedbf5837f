package s3api

import (
	"context"
	"iter"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// runOf has the engine do one large object, through a gate.
func runOf(t *testing.T, admit context.Context, s *simulation, n *notes, g engine.Gate) []engine.Result {
	t.Helper()
	p := &plan.Policy{Options: anOptions(), Facts: facts(t, s.aws, bucket), Weights: plan.DefaultWeights(true)}
	rows := func(yield func(inventory.Batch, error) bool) {
		rec := inventory.Record{Bucket: bucket, Key: "film", Size: -1, Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey)}
		yield(inventory.Batch{Records: []inventory.Record{rec}}, nil)
	}
	l := new(bookkeeper)
	cfg := engine.Config{Rewriter: rewriter(t, s.aws, RewriteConfig{Options: p.Options, Facts: p.Facts, Notes: n, PartConcurrency: 1}),
		Gate: g, Journal: l, Sink: l, Policy: p, Workers: 1, Drain: time.Minute}
	if err := engine.Run(admit, t.Context(), cfg, iter.Seq2[inventory.Batch, error](rows)); err != nil && admit.Err() == nil {
		t.Fatalf("Run: %v", err)
	}
	return l.results
}

// A completion whose answer got lost is this job's own work: it is recognised by a
// look, and nothing is copied twice.
func TestLostCompletionIsARepeat(t *testing.T) {
	hermetic(t)
	for _, denied := range []bool{false, true} { // sent again it meets no upload, or is denied
		s := simulateQuietly(t, simulator.Config{})
		seedLarge(t, s, "film")
		n := &notes{m: map[inventory.Position][]byte{}}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.AddFault(simulator.Fault{Op: "CompleteMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1})
			if denied {
				w.AddFault(simulator.Fault{Op: "CompleteMultipartUpload", Code: "AccessDenied", HTTPStatus: 403, Nth: 2})
			}
			return nil
		})
		results := runOf(t, t.Context(), s, n, &gate{})
		if len(results) != 1 || results[0].Outcome != engine.Done || !results[0].Repeat || results[0].Err != nil {
			t.Errorf("results %+v, want one object done, a repeat", results)
		}
		if got := s.calls(); got["CreateMultipartUpload"] != 1 || got["UploadPartCopy"] != 7 {
			t.Errorf("calls = %v, want one upload of 7 parts", got)
		}
		if is := s.now(t, "film"); is.Encryption.Type != simulator.SSEKMS || s.uploads(t) != 0 || len(n.m) != 0 {
			t.Errorf("under %s, %d uploads, %d notes", is.Encryption.Type, s.uploads(t), len(n.m))
		}
	}
}

// Whenever a run is stopped, an upload is completed or noted: what was copied is
// not thrown away, and the next run goes on with it.
func TestDrainAbandonsNoCompletion(t *testing.T) {
	hermetic(t)
	for _, tt := range []struct {
		name string
		at   plan.StepKind
		nth  int
		done bool
	}{
		{"among the parts", plan.StepPart, 5, false},
		{"at the last part", plan.StepPart, 7, false},
		{"at the look before the completion", plan.StepHead, 2, false},
		{"at the completion", plan.StepComplete, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			seedLarge(t, s, "film")
			n := &notes{m: map[inventory.Position][]byte{}}
			admit, stop := context.WithCancel(t.Context())
			g := &hookGate{kind: tt.at, hook: func(n int) {
				if n == tt.nth {
					stop()
				}
			}}
			results := runOf(t, admit, s, n, g)
			under := s.now(t, "film").Encryption.Type == simulator.SSEKMS
			switch {
			case under != tt.done || tt.done != (len(results) == 1 && results[0].Outcome == engine.Done):
				t.Errorf("under the key: %v, %d results; want %v", under, len(results), tt.done)
			case tt.done && (s.uploads(t) != 0 || len(n.m) != 0), !tt.done && (s.uploads(t) != 1 || len(n.m) != 1):
				t.Errorf("%d uploads and %d notes left", s.uploads(t), len(n.m))
			}
			s.calls()
			results = runOf(t, t.Context(), s, n, &gate{})
			if got := s.calls(); got["CreateMultipartUpload"] != 0 || got["CompleteMultipartUpload"] > 1 {
				t.Errorf("calls of the next run: %v; want it to go on with the upload", got)
			}
			if s.now(t, "film").Encryption.Type != simulator.SSEKMS || len(results) != 1 || s.uploads(t) != 0 || len(n.m) != 0 {
				t.Errorf("after the next run: %+v, %d uploads, %d notes", results, s.uploads(t), len(n.m))
			}
		})
	}
}
