package verify

import "gonum.org/v1/gonum/mathext"

// UpperBound is the share of wrong objects, 0 to 1, that a random sample of n
// objects with wrong wrong ones among them leaves possible at 95 % confidence: were
// the share larger, a sample this good would come up in less than 5 of 100 cases.
// 1 for a sample of nothing.
//
// It is the one-sided upper limit of Clopper and Pearson ("The use of confidence or
// fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934,
// pages 404-413), a quantile of the beta distribution. With none wrong it is
// 1-0.05^(1/n), about 3/n: the rule of three. It holds for draws with replacement,
// and errs on the safe side for a sample without, as the hypergeometric distribution
// is the narrower one.
func UpperBound(wrong, n int64) float64 {
	if wrong >= n { // of nothing, too
		return 1
	}
	const confidence = 0.95
	return mathext.InvRegIncBeta(float64(wrong)+1, float64(n-wrong), confidence)
}
