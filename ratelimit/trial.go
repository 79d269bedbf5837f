package ratelimit

import (
	"slices"
	"strings"
	"time"
)

const (
	hearing    = 300 * time.Millisecond // how long outcomes are looked at before the first cut
	trialTime  = 10 * time.Second       // how long they are remembered after the last throttle
	maxWitness = 1024                   // how many outcomes
)

// outcome is how a request ended.
type outcome struct {
	key       string
	at        time.Duration
	throttled bool
}

// trial watches a scope of S3 after a throttle, to find out whether all of its
// keys are throttled or only those under some prefix.
type trial struct {
	before  control       // to go back to if it was only a prefix
	verdict time.Duration // when the scope is to be cut or split; 0 if neither
	cause   time.Duration // release of the call whose failure makes it due
	heard   bool          // there was a verdict already
	ends    time.Duration
	seen    []outcome
	oldest  int // in seen
}

// add remembers an outcome, in place of the oldest if need be.
func (t *trial) add(o outcome) {
	if len(t.seen) < maxWitness {
		t.seen = append(t.seen, o)
		return
	}
	t.seen[t.oldest] = o
	t.oldest = (t.oldest + 1) % maxWitness
}

// throttled takes in that a call released at the given instant was throttled.
func (t *trial) throttled(now, released time.Duration, c *control) {
	t.ends = now + trialTime
	if t.verdict > 0 || !c.counts(released) {
		return
	}
	t.verdict, t.cause = now, released
	if !t.heard {
		t.verdict += hearing
	}
}

// due returns the instant at which something is to be done about the trial.
func (t *trial) due() time.Duration {
	if t.verdict > 0 {
		return t.verdict
	}
	return t.ends
}

// since returns from when on the outcomes are remembered.
func (t *trial) since() time.Duration { return t.seen[t.oldest].at }

// hotPrefixes returns the prefixes under which the throttled outcomes cluster,
// or nil if all keys seen are throttled alike or there is too little to tell.
// S3 partitions a bucket by key prefix, at any byte, not only at slashes.
func hotPrefixes(seen []outcome) []string {
	sorted := slices.Clone(seen)
	slices.SortFunc(sorted, func(a, b outcome) int { return strings.Compare(a.key, b.key) })
	hot, even := hotIn(sorted, 0)
	if even {
		return nil
	}
	return hot
}

// hotIn looks for clusters in outcomes that are sorted by key and alike in the
// first n bytes, which tell them from others. even says that there is no
// difference among them; the result, if any, is then one prefix of all.
func hotIn(seen []outcome, n int) (hot []string, even bool) {
	const (
		few  = 5   // throttles that may be chance
		some = 4   // throttles that the rest would have had, on average, were all alike
		less = 4   // times fewer is clearly less
		part = 0.2 // of the requests that the rest must be, to be worth it
	)
	throttled := countThrottled(seen)
	if throttled < few {
		return nil, true
	}
	first, last := seen[0].key, seen[len(seen)-1].key
	p := 0
	for p < len(first) && p < len(last) && first[p] == last[p] {
		p++
	}
	var groups [][]outcome // by the byte after the common prefix
	restSeen, restThrottled := 0, 0
	for rest := seen; len(rest) > 0; {
		size := 1
		for size < len(rest) && sameByte(rest[0].key, rest[size].key, p) {
			size++
		}
		if c := countThrottled(rest[:size]); c >= few {
			groups = append(groups, rest[:size])
		} else {
			restSeen += size
			restThrottled += c
		}
		rest = rest[size:]
	}
	expected := float64(throttled) * float64(restSeen) / float64(len(seen))
	if len(groups) == 0 || float64(restSeen) < part*float64(len(seen)) ||
		expected < some || float64(restThrottled)*less > expected {
		return []string{first[:stem(first[:p], n)]}, true
	}
	for _, g := range groups {
		in, _ := hotIn(g, min(p+1, len(g[0].key)))
		hot = append(hot, in...)
	}
	return hot, false
}

// stem returns the length of the prefix that stands for what begins with common:
// the n bytes that tell it from the rest, up to the end of a path component if
// that is common too. All of common would be too narrow: a sorted listing
// shows one folder of a hot partition at a time.
func stem(common string, n int) int {
	if n > 0 && common[n-1] == '/' {
		return n
	}
	if i := strings.IndexByte(common[n:], '/'); i >= 0 {
		return n + i + 1
	}
	return n
}

// sameByte reports whether a and b, alike up to p, have the same byte there.
func sameByte(a, b string, p int) bool {
	if len(a) <= p || len(b) <= p {
		return len(a) == len(b)
	}
	return a[p] == b[p]
}

func countThrottled(seen []outcome) int {
	n := 0
	for _, o := range seen {
		if o.throttled {
			n++
		}
	}
	return n
}

// goodput returns the requests a second under prefix that were not throttled.
func goodput(seen []outcome, prefix string, over time.Duration) float64 {
	n := 0
	for _, o := range seen {
		if !o.throttled && strings.HasPrefix(o.key, prefix) {
			n++
		}
	}
	return float64(n) / max(over, tick).Seconds()
}
