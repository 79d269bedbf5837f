package terminal

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// What a terminal is told: the cursor into the corner, and away with the rest of the
// line, or with all below. Nothing is cleared before it is written anew, or it flickers.
const (
	toCorner   = "\x1b[H"
	restOfLine = "\x1b[K"
	allBelow   = "\x1b[J"
)

// Size is the size of a terminal that can be drawn on anew.
func Size(w io.Writer) (columns, rows int, ok bool) {
	f, is := Bare(w).(*os.File)
	if !is || os.Getenv("TERM") == "dumb" {
		return 0, 0, false
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	return columns, rows, err == nil && columns > 0 && rows > 0
}

// Canvas is text for a terminal that is so many columns wide.
type Canvas struct {
	bytes.Buffer
	Width int
}

// Columns is described at the function Columns.
func (c *Canvas) Columns() int { return c.Width }

// Frame is the text as it is drawn over the one before, in so many rows. The last row
// stays empty, as the terminal would go on by one. Where the text has more lines, it
// ends with more.
func (c *Canvas) Frame(rows int, more string) string {
	lines := strings.Split(strings.TrimSuffix(c.String(), "\n"), "\n")
	if most := max(rows-1, 1); len(lines) > most {
		lines = append(lines[:most-1:most-1], more)
	}
	return toCorner + strings.Join(lines, restOfLine+"\n") + restOfLine + "\n" + allBelow
}
