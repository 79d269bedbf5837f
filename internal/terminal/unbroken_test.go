package terminal

import (
	"io"
	"syscall"
	"testing"
)

// A reader that goes away is no error, and the width of its terminal stays.
func TestUnbroken(t *testing.T) {
	if n, err := (unbroken{failing{syscall.EPIPE}}).Write([]byte("abc")); n != 3 || err != nil {
		t.Errorf("a broken pipe: %d, %v", n, err)
	}
	if _, err := (unbroken{failing{io.ErrShortWrite}}).Write([]byte("abc")); err == nil {
		t.Error("another error was swallowed")
	}
	if wide, told := Unbroken(columns(70)).(interface{ Columns() int }); !told || wide.Columns() != 70 {
		t.Error("the width of the terminal is lost")
	}
	if _, told := Unbroken(failing{}).(interface{ Columns() int }); told {
		t.Error("a pipe has a width")
	}
}

// columns is a terminal that is so wide.
type columns int

func (c columns) Columns() int { return int(c) }

func (columns) Write(p []byte) (int, error) { return len(p), nil }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
