package ratelimit

import (
	"slices"
	"strings"
	"time"

	"reseal/plan"
)

// throttled takes in that the quota q was exceeded by s, released at the given
// instant.
func (g *Governor) throttled(s *plan.Step, q plan.Quota, released time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if q == plan.QuotaNone {
		q = quotaOf(&s.Demand)
	}
	w := weights(&s.Demand)
	n := max(1, int64(w[q]))
	if q == plan.QuotaKMS {
		g.kms.throttles++
		if g.shared == nil { // else its rate is the one to be found
			g.kms.cut(now, released, n)
		}
		return
	}
	t := g.treeOf(q)
	if t == nil {
		return
	}
	sc := t.leaf(s.Key)
	sc.throttles++
	if sc != t.root {
		t.root.throttles++
	}
	if sc.sample == nil {
		sc.sample = &sample{before: sc.ctl}
		g.samples = append(g.samples, sc)
		g.sampling.Add(1)
	}
	sc.sample.add(outcome{key: s.Key, released: released, throttled: true})
	ramping := sc.ctl.phase == ramping
	sc.sample.throttled(now, released, n, &sc.ctl)
	if ramping && sc.sample.throttles > 0 {
		sc.cut(now, released, n) // not when the sample is decided: the rate would run ahead meanwhile
		sc.sample.throttles = 0
	}
	g.tickBy(sc.sample.due())
}

// worked takes in that s was not throttled.
func (g *Governor) worked(s *plan.Step, released time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.treeOf(quotaOf(&s.Demand))
	if t == nil {
		return
	}
	if sc := t.leaf(s.Key); sc.sample != nil {
		sc.sample.add(outcome{key: s.Key, released: released})
	}
}

// quotaOf returns the quota that a throttle is charged to if the error does not say.
func quotaOf(d *plan.Demand) plan.Quota {
	switch {
	case d.Writes.Max > 0:
		return plan.QuotaWrites
	case d.Reads.Max > 0:
		return plan.QuotaReads
	}
	return plan.QuotaKMS
}

// treeOf returns the scopes of a quota of S3, or nil.
func (g *Governor) treeOf(q plan.Quota) *tree {
	switch q {
	case plan.QuotaWrites:
		return &g.writes
	case plan.QuotaReads:
		return &g.reads
	}
	return nil
}

// decideSamples ends the samples that are over, and cuts or splits where a decision is due.
func (g *Governor) decideSamples(now time.Duration) {
	g.samples = slices.DeleteFunc(g.samples, func(s *scope) bool {
		t := s.sample
		over := t.decideAt == 0 && now >= t.ends
		switch {
		case t.decideAt > 0 && now >= t.decideAt:
			over = g.split(s, now)
			if !over {
				s.cut(now, t.cause, t.throttles)
				t.decideAt, t.throttles, t.decided, t.lookAt = 0, 0, true, now+quietTime
			}
		case t.lookAt > 0 && now >= t.lookAt:
			t.lookAt = 0
			over = g.split(s, now)
		}
		if over {
			s.sample = nil
			g.sampling.Add(-1)
		}
		return over
	})
}

// split makes a scope of each prefix under which the throttles of s cluster. The
// rate of s is then what it was before. It reports whether there were any.
func (g *Governor) split(s *scope, now time.Duration) bool {
	t := g.treeOf(s.quota)
	seen := s.sample.seen
	hot := hotPrefixes(seen)
	done := false
	for _, p := range hot {
		if len(t.below)+1 >= maxScopes {
			if idle := t.idlest(); idle != nil {
				g.drop(t, idle)
			}
		}
		if sc := t.split(p, rateUnder(seen, p, now-s.sample.since()), now); sc != nil {
			g.move(sc)
			done = true
		}
	}
	if !done && s == t.root {
		done = g.guessFolder(t, now)
	}
	if done {
		limit, cuts := s.ctl.limit, s.ctl.cuts
		s.ctl = s.sample.before
		if s.ctl.limit != limit {
			s.ctl.setLimit(limit)
		}
		s.ctl.cuts, s.ctl.quiet = cuts+1, now+quietTime
	}
	return done
}

// move lets those who wait for the parent of s, with keys of s, wait for s.
func (g *Governor) move(s *scope) {
	for _, l := range slices.Clone(g.busy) {
		k := l.laneKey
		if k.writes != s.parent && k.reads != s.parent {
			continue
		}
		for _, q := range []*queue{&l.retries, &l.fresh} {
			for w := q.first; w != nil; {
				next := w.next
				if strings.HasPrefix(w.key, s.prefix) {
					g.dequeue(w)
					g.place(w, g.laneOf(nil, w.key, &w.weight))
				}
				w = next
			}
		}
	}
}

// drop removes a scope; those who wait for it wait for its parent.
func (g *Governor) drop(t *tree, s *scope) {
	t.drop(s)
	g.last = nil
	for k, l := range g.lanes {
		if k.writes != s && k.reads != s {
			continue
		}
		for w := l.head(); w != nil; w = l.head() {
			g.dequeue(w)
			g.place(w, g.laneOf(nil, w.key, &w.weight))
		}
		delete(g.lanes, k)
	}
	if s.sample != nil { // decideSamples ends it
		s.sample.decideAt, s.sample.ends = 0, 0
	}
}
