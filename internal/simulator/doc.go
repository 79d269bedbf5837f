// Package simulator turns S3, KMS, Service Quotas and CloudWatch requests into the answers that AWS documents for them.
//
// It is a state machine without I/O, goroutines or a clock: every call takes the present time, every answer is a
// function of the configuration, the seed and the calls so far. A [World] is not safe for concurrent use; whoever
// serves several clients holds one lock around each call. Copies and part copies have two calls, a read phase and a
// commit phase, so that other clients' requests can come between.
//
// Rules are those of AWS's own pages, which each file names. A rule is never bent to suit a client: what a foreign or
// broken server does otherwise is a [Knobs] field or a [Fault], off unless a test turns it on.
//
// Objects' bodies are small real bytes, or (size, seed) pairs whose bytes can be generated at any offset. Buckets can
// be filled with [World.Populate] (objects that are a function of seed and index and cost no memory until they are
// changed) and with [World.Seed] (one object version with opaque values taken from an inventory report).
package simulator
