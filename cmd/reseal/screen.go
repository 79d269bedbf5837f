package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"reseal/internal/plain"
	"reseal/report"
)

// screen is where a command explains itself while its last line may be a passing
// one, such as a bar: whatever is printed first clears that, and it comes back
// below when it is shown again. Elsewhere than on a terminal nothing passes, and
// a screen is just the writer it was made of. Safe for concurrent use.
type screen struct {
	out      io.Writer
	terminal bool // one on which a line can be drawn anew
	ascii    bool // signs are written by ASCII

	mu      sync.Mutex
	passing bool // the last line is one that passes
}

func newScreen(out io.Writer) *screen {
	out = bare(out)
	return &screen{out: out, terminal: isTerminal(out) && os.Getenv("TERM") != "dumb", ascii: report.ASCIILocale(os.LookupEnv)}
}

// clearLine returns to the beginning of the line and empties it.
const clearLine = "\r\x1b[K"

// Write implements io.Writer. What nobody reads any more is no error.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	text := plain.Lines(string(p))
	if s.terminal { // else a line of a log is one line
		text = s.signs(report.Fold(text, report.Columns(s.out)))
	}
	if _, err := io.WriteString(unbroken{s.out}, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// signs is a text as the screen can show it.
func (s *screen) signs(text string) string {
	if s.ascii {
		return report.InASCII(text)
	}
	return text
}

// unbroken is a writer of which the reader may go away: what nobody reads any more
// counts as written, so that no work ends for it. Other errors stay.
type unbroken struct{ out io.Writer }

// newUnbroken returns such a writer, which is as wide as what it writes to.
func newUnbroken(out io.Writer) io.Writer {
	if wide, told := out.(interface{ Columns() int }); told {
		return unbrokenColumns{unbroken{out}, wide}
	}
	return unbroken{out}
}

// unbrokenColumns is an unbroken writer of which the width is known.
type unbrokenColumns struct {
	unbroken
	wide interface{ Columns() int }
}

// Columns is how many columns a line has.
func (u unbrokenColumns) Columns() int { return u.wide.Columns() }

// Write implements io.Writer.
func (u unbroken) Write(p []byte) (int, error) {
	n, err := u.out.Write(p)
	if unread(err) {
		return len(p), nil
	}
	return n, err
}

// show replaces the passing line. A line longer than the terminal would be one
// that cannot be cleared, so it is cut.
func (s *screen) show(line string) {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passing = true
	_, _ = io.WriteString(s.out, clearLine+cut(s.signs(plain.Text(line)), s.width())) // a terminal that cannot be written to is no reason to stop a run
}

// clear takes the passing line away.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

// wipe is clear with the lock held.
func (s *screen) wipe() {
	if s.passing {
		s.passing = false
		_, _ = io.WriteString(s.out, clearLine)
	}
}

// width is how many columns a line may have: the last one stays empty, as some
// terminals go to the next line once it is filled.
func (s *screen) width() int {
	if f, ok := s.out.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 1 {
			return columns - 1
		}
	}
	return 79
}

// cut returns the first columns of a line. What is shown here has one column a
// rune.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	return string([]rune(line)[:columns])
}

// bar draws part of whole in so many columns. The library's percent is left out, as it
// has no decimal, and its rate and clock know nothing of earlier runs and pauses.
func bar(part, whole int64, columns int) string {
	b := progressbar.NewOptions64(whole,
		progressbar.OptionSetWriter(io.Discard), // only a screen knows when its line may be drawn
		progressbar.OptionSetWidth(columns),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerHead: "█", SaucerPadding: "░"}),
	)
	_ = b.Set64(min(part, whole)) // can only fail to write
	_, drawn, _ := strings.Cut(strings.TrimSpace(b.String()), " ")
	return fmt.Sprintf("%-*s", columns, drawn)
}
