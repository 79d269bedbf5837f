package main

import (
	"io"

	"reseal/internal/plain"
	"reseal/report"
)

// harmless is standard output or standard error: what is written there cannot steer a
// terminal, whatever names and answers are in it. What the program itself draws a screen
// with goes to the writer below, which bare gives.
type harmless struct{ plain.Writer }

// harmlessColumns is harmless on a terminal, of which the width counts.
type harmlessColumns struct{ *harmless }

// Columns is the width of the terminal.
func (h harmlessColumns) Columns() int { return report.Columns(h.Out) }

// newHarmless makes out harmless, and returns what writes what is left at the end.
func newHarmless(out io.Writer) (io.Writer, func()) {
	if bare(out) != out {
		return out, func() {} // it is already
	}
	h := &harmless{plain.Writer{Out: out}}
	flush := func() { _ = h.Flush() } // the bytes of half a character, of which nothing depends
	if isTerminal(out) {
		return harmlessColumns{h}, flush
	}
	return h, flush
}

// bare is the writer below a harmless one, or the writer itself.
func bare(w io.Writer) io.Writer {
	switch h := w.(type) {
	case *harmless:
		return h.Out
	case harmlessColumns:
		return h.Out
	}
	return w
}
