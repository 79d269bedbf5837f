package job

import (
	"bytes"
	"context"

	"reseal/checkpoint"
	"reseal/inventory"
)

// LineLog gives result lines to the state of a job, which writes them before what
// counts on them. It implements report.Log.
type LineLog struct {
	Context context.Context // a full buffer is written under it
	State   *checkpoint.Journal
}

// Log takes one line, with its end.
func (l LineLog) Log(p inventory.Position, line []byte) error {
	return l.State.Log(l.Context, p, bytes.TrimSuffix(line, []byte{'\n'}))
}
