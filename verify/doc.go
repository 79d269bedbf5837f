// Package verify turns a job and its bucket into verdicts: what is there now
// against what was promised.
//
// The rule: every row of the report has exactly one [Verdict], whether the job
// came to the row or not. A [Judge] gives it, from three things: what the plan
// decides by the row, what the job recorded of it, and what is there now. Whether
// an object was written since is decided by what identifies a write (ETag and
// version id), and by no clock.
package verify
