package campaign_test

import (
	"maps"
	"time"

	"reseal/internal/simulator"
)

// judge looks at what the campaign left behind.
func (a *account) judge() {
	took := time.Since(a.start)
	a.judgeObjects()
	a.judgeRates()
	a.judgeParts()
	a.judgeTime(took)
	a.judgeState()
}

// judgeObjects: each object was copied once, and its job knows of it.
func (a *account) judgeObjects() {
	var objects, repeats, skipped int64
	for _, b := range a.buckets {
		if got, want := b.rewritten(), map[int]int64{1: int64(b.objects)}; !maps.Equal(got, want) {
			a.t.Errorf("%s has so many objects that were copied so often: %v, want %v", b.name, got, want)
		}
		tot := b.totals
		if tot.Done != int64(b.objects) || tot.Failed+tot.Deferred != 0 || tot.Finished != filesOfReport {
			a.t.Errorf("the job of %s says %+v, want %d done and nothing else", b.name, tot, b.objects)
		}
		objects, repeats, skipped = objects+tot.Done, repeats+tot.Counters["repeats"], skipped+tot.Counters["skipped"]
	}
	if skipped > 0 {
		a.t.Errorf("%d objects were done by nobody knows whom", skipped)
	}
	a.t.Logf("%d objects in %d buckets, each copied once; %d runs, %d losses of the machine, %d copies recognised that were not recorded", objects, len(a.buckets), a.runs, a.losses, repeats)
	if a.losses != 3 || repeats == 0 {
		a.t.Errorf("the machine was lost %d times with %d copies that were not recorded, want 3 and some", a.losses, repeats)
	}
}

// judgeRates: no second, at any offset, had more KMS requests than the cap, whether they
// were granted or not.
func (a *account) judgeRates() {
	for _, r := range a.regions {
		c := r.world.Counters()
		if r.sent.fullest > r.cap {
			a.t.Errorf("%s: %d requests in a second, the cap is %d", r.quota.Region, r.sent.fullest, r.cap)
		}
		if len(r.due) > 0 {
			a.t.Errorf("%s: of its trouble %d did not come", r.quota.Region, len(r.due))
		}
		a.t.Logf("%-14s %5d requests in the fullest second of a cap of %d; %d copies sent, throttled by KMS %d times, by S3 %d times", r.quota.Region, r.sent.fullest, r.cap,
			c.Ops(simulator.OpCopyObject), c.Throttles["kms"], c.Throttles["s3-write"])
	}
}

// The windows in which the part of a bucket is judged: away from its beginning, where it finds
// its rate, and from its end.
const (
	settling = 10 * time.Second
	ending   = 5 * time.Second
	window   = 3 * time.Second
	recovery = time.Minute // after a storm
)

// judgeParts: while nothing else holds it up, each bucket at work has at least half of what
// the cap leaves for each of those at work beside it.
func (a *account) judgeParts() {
	judged, least := 0, 10.0
	for _, r := range a.regions {
		at := a.atWork(r)
		for _, b := range a.buckets {
			if b.region != r {
				continue
			}
			for _, run := range b.runs {
				to := run.to
				if b.mostSent.Before(to) {
					to = b.mostSent
				}
				for from := run.from.Add(settling); !from.Add(window + ending).After(to); from = from.Add(window) {
					s := span{from, from.Add(window)}
					if r.stormy(s) {
						continue
					}
					part := b.part(s, at)
					judged++
					if least = min(least, part); part < 0.5 {
						a.t.Errorf("%s had %.0f %% of its part from %v on", b.name, 100*part, from.Sub(a.start))
					}
				}
			}
		}
	}
	if judged < len(a.buckets) {
		a.t.Errorf("only %d windows were judged", judged)
	}
	a.t.Logf("in each of %d windows of %v a bucket had %.0f %% of its part or more", judged, window, 100*least)
}

func (r *region) stormy(s span) bool {
	for _, storm := range r.storms {
		if s.overlaps(span{storm.from, storm.to.Add(recovery)}) {
			return true
		}
	}
	return false
}

// atWork is how many buckets of a Region were at work, by second.
func (a *account) atWork(r *region) []int {
	at := make([]int, int(time.Since(a.start)/time.Second)+1)
	for _, b := range a.buckets {
		for _, run := range b.runs {
			for s := int(run.from.Sub(a.start) / time.Second); b.region == r && s <= int(run.to.Sub(a.start)/time.Second); s++ {
				at[s]++
			}
		}
	}
	return at
}

// part is what a bucket sent in a span, of an even part of the cap; what a prefix takes in any
// case bounds that.
func (b *bucket) part(s span, at []int) float64 {
	from, to := int(s.from.Sub(b.start)/time.Second), int(s.to.Sub(b.start)/time.Second)
	sent, even := 0.0, 0.0
	for second := from; second < to; second++ {
		if second < len(b.perSecond) {
			sent += float64(b.perSecond[second])
		}
		even += min(float64(b.region.cap)/float64(at[second]), 3500)
	}
	return sent / even
}

// judgeTime: no Region takes longer than its objects at 95 % of the cap, and what was lost to
// storms, to losses of the machine, and at the end, where few buckets are left.
func (a *account) judgeTime(took time.Duration) {
	bound := time.Duration(0)
	for _, r := range a.regions {
		b := time.Duration(float64(a.alone(r)) / 0.95)
		for _, s := range r.storms {
			b += s.to.Sub(s.from) + recovery
		}
		bound = max(bound, b)
	}
	const lost = 10*time.Second + 15*time.Second + settling // until somebody starts it again, until the leases run out, and on the way to the rate
	bound += time.Duration(a.losses) * lost
	largest := 0
	for _, b := range a.buckets {
		largest = max(largest, b.objects)
	}
	bound += settling + ending + time.Duration(float64(largest)/3500*float64(time.Second))
	if took > bound || took < a.expected {
		a.t.Errorf("it took %v, want %v to %v", took, a.expected, bound)
	}
	a.t.Logf("it took %v; at the caps and without trouble %v, reckoned with all that happened at most %v", took.Round(time.Second), a.expected.Round(time.Second), bound.Round(time.Second))
}

// judgeState: what the jobs keep grows with their segments, not with the objects.
func (a *account) judgeState() {
	const each = 20 << 10 // bytes of a segment, both copies
	segments := len(a.buckets) * filesOfReport
	objects := 0
	for _, b := range a.buckets {
		objects += b.objects
	}
	if a.jobs.most > segments*each {
		a.t.Errorf("the states took %d bytes, want at most %d for each of %d segments", a.jobs.most, each, segments)
	}
	a.t.Logf("the states took %d bytes at most, %.3f for an object, %d for a segment; %d writes", a.jobs.most, float64(a.jobs.most)/float64(objects), a.jobs.most/segments, a.jobs.writes)
}
