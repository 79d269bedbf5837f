package verify

import "math"

// UpperBound is the share of wrong objects, 0 to 1, that a random sample of n
// objects with wrong wrong ones among them leaves possible at 95 % confidence: were
// the share larger, a sample this good would come up in less than 5 of 100 cases.
// 1 for a sample of nothing.
//
// It is the one-sided upper limit of Clopper and Pearson ("The use of confidence or
// fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934,
// pages 404-413). With none wrong it is 1-0.05^(1/n), about 3/n: the rule of three.
// It holds for draws with replacement, and errs on the safe side for a sample
// without, as the hypergeometric distribution is the narrower one.
func UpperBound(wrong, n int64) float64 {
	switch {
	case n <= 0 || wrong >= n:
		return 1
	case wrong <= 0:
		return -math.Expm1(math.Log(0.05) / float64(n))
	}
	// P(X <= wrong) falls as the share grows: find where it is 5 %.
	low, high := float64(wrong)/float64(n), 1.0
	for range 200 {
		mid := low + (high-low)/2
		if atMost(wrong, n, mid) > 0.05 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// atMost is the probability that of n draws, each of which is wrong with
// probability p, at most k are: the regularized incomplete beta function
// I(1-p; n-k, k+1) (Abramowitz and Stegun, 26.5.24).
func atMost(k, n int64, p float64) float64 {
	return incompleteBeta(1-p, float64(n-k), float64(k)+1)
}

// incompleteBeta is the regularized incomplete beta function, by its continued
// fraction (Abramowitz and Stegun, 26.5.8) as Lentz evaluates one.
func incompleteBeta(x, a, b float64) float64 {
	if x <= 0 || x >= 1 {
		return math.Max(0, math.Min(1, math.Ceil(x)))
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(1-x, b, a)
	}
	lg := func(v float64) float64 { l, _ := math.Lgamma(v); return l }
	front := math.Exp(lg(a+b)-lg(a)-lg(b)+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 100_000 {
		m := float64(i / 2)
		var num float64
		switch {
		case i == 0:
			num = 1
		case i%2 == 0:
			num = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			num = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + num*d; math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		if c = 1 + num/c; math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}
