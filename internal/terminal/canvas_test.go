package terminal

import (
	"strings"
	"testing"
)

// A frame fills a screen at most, is drawn over the one before, and clears nothing that
// it writes anew.
func TestFrame(t *testing.T) {
	c := &Canvas{Width: 80}
	c.WriteString("a\nb\nc\nd\n")
	if got, want := c.Frame(10, "… "), "\x1b[Ha\x1b[K\nb\x1b[K\nc\x1b[K\nd\x1b[K\n\x1b[J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := c.Frame(4, "… more"); strings.Count(got, "\n") != 3 || !strings.Contains(got, "b\x1b[K\n… ") {
		t.Errorf("4 rows: %q", got)
	}
}
