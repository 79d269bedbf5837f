package terminal

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
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
