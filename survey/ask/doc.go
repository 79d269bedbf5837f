// Package ask turns accounts into facts of their buckets, for package survey. It only
// reads: each question is one GET, and none is about an object but for the reports of an
// inventory. A question that is refused is in the facts of its bucket, with the action
// that would allow it; the others go on.
//
// Each bucket is asked in its own Region. Requests wait their turn in a governor of
// package ratelimit. So no second has more of them than was allowed, whatever the number of
// accounts and buckets.
package ask
