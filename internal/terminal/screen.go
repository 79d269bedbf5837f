package terminal

import (
	"io"
	"os"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"reseal/internal/plain"
)

// Screen is where a command explains itself while its last line may be a passing
// one, such as a bar: whatever is printed first clears that, and it comes back
// below when it is shown again. Elsewhere than on a terminal nothing passes, and
// a Screen is just the writer it was made of. Safe for concurrent use.
type Screen struct {
	out      io.Writer
	terminal bool // one on which a line can be drawn anew
	ascii    bool // signs are written by ASCII

	mu      sync.Mutex
	passing bool // the last line is one that passes
}

// NewScreen returns a screen that writes to out.
func NewScreen(out io.Writer) *Screen {
	out = Bare(out)
	return &Screen{out: out, terminal: Is(out) && os.Getenv("TERM") != "dumb", ascii: ASCIILocale(os.LookupEnv)}
}

// NewTerminal returns a screen that takes out for a terminal, whatever it is: for what is
// drawn to be looked at elsewhere.
func NewTerminal(out io.Writer) *Screen { return &Screen{out: out, terminal: true} }

// Drawable tells whether the screen shows passing lines.
func (s *Screen) Drawable() bool { return s.terminal }

// clearLine returns to the beginning of the line and empties it.
const clearLine = "\r\x1b[K"

// Write implements io.Writer. What nobody reads any more is no error.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	text := plain.Lines(string(p))
	if s.terminal { // else a line of a log is one line
		text = s.signs(Fold(text, Columns(s.out)))
	}
	if _, err := io.WriteString(unbroken{s.out}, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// signs is a text as the screen can show it.
func (s *Screen) signs(text string) string {
	if s.ascii {
		return InASCII(text)
	}
	return text
}

// Show replaces the passing line. A line longer than the terminal would be one
// that cannot be cleared, so it is cut.
func (s *Screen) Show(line string) {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passing = true
	_, _ = io.WriteString(s.out, clearLine+Cut(s.signs(plain.Text(line)), s.Width())) // a terminal that cannot be written to is no reason to stop a run
}

// Clear takes the passing line away.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

// wipe is Clear with the lock held.
func (s *Screen) wipe() {
	if s.passing {
		s.passing = false
		_, _ = io.WriteString(s.out, clearLine)
	}
}

// Width is how many columns a line may have: the last one stays empty, as some
// terminals go to the next line once it is filled.
func (s *Screen) Width() int {
	if f, ok := s.out.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 1 {
			return columns - 1
		}
	}
	return 79
}

// Cut returns the first columns of a line. What is shown here has one column a
// rune.
func Cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	return string([]rune(line)[:columns])
}
