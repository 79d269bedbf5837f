package terminal

import (
	"io"
	"os"

	"golang.org/x/term"

	"reseal/internal/plain"
)

// harmless is standard output or standard error: what is written there cannot steer a
// terminal, whatever names and answers are in it. What the program itself draws a screen
// with goes to the writer below, which Bare gives.
type harmless struct{ plain.Writer }

// harmlessColumns is harmless on a terminal, of which the width counts.
type harmlessColumns struct{ *harmless }

// Columns is the width of the terminal.
func (h harmlessColumns) Columns() int { return Columns(h.Out) }

// Harmless makes out harmless, and returns what writes what is left at the end.
func Harmless(out io.Writer) (io.Writer, func()) {
	if Bare(out) != out {
		return out, func() {} // it is already
	}
	h := &harmless{plain.Writer{Out: out}}
	flush := func() { _ = h.Flush() } // the bytes of half a character, of which nothing depends
	if Is(out) {
		return harmlessColumns{h}, flush
	}
	return h, flush
}

// Bare is the writer below a harmless one, or the writer itself.
func Bare(w io.Writer) io.Writer {
	switch h := w.(type) {
	case *harmless:
		return h.Out
	case harmlessColumns:
		return h.Out
	}
	return w
}

// Is tells whether v is a terminal that a person sits at.
func Is(v any) bool {
	if s, ok := v.(*Screen); ok {
		return s.terminal
	}
	if w, ok := v.(io.Writer); ok {
		v = Bare(w)
	}
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
