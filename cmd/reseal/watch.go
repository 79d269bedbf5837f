package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"reseal/console"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/status"
)

// How often a watched job is looked at. One in a bucket takes requests each time.
const (
	watchEvery       = 2 * time.Second
	watchRemoteEvery = 15 * time.Second
)

// What a terminal is told: the cursor into the corner, and away with the rest of the
// line, or with all below. Nothing is cleared before it is written anew, or it flickers.
const (
	toCorner   = "\x1b[H"
	restOfLine = "\x1b[K"
	allBelow   = "\x1b[J"
)

// watch shows the status of a job again and again, until it is finished or ctx ends:
// on a terminal in place of what was shown before, else a line a look; as JSON, a
// document a line.
func watch(ctx context.Context, p process, dir string, part job.Share, asJSON bool, read func(context.Context) (*status.Status, error)) error {
	every := watchEvery
	if job.InBucket(dir) {
		every = watchRemoteEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s, err := read(ctx)
		if err != nil {
			return causeOf(ctx, err)
		}
		if err := show(p.stdout, s, part, asJSON); err != nil {
			return err
		}
		if s.State == status.Finished && s.Run == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// show writes one status of a stream of them.
func show(w io.Writer, s *status.Status, part job.Share, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(plain.JSONWriter{Out: w})
		enc.SetEscapeHTML(false)
		return enc.Encode(s)
	}
	text := console.BriefLine(s, time.Now()) + "\n"
	if columns, rows, ok := redrawable(bare(w)); ok {
		c := &canvas{columns: columns}
		if err := console.Brief(c, s, console.AfterLook(s, part), time.Now()); err != nil {
			return err
		}
		shown := plain.Lines(c.String())
		c.Reset()
		c.WriteString(shown)
		text, w = c.frame(rows), bare(w) // which draws with escapes of its own
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("print status: %w", err)
	}
	return nil
}

// redrawable is the size of a terminal that can be drawn on anew.
func redrawable(w io.Writer) (columns, rows int, ok bool) {
	f, is := w.(*os.File)
	if !is || os.Getenv("TERM") == "dumb" {
		return 0, 0, false
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	return columns, rows, err == nil && columns > 0 && rows > 0
}

// canvas is text for a terminal that is so many columns wide.
type canvas struct {
	bytes.Buffer
	columns int
}

// Columns is described at report.Columns.
func (c *canvas) Columns() int { return c.columns }

// frame is the text as it is drawn over the one before, in so many rows. The last row
// stays empty, as the terminal would go on by one.
func (c *canvas) frame(rows int) string {
	lines := strings.Split(strings.TrimSuffix(c.String(), "\n"), "\n")
	if most := max(rows-1, 1); len(lines) > most {
		lines = append(lines[:most-1:most-1], "… without --watch it says more")
	}
	return toCorner + strings.Join(lines, restOfLine+"\n") + restOfLine + "\n" + allBelow
}
