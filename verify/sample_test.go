package verify

import (
	"context"
	"testing"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// rememberedBucket has a snapshot of each second object.
type rememberedBucket struct{ *bucketOf }

func (b rememberedBucket) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	head, err := b.Inspect(ctx, t, g)
	if err != nil {
		return nil, err
	}
	return &plan.Snapshot{Head: *head}, nil
}

// TestSampleAmongSnapshots: a sample is drawn from all objects that need a look. Those
// that are looked at for their snapshot alone are among them, and not in the sample.
// That nothing proves their data is counted of all of them.
func TestSampleAmongSnapshots(t *testing.T) {
	t.Parallel()
	const n = 200
	b := rememberedBucket{newBucketOf(t, n, func(i int) oneKind {
		return oneKind{"copied", func(r *inventory.Record) one {
			res := doneAs(r, "after")
			if i%2 == 0 {
				res.Before = &plan.Snapshot{Head: *sseS3("before")}
			}
			return one{state: Settled, result: res, head: aHead(nil), want: Proven}
		}}
	})}
	cfg := b.config()
	cfg.Snapshotter, cfg.Sample = b, 0.3
	var tally Tally
	drawn := int64(0)
	if err := Run(t.Context(), cfg, &tally, func(f *Finding) error {
		if want := plan.Sampled(f.Task.Record.Pos, cfg.Sample, cfg.Seed); want != f.Sampled {
			t.Errorf("%s: in the sample %t, want %t", f.Task.Record.Key, f.Sampled, want)
		}
		if f.Sampled {
			drawn++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if tally.Bodies[plan.BodyProven] != 0 || tally.Bodies[plan.BodyUnproven] != tally.Looked {
		t.Errorf("%v of %d objects looked at, want the data of none to be proven", tally.Bodies, tally.Looked)
	}
	if tally.Compared != n/2 || tally.Looked <= tally.Sampled || tally.Sampled != drawn || tally.DrawnFrom() != n {
		t.Errorf("%d compared, %d looked at, %d of %d in the sample; want %d compared and %d of %d", tally.Compared, tally.Looked, tally.Sampled, tally.DrawnFrom(), n/2, drawn, n)
	}
}

// TestLeftByAnEarlierGeneration: what a generation failed at, or did not come to, is looked
// at where a later one may have done it, whatever the sample is, for which it does not count.
func TestLeftByAnEarlierGeneration(t *testing.T) {
	t.Parallel()
	const n = 60
	kinds := []oneKind{
		{"failed, and done since", func(r *inventory.Record) one {
			return one{state: Failed, result: endedAs(r, engine.Failed, plan.Denied, "broken"), head: aHead(nil), want: ChangedUnderKey}
		}},
		{"failed, and as it was", func(r *inventory.Record) one {
			return one{state: Failed, result: endedAs(r, engine.Failed, plan.Denied, "broken"), head: sseS3("before"), want: NotDone}
		}},
		{"not reached, and gone since", func(r *inventory.Record) one {
			return one{err: lookFailure(r, engine.Gone, ""), want: Gone}
		}},
	}
	b := newBucketOf(t, n, func(i int) oneKind { return kinds[i%len(kinds)] })
	cfg := b.config()
	cfg.Sample, cfg.Superseded = 1e-9, true
	var tally Tally
	if err := Run(t.Context(), cfg, &tally, func(f *Finding) error {
		if want := plan.Sampled(f.Task.Record.Pos, cfg.Sample, cfg.Seed); want != f.Sampled {
			t.Errorf("%s: in the sample %t, want %t", f.Task.Record.Key, f.Sampled, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if v := tally.Verdicts; v[ChangedUnderKey] != n/3 || v[NotDone] != n/3 || v[Gone] != n/3 || tally.Looked != n || tally.Unsampled != 0 {
		t.Errorf("%v, %d looked at and %d not in the sample, want %d of each and all looked at", v, tally.Looked, tally.Unsampled, n/3)
	}
	if tally.NotDone[plan.Denied] != n/3 || tally.Grade() != Open {
		t.Errorf("%v by reason, %s", tally.NotDone, tally.Grade())
	}
}
