package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Fold breaks those lines of a text that are longer than so many columns, at spaces.
// What follows is indented: below the last column of a table, or a little. A command of
// reseal or aws is broken so that it can be pasted, its lines ending in a backslash. A word
// that is longer than a line stays whole.
func Fold(text string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, ended := strings.CutSuffix(line, "\n")
		b.WriteString(strings.Join(foldLine(body, columns), "\n"))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func foldLine(line string, columns int) []string {
	if utf8.RuneCountInString(line) <= columns {
		return []string{line}
	}
	indent := hangingIndent(line, columns)
	if before, cmd, ok := commandIn(line); ok {
		shift := utf8.RuneCountInString(before)
		if shift > columns/2 { // a line of its own
			lines := foldLine(strings.TrimRight(before, " "), columns)
			return append(lines, indentedBy(indent, Command(cmd, columns-indent))...)
		}
		lines := indentedBy(shift, Command(cmd, columns-shift))
		lines[0] = before + strings.TrimLeft(lines[0], " ")
		return lines
	}
	first := line[:len(line)-len(strings.TrimLeft(line, " "))]
	head := ""
	if at := columnStart(line, columns); at > 0 {
		head = line[:at]
	} else {
		head = first
	}
	rest := Folded(line[len(head):], columns-utf8.RuneCountInString(head), columns-indent)
	out := indentedBy(indent, rest)
	out[0] = head + strings.TrimLeft(out[0], " ")
	return out
}

// hangingIndent is how far the second line of a line is indented.
func hangingIndent(line string, columns int) int {
	if at := columnStart(line, columns); at > 0 {
		return utf8.RuneCountInString(line[:at])
	}
	return len(line) - len(strings.TrimLeft(line, " ")) + 2
}

// columnStart is where the last column of a table begins in a line, in bytes: after
// two spaces or more, in the first half. 0 is no table.
func columnStart(line string, columns int) int {
	from := len(line) - len(strings.TrimLeft(line, " "))
	at := 0
	for i := from; i+2 < len(line) && utf8.RuneCountInString(line[:i]) < columns/2; i++ {
		if line[i] == ' ' && line[i+1] == ' ' && line[i+2] != ' ' {
			at = i + 2
		}
	}
	return at
}

// commandIn finds a command that ends a line: after an arrow, a word with a colon, or a
// prompt.
func commandIn(line string) (before, cmd string, ok bool) {
	for _, program := range []string{"reseal ", "aws "} {
		for _, mark := range []string{"→ ", ": ", "$ ", "  "} {
			i := strings.LastIndex(line, mark+program)
			if at := i + len(mark); i >= 0 && !prose(line[at:]) {
				return line[:at], line[at:], true
			}
		}
	}
	return "", "", false
}

// prose tells whether a text that begins with the name of a program goes on as a
// sentence.
func prose(text string) bool {
	parts := words(text, false) // what is in quotes is one
	stops := func(word string) bool { return strings.HasSuffix(word, ",") || strings.HasSuffix(word, ";") }
	return slices.ContainsFunc(parts, stops) || !strings.Contains(text, " -") && len(parts) > 4
}

func indentedBy(n int, lines []string) []string {
	for i := range lines {
		lines[i] = strings.Repeat(" ", n) + lines[i]
	}
	return lines
}

// Folding returns a writer that folds lines to the width of a terminal. To a file or a
// pipe they go as they are: what reads them there looks for whole lines.
func Folding(w io.Writer) io.Writer {
	_, told := w.(interface{ Columns() int })
	if f, is := w.(*os.File); !told && (!is || !term.IsTerminal(int(f.Fd()))) {
		return w
	}
	return &folding{w: w, columns: Columns(w)}
}

// folding keeps what has no line end yet until that comes.
type folding struct {
	w       io.Writer
	columns int
	begun   []byte
}

// Columns is described at the function Columns.
func (f *folding) Columns() int { return f.columns }

// Write implements io.Writer.
func (f *folding) Write(p []byte) (int, error) {
	f.begun = append(f.begun, p...)
	end := bytes.LastIndexByte(f.begun, '\n') + 1
	if _, err := io.WriteString(f.w, localized(Fold(string(f.begun[:end]), f.columns))); err != nil {
		return 0, err
	}
	f.begun = append(f.begun[:0], f.begun[end:]...)
	return len(p), nil
}
