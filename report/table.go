package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// page writes text and remembers the first error, so that callers look once.
type page struct {
	w   io.Writer
	err error
}

func (p *page) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// textWidth is where sentences are wrapped.
const textWidth = 100

// wrapped writes a sentence in lines of at most textWidth characters, the second
// and later ones indented further.
func (p *page) wrapped(indent, sentence string) {
	line, start := indent, true
	for _, word := range strings.Fields(sentence) {
		if !start && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			p.printf("%s\n", line)
			line, start = indent+"  ", true
		}
		if !start {
			line += " "
		}
		line, start = line+word, false
	}
	p.printf("%s\n", line)
}

// table is rows of cells in columns of equal width. Columns are aligned left
// unless a letter r stands at their place in align.
type table struct {
	align string
	rows  [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(p *page, indent string) {
	var width []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range t.rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if i < len(t.align) && t.align[i] == 'r' {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		p.printf("%s%s\n", indent, strings.TrimRight(b.String(), " "))
	}
}

// visible makes a name from outside safe and unambiguous on a terminal: what is
// not printable is written as an escape. It is cut after most bytes.
func visible(s string, most int) string {
	var b strings.Builder
	for i, r := range s {
		if i >= most {
			return b.String() + "..."
		}
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == '\\' || r >= 0x80 && !printable(r):
			q := fmt.Sprintf("%q", r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
