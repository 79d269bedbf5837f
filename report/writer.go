package report

import (
	"fmt"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Log keeps result lines. It is called from one goroutine. The line, which ends
// in a line feed, is only valid during the call; it is durable once the rows
// that follow from it are.
type Log interface {
	Log(p inventory.Position, line []byte) error
}

var _ engine.Sink = (*Writer)(nil)

// Writer is an engine.Sink: it sums up every result and writes the lines that
// are asked for. Like any Sink it is called from one goroutine.
type Writer struct {
	// Log takes the lines.
	Log Log
	// All writes a line for every object; else failures and surprises only.
	All bool
	// Summary takes every result, written or not, where set.
	Summary *Summary

	buf []byte
}

// Write sums up r and, if it is to be written, logs its line.
func (w *Writer) Write(r *engine.Result) error {
	l := LineOf(r)
	if w.Summary != nil {
		w.Summary.Add(&l)
	}
	if !w.All && !Surprising(r) {
		return nil
	}
	w.buf = AppendLine(w.buf[:0], &l)
	if err := w.Log.Log(l.Pos, w.buf); err != nil {
		return fmt.Errorf("write result of row %d of file %d: %w", l.Pos.Row, l.Pos.File, err)
	}
	return nil
}

// Surprising tells whether r is written even when not every object is: it
// failed, or it ended otherwise than its row let expect, or its state from before
// is to be kept. Objects that are found
// to be under the key already are no surprise, as that is what a rekeying run
// looks for.
func Surprising(r *engine.Result) bool {
	switch r.Outcome {
	case engine.Failed:
		return true
	case engine.Done:
		return r.Repeat || r.Newer || r.Before != nil || len(r.Effect.PutBack)+len(r.Effect.LeftOut) > 0
	case engine.Skipped:
		return r.Reason == plan.OtherBucket || r.Attempts > 0 && r.Reason != plan.AlreadyEncrypted
	}
	return false
}
