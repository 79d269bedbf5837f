package report

import (
	"fmt"
	"io"

	"reseal/internal/plain"
	"reseal/internal/terminal"
)

// page writes text for a width and remembers the first error, so that callers
// look once.
type page struct {
	w       io.Writer
	columns int
	err     error
}

func newPage(w io.Writer) *page { return &page{w: w, columns: terminal.Columns(w)} }

func (p *page) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, plain.Lines(fmt.Sprintf(format, args...)))
	}
}

// wrapped writes a sentence in lines of the page's width, the second and later
// ones indented further.
func (p *page) wrapped(indent, sentence string) { p.hanging(indent, indent+"  ", sentence) }

// hanging is wrapped with an indent of its own for the second and later lines.
func (p *page) hanging(first, later, sentence string) {
	for i, line := range terminal.Folded(sentence, p.columns-len(first), p.columns-len(later)) {
		if i == 0 {
			p.printf("%s%s\n", first, line)
		} else {
			p.printf("%s%s\n", later, line)
		}
	}
}
