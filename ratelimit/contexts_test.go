package ratelimit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reseal/plan"
)

// Steps wait under contexts that many share and under ones of their own. Who
// waits under one that ends is told at once; the others are not, and nothing
// that ended is remembered.
func TestContextsThatEnd(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1}, RampUp: -1}, func(b *bubble) {
		for round := range 3 { // as many contexts again, after the first have ended
			const each = 20
			var failed, sent [maxContexts + 3]atomic.Int64
			var cancels []context.CancelFunc
			var waiting sync.WaitGroup
			for i := range failed {
				ctx, cancel := context.WithCancel(b.ctx)
				cancels = append(cancels, cancel)
				for n := range each {
					s := kmsStep(1)
					s.Retry = n%2 == 0
					waiting.Go(func() {
						switch err := b.do(ctx, s, 0, nil); {
						case err == nil:
							sent[i].Add(1)
						case errors.Is(err, context.Canceled) && ctx.Err() != nil:
							failed[i].Add(1)
						default:
							t.Errorf("context %d: %v", i, err)
						}
					})
				}
				waiting.Go(func() { // and one of its own
					own, stop := context.WithTimeout(ctx, time.Millisecond)
					defer stop()
					if err := b.do(own, kmsStep(1), 0, nil); err == nil {
						sent[i].Add(1)
					}
				})
				time.Sleep(2 * time.Millisecond)
			}
			for i, cancel := range cancels[:len(cancels)-1] {
				cancel()
				time.Sleep(time.Millisecond)
				if got := failed[i].Load() + sent[i].Load(); got < each {
					t.Errorf("round %d: %d of %d who waited under context %d know that it ended", round, got, each, i)
				}
				for j := i + 1; j < len(failed); j++ {
					if got := failed[j].Load(); got != 0 {
						t.Errorf("round %d: %d were told of the end of context %d, which goes on", round, got, j)
					}
				}
			}
			waiting.Wait() // the last one's go on, one a second
			if last := len(failed) - 1; sent[last].Load() < each {
				t.Errorf("round %d: %d of %d were sent under the context that did not end", round, sent[last].Load(), each)
			}
			cancels[len(cancels)-1]()
			time.Sleep(time.Millisecond)
			b.Governor.mu.Lock()
			known := len(b.contexts)
			b.Governor.mu.Unlock()
			if known != 0 {
				t.Errorf("round %d: %d contexts are remembered that have all ended", round, known)
			}
		}
		if u := b.usage(plan.QuotaKMS); u.Released == 0 {
			t.Error("nothing was released")
		}
	})
}
