package terminal

import (
	"errors"
	"io"
	"syscall"
)

// unbroken is a writer of which the reader may go away: what nobody reads any more
// counts as written, so that no work ends for it. Other errors stay.
type unbroken struct{ out io.Writer }

// Unbroken returns such a writer, which is as wide as what it writes to.
func Unbroken(out io.Writer) io.Writer {
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

// unread tells whether output could not be written as nobody reads it any more: a
// pipe or a terminal that was closed.
func unread(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) }
