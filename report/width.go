package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"reseal/internal/plain"
)

// Widths of a line in columns. Sentences that are wider than widest are hard to read.
const (
	usual     = 80
	narrowest = 40
	widest    = 140
)

// Columns is how many columns a line on w may have: what w says by a method of
// that name, else the width of the terminal that w is, else 80.
func Columns(w io.Writer) int {
	columns := usual
	switch w := w.(type) {
	case interface{ Columns() int }:
		columns = w.Columns()
	case *os.File:
		if n, _, err := term.GetSize(int(w.Fd())); err == nil && n > 0 {
			columns = n
		}
	}
	return min(max(columns, narrowest), widest)
}

// page writes text for a width and remembers the first error, so that callers
// look once.
type page struct {
	w       io.Writer
	columns int
	err     error
}

func newPage(w io.Writer) *page { return &page{w: w, columns: Columns(w)} }

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
	for i, line := range Folded(sentence, p.columns-len(first), p.columns-len(later)) {
		if i == 0 {
			p.printf("%s%s\n", first, line)
		} else {
			p.printf("%s%s\n", later, line)
		}
	}
}

// Wrapped breaks text into lines of at most 80 columns, at spaces where there are.
func Wrapped(indent, text string) string {
	lines := Folded(text, usual-len(indent), usual-len(indent)-2)
	return indent + strings.Join(lines, "\n"+indent+"  ") + "\n"
}

// Folded breaks text at spaces into lines, the first of them of at most as many
// columns as first says, the others of later. A word that is longer stays whole, so
// that a name can be copied. There is always a line.
func Folded(text string, first, later int) []string {
	var lines []string
	line, columns, most := "", 0, first
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case columns == 0:
			line, columns = word, n
		case columns+1+n > most:
			lines = append(lines, line)
			line, columns, most = word, n, later
		default:
			line, columns = line+" "+word, columns+1+n
		}
	}
	return append(lines, line)
}

// command breaks a command line before its options, where it is too long, so that
// it can be pasted as it stands: each line but the last ends in a backslash.
func command(line string, columns int) []string {
	if utf8.RuneCountInString(line) <= columns {
		return []string{line}
	}
	var parts []string
	for _, part := range cut(line, true) {
		if utf8.RuneCountInString(part) > columns-4 {
			parts = append(parts, cut(part, false)...)
			continue
		}
		parts = append(parts, part)
	}
	var lines []string
	current := ""
	for i, part := range parts {
		if i > 0 && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(part) > columns-2 {
			lines = append(lines, current+" \\")
			current = "  " + part
			continue
		}
		if i > 0 {
			current += " "
		}
		current += part
	}
	return append(lines, current)
}

// cut cuts a command line at spaces that are not in quotes: at all of them, or only
// before words that begin with a dash.
func cut(line string, options bool) (parts []string) {
	quote, start := byte(0), 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote == 0 && c == '\\', quote == '"' && c == '\\':
			i++
		case quote == c:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == 0 && c == ' ' && (!options || i+1 < len(line) && line[i+1] == '-'):
			parts = append(parts, line[start:i])
			start = i + 1
		}
	}
	return append(parts, line[start:])
}
