package selfcheck

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reseal/plan"
	"reseal/s3api"
)

// timed is how many requests of a kind a latency is measured with.
const timed = 20

// figureItems are what later plans can take in, in place of assumptions.
func figureItems() []Item {
	out := []Item{
		{
			Number: "Q20", Title: "Latency of CopyObject", Docs: "100 to 200 ms for small objects.", Source: "S3 User Guide, optimizing-performance (read 2026-11-21)",
			Effect: "requests in flight, and the time in a plan", demand: writes(timed + 1), ask: copyLatency,
		},
		{
			Number: "Q21", Title: "Latency of HeadObject", Docs: "100 to 200 ms for small objects.", Source: "S3 User Guide, optimizing-performance (read 2026-11-21)",
			Effect: "requests in flight, and the time in a plan", demand: reads(timed).Add(writes(1)), ask: headLatency,
		},
		{
			Number: "Q22", Title: "How fast S3 copies inside itself", Docs: "Not stated.", Source: noPage,
			Effect: "the time in a plan; --copy-rate", demand: writes(2), ask: copyRate,
		},
	}
	for i, way := range kmsWays() {
		out = append(out, Item{
			Number: fmt.Sprintf("Q%d", 30+i), Title: "KMS requests of " + way.title, Docs: way.docs, Source: kmsUse, Effect: way.effect,
			ask: func(ctx context.Context, r *run) Finding { return r.kms(ctx, way.name) },
		})
	}
	return out
}

func copyLatency(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "copy-latency")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := s3api.ScratchCopy{Name: name, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true}
	return latency("copy", func() s3api.Reply { return r.scratch.Copy(ctx, c).Reply })
}

func headLatency(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "head-latency")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	return latency("head", func() s3api.Reply {
		_, reply := r.scratch.Head(ctx, name, "")
		return reply
	})
}

// latency sends a request many times, one after the other.
func latency(of string, send func() s3api.Reply) Finding {
	var took []time.Duration
	for range timed {
		reply := send()
		if reply.Err != nil {
			return unable("the request", &reply)
		}
		took = append(took, reply.Took)
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	p50, most := ms(took[len(took)/2]), ms(took[len(took)-1])
	f := answer(fmt.Sprintf("half of %d within %.1f ms, all within %.1f ms, one at a time", timed, p50, most))
	f.Figures = map[string]float64{of + "_p50_ms": p50, of + "_max_ms": most}
	return f
}

func copyRate(ctx context.Context, r *run) Finding {
	if r.Large <= 0 {
		return skipped("--large 0")
	}
	name := r.name("large")
	w := r.scratch.Put(ctx, s3api.ScratchObject{Name: name, Data: body(r.Large), Plain: true})
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true})
	if c.Err != nil {
		return unable("CopyObject", &c.Reply)
	}
	rate := float64(r.Large) / max(c.Took.Seconds(), 1e-3)
	f := answer(fmt.Sprintf("%d MiB in %s, latency included: %.0f MB/s", r.Large>>20, c.Took.Round(time.Millisecond), rate/1e6))
	f.Figures = map[string]float64{"copy_bytes_per_s": rate}
	return f
}
