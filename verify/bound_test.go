package verify

import (
	"math"
	"testing"
)

// Values from tables of the exact limits of Clopper and Pearson, one-sided 95 %,
// and the rule of three for none found.
func TestUpperBound(t *testing.T) {
	for _, tt := range []struct {
		wrong, n int64
		want     float64
	}{
		{0, 0, 1}, {0, 1, 0.95}, {0, 10, 0.258866}, {0, 59, 0.049508}, {0, 299, 0.009969}, {0, 1000, 0.0029912}, {0, 1_000_000, 2.9957e-6}, {0, 10_000_000_000, 2.9957e-10},
		{1, 10, 0.394163}, {5, 100, 0.102253}, {10, 10, 1}, {50, 100, 0.586471}, {5, 1_000_000_000, 1.05130e-8}, {100_000, 10_000_000_000, 1.005216e-5},
	} {
		got := UpperBound(tt.wrong, tt.n)
		if math.Abs(got-tt.want) > 2e-4*tt.want {
			t.Errorf("%d wrong of %d: at most %.6g, want %.6g", tt.wrong, tt.n, got, tt.want)
		}
		if tt.wrong == 0 && tt.n >= 100 && math.Abs(got*float64(tt.n)-3) > 0.03 {
			t.Errorf("0 wrong of %d: %.6g is not 3/n", tt.n, got)
		}
	}
	// More wrong ones, or fewer objects, never prove more.
	for n := int64(1); n < 200; n += 7 {
		for k := int64(0); k < n; k++ {
			if UpperBound(k+1, n) < UpperBound(k, n) || UpperBound(k, n+1) > UpperBound(k, n) {
				t.Fatalf("the limit of %d of %d does not fit its neighbours", k, n)
			}
		}
	}
	// At the limit the sample is as good as it would be in 5 of 100 cases: by the sum.
	for _, s := range [][2]int64{{0, 30}, {3, 50}, {17, 200}} {
		p, sum := UpperBound(s[0], s[1]), 0.0
		for k := int64(0); k <= s[0]; k++ {
			a, _ := math.Lgamma(float64(s[1] + 1))
			b, _ := math.Lgamma(float64(k + 1))
			c, _ := math.Lgamma(float64(s[1] - k + 1))
			sum += math.Exp(a - b - c + float64(k)*math.Log(p) + float64(s[1]-k)*math.Log1p(-p))
		}
		if math.Abs(sum-0.05) > 1e-9 {
			t.Errorf("%d of %d: probability %.9f at the limit, want 0.05", s[0], s[1], sum)
		}
	}
}
