package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// traffic returns n outcomes for each prefix, of which the given share is throttled.
func traffic(rnd *rand.Rand, n int, share map[string]float64) []outcome {
	var all []outcome
	for p, f := range share {
		for range n {
			all = append(all, outcome{key: fmt.Sprintf("%s%06x", p, rnd.IntN(1<<24)), throttled: rnd.Float64() < f})
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i := range all {
		all[i].released = time.Duration(i)
	}
	return all
}

func TestHotPrefixes(t *testing.T) {
	const some = 0.6
	hex := map[string]float64{}
	for i := range 16 {
		hex[fmt.Sprintf("%x", i)] = 0.3
	}
	oneOf16 := map[string]float64{}
	for i := range 16 {
		oneOf16[fmt.Sprintf("%x", i)] = 0
	}
	oneOf16["c"] = some
	for _, tt := range []struct {
		name  string
		n     int
		share map[string]float64
		want  string
	}{
		{"nothing", 0, nil, ""},
		{"nothing throttled", 50, map[string]float64{"a/": 0, "b/": 0}, ""},
		{"all alike", 50, map[string]float64{"a/": some, "b/": some, "c/": some}, ""},
		{"all alike under one folder", 50, map[string]float64{"data/a/": some, "data/b/": some}, ""},
		{"one of three", 50, map[string]float64{"a/": 0, "b/": some, "c/": 0}, "b/"},
		{"all of it in one folder", 100, map[string]float64{"a/": 1, "b/": 0}, "a/"},
		{"two of four", 50, map[string]float64{"a/": some, "b/": 0, "c/": 0, "d/": some}, "a/ d/"},
		{"below a common folder", 50, map[string]float64{"data/2024/": 0, "data/2025/": some}, "data/2025/"},
		{"not deeper than needed", 50, map[string]float64{"a/x/y/": 0, "b/x/y/": some}, "b/"},
		{"not at a slash", 64, oneOf16, "c"},
		{"every hash alike", 60, hex, ""},
		{"too few to tell", 3, map[string]float64{"a/": 0, "b/": 1}, ""},
		{"a little over its quota", 150, map[string]float64{"a/": 0, "b/": 0.16, "c/": 0, "d/": 0, "e/": 0, "f/": 0}, "b/"},
		{"in two levels", 60, map[string]float64{"a/1/": some, "a/2/": 0, "b/1/": 0, "b/2/": some}, "a/1/ b/2/"},
		{"the hot one is a prefix of the others", 60, map[string]float64{"a": some, "b": 0, "c": 0}, "a"},
	} {
		rnd := rand.New(rand.NewPCG(1, 2))
		got := strings.Join(hotPrefixes(traffic(rnd, tt.n, tt.share)), " ")
		if got != tt.want {
			t.Errorf("%s: hotPrefixes(%d each of %v) = %q, want %q", tt.name, tt.n, tt.share, got, tt.want)
		}
	}
}

// A bucket that is throttled as a whole is hardly ever taken for one with hot
// prefixes, whatever its keys look like.
func TestHotPrefixesByChance(t *testing.T) {
	wrong, runs := 0, 0
	for seed := range uint64(80) {
		for _, share := range []float64{0.01, 0.05, 0.3} {
			for _, prefixes := range []int{1, 2, 10, 36} {
				rnd := rand.New(rand.NewPCG(seed, 3))
				m := map[string]float64{}
				for i := range prefixes {
					m[fmt.Sprintf("%c/", 'a'+i)] = share
				}
				runs++
				if len(hotPrefixes(traffic(rnd, 1000/prefixes, m))) > 0 {
					wrong++
				}
			}
		}
	}
	if wrong > runs/100 {
		t.Errorf("%d of %d evenly throttled buckets were split, want at most 1 %%", wrong, runs)
	}
}

// Keys in order, and a quota that is short for a while: keys released then
// resemble each other, but are no cluster.
func TestHotPrefixesInOrder(t *testing.T) {
	for _, from := range []int{0, 100, 300, 600, 900} {
		var seen []outcome
		for i := range 1000 {
			seen = append(seen, outcome{key: fmt.Sprintf("p/%04d", i), released: time.Duration(i) * ms, throttled: i >= from && i < from+200 && i%2 == 0})
		}
		// They end in another order: throttles are answered at once.
		slices.SortStableFunc(seen, func(a, b outcome) int {
			if a.throttled != b.throttled && a.throttled {
				return -1
			}
			return 0
		})
		if got := hotPrefixes(seen); got != nil {
			t.Errorf("throttles from key %d to %d: hotPrefixes = %q, want none", from, from+200, got)
		}
	}
}

// Of two clusters in the earlier half only the one that lasts is believed.
func TestHotPrefixesThatLast(t *testing.T) {
	var seen []outcome
	for i := range 400 {
		p := "abcd"[i%4]
		seen = append(seen, outcome{key: fmt.Sprintf("%c/%d", p, i), released: time.Duration(i), throttled: p == 'b' || p == 'c' && i < 200})
	}
	if got := strings.Join(hotPrefixes(seen), " "); got != "b/" {
		t.Errorf("hotPrefixes = %q, want b/, as c/ is throttled in the earlier half only", got)
	}
}

// Whoever waited in turns of a prefix sends its keys in a row, of which the last are too
// many: the keys of such a bunch do not come again, but the prefix does.
func TestHotPrefixesInBunches(t *testing.T) {
	var seen []outcome
	for i := range 4000 {
		p, in := i/60%10, i%60
		seen = append(seen, outcome{key: fmt.Sprintf("p%d/%08d", p, i), released: time.Duration(i) * ms, throttled: p == 3 && in >= 50})
	}
	if got := strings.Join(hotPrefixes(seen), " "); got != "p3/" {
		t.Errorf("hotPrefixes = %q, want p3/", got)
	}
}

func FuzzHotPrefixes(f *testing.F) {
	f.Add("a/1\na/2\n!a/3\n!b")
	f.Add(strings.Repeat("!\n", 20) + strings.Repeat("a\n", 20) + strings.Repeat("!a\x00\n", 20))
	f.Fuzz(func(t *testing.T, in string) {
		var seen []outcome
		for line := range strings.Lines(in) {
			key, throttled := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "!")
			seen = append(seen, outcome{key: key, throttled: throttled})
		}
		hot := hotPrefixes(seen)
		for _, p := range hot {
			if !slices.ContainsFunc(seen, func(o outcome) bool { return o.throttled && strings.HasPrefix(o.key, p) }) {
				t.Errorf("hotPrefixes(%q) = %q: nothing throttled under %q", in, hot, p)
			}
		}
	})
}

func TestRateUnder(t *testing.T) {
	seen := []outcome{{key: "a/1"}, {key: "a/2", throttled: true}, {key: "b/1"}, {key: "b/2"}, {key: "b/3"}, {key: "c", throttled: true}}
	for range 9 {
		seen = append(seen, outcome{key: "d/", throttled: true})
	}
	for _, tt := range []struct {
		prefix string
		known  time.Duration
		want   float64
	}{
		{"a/", time.Second, 1}, {"b/", time.Second, 3}, {"b/", 500 * ms, 6}, {"c", time.Second, 1}, {"d/", 500 * ms, 4.5}, {"", time.Second, 4},
		{"b/", 0, 600},
	} {
		if got := rateUnder(seen, tt.prefix, tt.known); got != tt.want {
			t.Errorf("rateUnder(%q, %v) = %v, want %v", tt.prefix, tt.known, got, tt.want)
		}
	}
}

func TestSampleForgetsTheOldest(t *testing.T) {
	var tr sample
	for i := range maxOutcomes + 10 {
		tr.add(outcome{released: time.Duration(i)})
	}
	if len(tr.seen) != maxOutcomes || tr.since() != 10 {
		t.Errorf("%d outcomes since %d, want %d since 10", len(tr.seen), tr.since(), maxOutcomes)
	}
}
