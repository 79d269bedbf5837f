package ratelimit

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// What it takes to believe that throttles cluster under a prefix. A wrong split is
// corrected in seconds; a missed one slows all other keys for the night.
const (
	minClusterThrottles = 5   // fewer may be chance
	minExpected         = 4   // throttles that the other keys would have if all keys were alike
	clearRatio          = 4   // times fewer is clearly fewer
	minOthers           = 0.2 // least share of requests for other keys: below it a split gains nothing
)

// hotPrefixes returns the prefixes under which the throttled outcomes cluster,
// or nil if all keys seen are throttled alike or there is too little to tell.
// S3 partitions a bucket by key prefix, at any byte, not only at slashes.
//
// What the earlier half suggests has to show in the later half too. A listing
// has keys in an order, so that those sent while a quota was short resemble
// each other; but they do not come again.
func hotPrefixes(seen []outcome) []string {
	sorted := slices.Clone(seen)
	slices.SortStableFunc(sorted, func(a, b outcome) int { return cmp.Compare(a.released, b.released) })
	earlier, later := sorted[:len(sorted)/2], sorted[len(sorted)/2:]
	slices.SortFunc(earlier, func(a, b outcome) int { return strings.Compare(a.key, b.key) })
	hot, even := hotIn(earlier, later, 0)
	if even {
		return nil
	}
	return hot
}

// lasting returns those of the hot prefixes that are hot in later outcomes too, where
// the keys beside them are clearly less throttled.
func lasting(hot []string, later []outcome) []string {
	under := make([]int, len(hot)) // throttles
	restSeen, restThrottled := 0, 0
	for _, o := range later {
		i := slices.IndexFunc(hot, func(p string) bool { return strings.HasPrefix(o.key, p) })
		switch {
		case i < 0:
			restSeen++
			restThrottled += count(o)
		default:
			under[i] += count(o)
		}
	}
	if !clearlyLess(restThrottled, restSeen, countThrottled(later), len(later)) {
		return nil
	}
	for i, n := range under {
		if n < minClusterThrottles {
			hot[i] = ""
		}
	}
	return slices.DeleteFunc(hot, func(p string) bool { return p == "" })
}

// clearlyLess reports whether throttled of seen outcomes are clearly less than
// their share of allThrottled of all.
func clearlyLess(throttled, seen, allThrottled, all int) bool {
	expected := float64(allThrottled) * float64(seen) / float64(all)
	return float64(seen) >= minOthers*float64(all) && expected >= minExpected && float64(throttled)*clearRatio <= expected
}

// hotIn looks for clusters in outcomes that last in later ones. They are sorted by key, and
// their first n bytes are the same and tell them from others; so are those of later. even
// says that all fared alike, or that what differs did not last; hot, if not empty, is then
// one prefix of all of them.
func hotIn(seen, later []outcome, n int) (hot []string, even bool) {
	throttled := countThrottled(seen)
	if throttled < minClusterThrottles {
		return nil, true
	}
	first, last := seen[0].key, seen[len(seen)-1].key
	p := sharedLength(first, last)
	var groups [][]outcome // by the byte after the common prefix
	restSeen, restThrottled := 0, 0
	for rest := seen; len(rest) > 0; {
		size := 1
		for size < len(rest) && sameByte(rest[0].key, rest[size].key, p) {
			size++
		}
		if c := countThrottled(rest[:size]); c >= minClusterThrottles {
			groups = append(groups, rest[:size])
		} else {
			restSeen += size
			restThrottled += c
		}
		rest = rest[size:]
	}
	even = !clearlyLess(restThrottled, restSeen, throttled, len(seen))
	if len(groups) == 0 || len(groups[0]) == len(seen) {
		even, groups = true, nil
	}
	for _, g := range groups { // they may be alike as a whole, and differ inside
		own := min(p+1, len(g[0].key))
		in, alike := hotIn(g, under(later, g[0].key[:own]), own)
		hot = append(hot, in...)
		even = even && alike
	}
	if !even {
		hot = lasting(hot, later)
	}
	if even || len(hot) == 0 {
		return []string{first[:stem(first[:p], n)]}, true
	}
	return hot, false
}

// under returns the outcomes of keys with a prefix.
func under(all []outcome, prefix string) (some []outcome) {
	for _, o := range all {
		if strings.HasPrefix(o.key, prefix) {
			some = append(some, o)
		}
	}
	return some
}

// sharedLength returns how many bytes a and b have in common at their beginning.
func sharedLength(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
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
		n += count(o)
	}
	return n
}

// count returns 1 for a throttled outcome.
func count(o outcome) int {
	if o.throttled {
		return 1
	}
	return 0
}

// rateUnder returns at what rate to begin with the keys under prefix, of which
// the outcomes are known for so long: what was not throttled, but no less than a
// quarter of what was tried. Too high is found out in seconds, too low is not.
func rateUnder(seen []outcome, prefix string, known time.Duration) float64 {
	good, tried := 0, 0
	for _, o := range seen {
		if strings.HasPrefix(o.key, prefix) {
			tried++
			good += 1 - count(o)
		}
	}
	return max(1, float64(good), float64(tried)/4) / max(known, tick).Seconds()
}
