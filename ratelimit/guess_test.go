package ratelimit

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"reseal/plan"
)

// listing hands out keys in the order of a report, as a run does: those of a
// prefix that is throttled are put off until it has no queue.
type listing struct {
	*Governor
	mu     sync.Mutex
	next   func() (key string, ok bool)
	parked []string
}

// take returns the next key; "" where there is none for now.
func (l *listing) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, key := range l.parked {
		if l.Ready(key) {
			l.parked = append(l.parked[:i], l.parked[i+1:]...)
			return key
		}
		if i > 20 { // they are nearly all of one prefix
			break
		}
	}
	for range 1000 {
		key, ok := l.next()
		if !ok {
			return ""
		}
		if l.Ready(key) {
			return key
		}
		l.parked = append(l.parked, key)
	}
	return ""
}

// inOrder has n workers carry out the steps of a listing.
func (b *bubble) inOrder(n int, latency time.Duration, l *listing, call func(plan.Step) error) {
	l.Governor = b.Governor
	for range n {
		b.workers.Go(func() {
			for b.ctx.Err() == nil {
				key := l.take()
				if key == "" {
					time.Sleep(20 * ms)
					continue
				}
				s := writeStep(key)
				s.Demand.KMS = plan.Exactly(1)
				for b.do(b.ctx, s, latency, call) != nil && b.ctx.Err() == nil {
					s.Retry = true
					time.Sleep(100 * ms)
				}
			}
		})
	}
}

// folders lists so many keys of each of ten folders, one after the other.
func folders(each int) func() (string, bool) {
	n := -1
	return func() (string, bool) {
		if n++; n >= 10*each {
			return "", false
		}
		return fmt.Sprintf("p%d/%08d", n/each, n), true
	}
}

// The report lists a slow prefix first, and nothing else for a long time: it is
// put off, and the others are not held up. So is another one later.
func TestThrottledPrefixInOrder(t *testing.T) {
	for _, tt := range []struct {
		granted int
		slow    []int
	}{{5, []int{0}}, {200, []int{0}}, {35, []int{0, 5}}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
				call, servers := perPrefix(b.start, func(i int) int {
					if slices.Contains(tt.slow, i) {
						return tt.granted
					}
					return 3500
				})
				const each = 3000
				b.inOrder(300, 50*ms, &listing{next: folders(each)}, call)
				time.Sleep(45 * time.Second) // 30 s at the cap for all of them
				for i, s := range servers {
					all, throttled := s.calls(0, time.Minute)
					if done := all - throttled; !slices.Contains(tt.slow, i) && done != each {
						t.Errorf("folder %d: %d of %d done behind a throttled one", i, done, each)
					} else if i == 0 && done < min(each, tt.granted*30) {
						t.Errorf("the throttled folder: %d done of %d a second granted", done, tt.granted)
					}
				}
			})
		})
	}
}

// A bucket that is throttled as a whole, listed in order: what is first taken for
// a folder's is found to be the bucket's, and the rate is found.
func TestThrottledBucketInOrder(t *testing.T) {
	for _, granted := range []int{20, 400} {
		t.Run(fmt.Sprint(granted), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: 3000}, RampUp: -1}, func(b *bubble) {
				s := &quotaServer{quota: plan.QuotaWrites, start: b.start, sliding: true, grants: func(time.Duration) int { return granted }}
				b.inOrder(300, 50*ms, &listing{next: folders(10 * granted)}, s.call)
				time.Sleep(70 * time.Second)
				const from, to = 15 * time.Second, 70 * time.Second
				all, throttled := s.calls(from, to)
				if used := float64(all-throttled) / (to - from).Seconds() / float64(granted); used < 0.85 {
					t.Errorf("%.1f %% of what is granted was used", 100*used)
				}
				if throttled*20 > all {
					t.Errorf("%d of %d calls throttled, want less than 5 %%", throttled, all)
				}
				if got := b.Status().Writes.Scopes; got > 12 {
					t.Errorf("%d scopes", got)
				}
			})
		})
	}
}
