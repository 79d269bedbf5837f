package cost

import (
	"math"
	"math/big"
	"testing"
)

// The short way to a product is the long one.
func TestTimesIsOver(t *testing.T) {
	for _, r := range []Rate{Unknown, 0, 1, 499, 500, 501, 5_000_000, 23_000_000_000, math.MaxInt64 / 3, math.MaxInt64} {
		for _, n := range []int64{math.MinInt64, -1, 0, 1, 2, 3, 999, 1_000_000, 1 << 40, math.MaxInt64} {
			got, known := r.Times(n)
			want, wantKnown := r.over(big.NewInt(n), 1)
			if got != want || known != wantKnown {
				t.Errorf("%d x %d = %d %v, want %d %v", r, n, got, known, want, wantKnown)
			}
		}
	}
}
