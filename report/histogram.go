package report

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Histogram counts time spans in buckets whose width is an eighth of their
// lower end or less, from a millisecond to about a year. Its memory is fixed.
type Histogram struct {
	counts [numBuckets]int64
	n      int64
	max    time.Duration
}

// Bucket i < 16 is i milliseconds; above, each power of two has eight buckets.
const (
	linear     = 16
	numBuckets = linear + 8*32
)

func bucketOf(d time.Duration) int {
	ms := uint64(max(d.Milliseconds(), 0))
	if ms < linear {
		return int(ms)
	}
	exp := bits.Len64(ms) - 1 // at least 4
	sub := int(ms>>(exp-3)) & 7
	return min(linear+(exp-4)*8+sub, numBuckets-1)
}

// upper returns the longest span that falls into bucket i.
func upper(i int) time.Duration {
	if i < linear {
		return time.Duration(i) * time.Millisecond
	}
	exp, sub := (i-linear)/8+4, (i-linear)%8
	return time.Duration((uint64(8+sub+1)<<(exp-3))-1) * time.Millisecond
}

// Add counts d.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds the counts of o.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// Total returns how many spans were counted.
func (h *Histogram) Total() int64 { return h.n }

// Max returns the longest span.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns the span that a share q of all does not exceed, at most an
// eighth too long; 0 where none was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := int64(q * float64(h.n))
	if float64(rank) < q*float64(h.n) {
		rank++
	}
	rank = min(max(rank, 1), h.n)
	var seen int64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

type histogramJSON struct {
	Count  int64        `json:"count"`
	P50    int64        `json:"p50_ms"`
	P90    int64        `json:"p90_ms"`
	P99    int64        `json:"p99_ms"`
	Max    int64        `json:"max_ms"`
	Counts []bucketJSON `json:"buckets"`
}

type bucketJSON struct {
	UpTo  int64 `json:"up_to_ms"` // the longest span of the bucket
	Count int64 `json:"count"`
}

// MarshalJSON writes the percentiles for people and the counts for UnmarshalJSON.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	ms := func(q float64) int64 { return h.Quantile(q).Milliseconds() }
	j := histogramJSON{h.n, ms(.5), ms(.9), ms(.99), h.max.Milliseconds(), []bucketJSON{}}
	for i, n := range h.counts {
		if n > 0 {
			j.Counts = append(j.Counts, bucketJSON{upper(i).Milliseconds(), n})
		}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Histogram) UnmarshalJSON(data []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	*h = Histogram{max: time.Duration(j.Max) * time.Millisecond}
	for _, b := range j.Counts {
		i := bucketOf(time.Duration(min(b.UpTo, int64(math.MaxInt64/time.Millisecond))) * time.Millisecond)
		if b.Count < 0 || b.UpTo < 0 || upper(i).Milliseconds() != b.UpTo || h.counts[i] != 0 {
			return fmt.Errorf("histogram: %d in the bucket up to %d ms", b.Count, b.UpTo)
		}
		h.counts[i] = b.Count
		h.n += b.Count
	}
	return nil
}
