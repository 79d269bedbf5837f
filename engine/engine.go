package engine

import (
	"context"

	"reseal/inventory"
	"reseal/plan"
)

// The four interfaces below are what the engine needs of the world.

// Rewriter carries out tasks against an object store. It neither retries nor
// paces: every request it makes is one call of g.Do. Errors it returns, and
// those it returns from within g.Do, are *ObjectError, *LeftForLater where a limit
// has no room for the request, or *HeldBack. Safe for concurrent use.
type Rewriter interface {
	// Inspect reads what is to be rewritten as it is now, with one HeadObject. For a
	// noncurrent row that is the named version. For others it is what is current
	// under the key, whichever version the report named. A missing object is an error
	// of class Gone. If an earlier attempt left a note that it committed something and
	// did not finish it, that is finished here.
	Inspect(ctx context.Context, t *plan.Task, g Gate) (*plan.Head, error)

	// Rewrite does t.Action and returns only once the store has confirmed that
	// the object is under the wanted key. If the object is no longer the one
	// that was decided on, nothing was written and the error is of class Changed.
	Rewrite(ctx context.Context, t *plan.Task, g Gate) (Effect, error)
}

// Gate gives permission to send requests. Safe for concurrent use.
type Gate interface {
	// Do waits until s may be sent, calls send, and learns from its error
	// whether a quota was exceeded. It returns the error of send, or, if
	// ctx ends while waiting, an error that wraps ctx.Err(); then
	// send was not called.
	Do(ctx context.Context, s plan.Step, send func(context.Context) error) error
}

// Journal remembers what was settled. It is called from one goroutine.
type Journal interface {
	// Admit says that the rows of p's segment up to p are about to be worked
	// on. It may block to make a reservation durable. p never goes backwards
	// within a segment.
	Admit(ctx context.Context, p inventory.Position) error

	// Settle records the outcome of a row. It is durable after the next Flush,
	// never before what Sink was told about the row.
	Settle(r *Result) error

	// Doubt says that what was sent for the row may have taken effect, and that the
	// run ends without knowing: a later one that finds it done recognises it.
	Doubt(p inventory.Position) error

	// End says that a segment (by index) was read to its end and has rows rows;
	// damage is not nil where the rest of it cannot be read.
	End(segment int, rows int64, damage error) error

	// Flush makes everything said so far durable, results first.
	Flush(ctx context.Context) error

	// Rest is the last Flush of a run: nothing is under way any more, and of the rows
	// that were admitted and not settled only those are in doubt that Doubt named.
	Rest(ctx context.Context) error
}

// Sink takes results for people and programs to read. It is called from the
// goroutine that calls the Journal, before the row is settled.
type Sink interface {
	Write(r *Result) error
}
