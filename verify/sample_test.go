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
