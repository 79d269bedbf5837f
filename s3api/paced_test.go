package s3api

import (
	"context"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
	"reseal/verify"
)

// payingGate sends one request at a time, and holds what the simulator has KMS asked
// for it against the demand of the step.
type payingGate struct {
	t   *testing.T
	sim *simulation
	kms int64 // that KMS was asked, in all
}

func (g *payingGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	before := g.asked()
	err := send(ctx)
	n := g.asked() - before
	g.kms += n
	if n > s.Demand.KMS.Max {
		g.t.Errorf("%s of %q: KMS was asked %d times, and the step was paced for %d", s.Kind, s.Key, n, s.Demand.KMS.Max)
	}
	return err
}

func (g *payingGate) asked() (n int64) {
	g.sim.Locked(func(w *simulator.World) { n = w.Counters().KMS.Total })
	return n
}

// pacedRows are a report's rows of objects in all states of encryption that a look
// may have KMS asked about. The last ones are of an old report.
func pacedRows(t *testing.T, sim *simulation) (rows pacedReport) {
	t.Helper()
	now := map[string]simulator.EncryptionHeaders{
		"one":     {Algorithm: "aws:kms", KMSKeyID: keyARN},
		"layers":  {Algorithm: "aws:kms:dsse", KMSKeyID: keyARN},
		"unknown": {Algorithm: "aws:kms", KMSKeyID: keyARN},
		"plain":   {},
	}
	said := map[string]inventory.Encryption{"one": inventory.SSEKMS, "layers": inventory.DSSEKMS, "plain": inventory.SSES3}
	for _, key := range []string{"one", "layers", "unknown", "plain"} {
		var out simulator.WriteOutput
		sim.world(t, func(w *simulator.World, at time.Time, r simulator.Request) error {
			in := &simulator.PutObjectInput{Request: r, Key: key, Body: simulator.Bytes([]byte("data"))}
			in.Encryption, in.Tags = now[key], []simulator.Tag{{Key: "team", Value: "data"}}
			o, err := w.PutObject(at, in)
			if err == nil {
				out = *o
			}
			return failed(err)
		})
		rec := aRecord(key)
		rec.Pos.Row, rec.ETag, rec.Size, rec.LastModified = int64(len(rows)), out.ETag, out.Size, out.LastModified
		rec.StorageClass, rec.Encryption = inventory.Standard, said[key]
		if rec.Encryption == inventory.EncryptionUnknown {
			rec.Known = rec.Known.Without(inventory.ColumnsOf(inventory.ColEncryption))
		}
		rows = append(rows, rec)
	}
	return rows
}

// pacedReport is a report of one file.
type pacedReport []inventory.Record

// Read implements verify.Report.
func (r pacedReport) Read(context.Context, []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		yield(inventory.Batch{Records: r, End: true, Rows: int64(len(r))}, nil)
	}
}

// Every request waits at the gate for all that the endpoint asks KMS for its sake,
// whatever the report says of the object, and also where the object is left alone.
func TestEveryKMSRequestIsPacedFor(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	f := facts(t, sim.client, bucket)
	for _, o := range []plan.Options{anOptions(), func() plan.Options { o := anOptions(); o.Rekey = true; return o }(),
		func() plan.Options { o := anOptions(); o.Tags = []string{"team=data"}; return o }()} {
		o.BucketKey = false
		r := rewriter(t, sim.client, RewriteConfig{Options: o, Facts: f})
		p := &plan.Policy{Options: o, Facts: f, Now: time.Now(), Weights: plan.DefaultWeights(false)}
		rows := pacedRows(t, sim)
		g := &payingGate{t: t, sim: sim}

		job, segments := emptyJob(t, int64(len(rows)))
		err := verify.Run(t.Context(), verify.Config{Report: rows, Segments: segments, Rows: int64(len(rows)), Job: job, Policy: p,
			Rewriter: r, Snapshotter: r, Gate: g, Workers: 1, Sample: 1}, new(verify.Tally), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			task := p.Decide(&rows[i])
			head, err := r.Inspect(t.Context(), &task, g)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Snapshot(t.Context(), &task, g); err != nil {
				t.Fatal(err)
			}
			if _, err := r.BodyMD5(t.Context(), &task, head, g); err != nil {
				t.Fatal(err)
			}
			if task = p.DecideHead(task, head); task.Action == plan.Skip {
				continue
			}
			if _, err := r.Rewrite(t.Context(), &task, g); err != nil {
				t.Fatal(err)
			}
			task = p.ByNow(p.Decide(&rows[i])) // as a run does that was cut off
			if _, err := r.Inspect(t.Context(), &task, g); err != nil {
				t.Fatal(err)
			}
		}
		if g.kms == 0 {
			t.Error("KMS was never asked")
		}
	}
}

// emptyJob is a job that has done nothing yet.
func emptyJob(t *testing.T, rows int64) (*checkpoint.Snapshot, []inventory.Segment) {
	t.Helper()
	segments := []inventory.Segment{{Last: rows - 1}}
	dir, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
	if err != nil {
		t.Fatal(err)
	}
	held := lock(t, dir)
	defer func() { _ = held.Release() }()
	journal, _, err := checkpoint.Open(t.Context(), dir, checkpoint.HashPlan([]byte("p")), segments, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return journal.Snapshot(), segments
}
