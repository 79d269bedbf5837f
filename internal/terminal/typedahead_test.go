//go:build linux || darwin

package terminal

import (
	"bytes"
	"io"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestTypedAheadIsNoAnswer: lines that were pasted together with the command are not what
// the question was answered with.
func TestTypedAheadIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, ahead := range []string{"reseal status ./job\n", "y\n", "half a line"} {
		person, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		typeIn(t, person, tty, ahead)
		done := make(chan struct{})
		go func() {
			defer close(done)
			var shown []byte
			for buf := make([]byte, 512); !bytes.HasSuffix(shown, []byte("[y/N] ")); {
				n, err := person.Read(buf)
				if err != nil {
					t.Error(err)
					return
				}
				shown = append(shown, buf[:n]...)
			}
			answer := "yes\n"
			if ahead == "y\n" {
				answer = "n\n"
			}
			if _, err := io.WriteString(person, answer); err != nil {
				t.Error(err)
			}
		}()
		yes, err := Ask(t.Context(), tty, tty, "Go on?")
		<-done
		if err != nil || yes == (ahead == "y\n") {
			t.Errorf("after %q: %v, %v", ahead, yes, err)
		}
		_, _ = person.Close(), tty.Close() // both were read to the end
	}
}

// typeIn types text at a terminal, and waits until it is there to be read, as far as
// there are whole lines in it.
func typeIn(t *testing.T, person io.Writer, tty interface{ Fd() uintptr }, text string) {
	t.Helper()
	if _, err := io.WriteString(person, text); err != nil {
		t.Fatal(err)
	}
	if text[len(text)-1] != '\n' {
		return
	}
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(tty.Fd()), Events: unix.POLLIN}}, 10_000); err != nil {
		t.Fatal(err)
	}
}
