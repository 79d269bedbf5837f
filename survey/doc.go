// Package survey turns what is known of the buckets of accounts into what each of them
// needs to be migrated to SSE-KMS: what is missing, what stands in the way, what it may
// cost, and what to type next.
//
// It is pure. Package survey/ask asks the accounts. What nobody could read stays
// unknown, with the question and the action that would have let it be read; it is never
// taken for no, or for zero.
package survey
