// Package work works on the buckets of a campaign: it looks ahead in each, makes their
// jobs, and runs some beside each other, below one cap on KMS requests and one amount of
// money, until all are done or something ends it.
//
// How the run of one bucket comes about is the caller's: a Runner. What a person reads of it
// goes through a Screen.
package work
