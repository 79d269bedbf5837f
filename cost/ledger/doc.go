// Package ledger turns the requests of a run into what they may have cost, below a
// limit.
//
// A [Ledger] holds an account for every object in flight. An object is begun only
// if all that it may still cost fits below the limit, beside what the others may
// come to. A [Meter] stands between the engine and the store: it reserves for an
// object before its first request, and charges every try of a request before that
// is sent.
package ledger
