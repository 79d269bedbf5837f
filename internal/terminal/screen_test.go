package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A passing line never fills the line of the terminal, which would go on by one.
func TestPassingLinesAreCut(t *testing.T) {
	var out bytes.Buffer
	s := NewTerminal(&out)
	for columns := range 130 {
		s.Show(Cut(strings.Repeat("█", 200), columns))
	}
	for line := range strings.SplitSeq(out.String(), clearLine) {
		if n := utf8.RuneCountInString(line); n > s.Width() {
			t.Errorf("a line of %d columns where there are %d", n, s.Width())
		}
	}
}

// What is said while a bar is shown stands on a line of its own, and no bar stays
// above it.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := NewTerminal(&out)
	s.Show("bar 1")
	s.Show("bar 2")
	fmt.Fprintln(s, "said")
	s.Show("bar 3")
	s.Clear()
	s.Clear()
	fmt.Fprintln(s, "last")
	if got, want := out.String(), clearLine+"bar 1"+clearLine+"bar 2"+clearLine+"said\n"+clearLine+"bar 3"+clearLine+"last\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	s = NewScreen(&out) // no terminal
	s.Show("bar")
	fmt.Fprintln(s, "said")
	s.Clear()
	if got := out.String(); got != "said\n" {
		t.Errorf("elsewhere than on a terminal: %q", got)
	}
}
