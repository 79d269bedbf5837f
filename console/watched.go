package console

import (
	"io"
	"time"

	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
)

// Watched shows a status in place of the one before it where w is a terminal, else in a
// line of its own.
func Watched(w io.Writer, s *status.Status, part job.Share, now time.Time) error {
	columns, rows, ok := terminal.Size(w)
	if !ok {
		_, err := io.WriteString(w, BriefLine(s, now)+"\n")
		return err
	}
	text, err := frame(s, part, now, columns, rows)
	if err == nil {
		_, err = io.WriteString(terminal.Bare(w), text) // which draws with escapes of its own
	}
	return err
}

// frame draws a status over the one before, on a terminal of this size.
func frame(s *status.Status, part job.Share, now time.Time, columns, rows int) (string, error) {
	c := &terminal.Canvas{Width: columns}
	if err := Brief(c, s, AfterLook(s, part), now); err != nil {
		return "", err
	}
	shown := plain.Lines(c.String())
	c.Reset()
	c.WriteString(shown)
	return c.Frame(rows, "… without --watch it says more"), nil
}
