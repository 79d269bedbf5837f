package main

import (
	"bytes"
	"context"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
)

// lines gives result lines to the checkpoint, which writes them before the
// state that counts on them.
type lines struct {
	ctx     context.Context // of the work: a full buffer is written under it
	journal *checkpoint.Journal
}

// Log implements report.Log.
func (l lines) Log(p inventory.Position, line []byte) error {
	return l.journal.Log(l.ctx, p, bytes.TrimSuffix(line, []byte{'\n'}))
}

// sinks hands a result to several sinks in turn.
type sinks []engine.Sink

// Write implements engine.Sink.
func (s sinks) Write(r *engine.Result) error {
	for _, sink := range s {
		if err := sink.Write(r); err != nil {
			return err
		}
	}
	return nil
}
