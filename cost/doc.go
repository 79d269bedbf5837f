// Package cost turns what a plan asks of S3 and KMS into money and time.
//
// A Tally takes in tasks and keeps sums whose memory does not grow with the
// number of rows. New turns a tally, a price list and the limits of a run into
// an Estimate: what the run costs once, what the bucket costs a month
// afterwards, how long the run takes and which limit decides that, and the same
// for the other ways of doing it.
//
// Money is exact: integers all the way, rounded once a line to a billionth of a
// dollar (half away from zero) and to cents only when it is printed. A price
// that is not known stays unknown; it is never taken for zero, and an estimate
// that lacks one says so.
package cost
