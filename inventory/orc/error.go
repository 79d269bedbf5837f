package orc

import (
	"errors"
	"fmt"
	"strings"
)

// The causes an [Error] wraps, besides errors of the underlying reader and of the context.
var (
	// ErrCorrupt: the bytes contradict themselves or the format.
	ErrCorrupt = errors.New("damaged file")
	// ErrUnsupported: the file uses a part of the format that this package does not read; the message names it.
	ErrUnsupported = errors.New("not supported")
	// ErrLimit: reading on would take more memory than Limits allows.
	ErrLimit = errors.New("over the limit")
)

// Error says where in the file reading ended, and why.
type Error struct {
	Op     string // what was being done, such as "read footer" or "decode length stream"
	Stripe int    // number of the stripe from 0, or -1
	Column string // name of the column, or ""
	Row    int64  // first row of the file, from 0, of the batch that was being read, or -1
	Offset int64  // byte of the file up to which the stream had been taken in, or -1
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("orc: ")
	if e.Stripe >= 0 {
		fmt.Fprintf(&b, "stripe %d: ", e.Stripe)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q: ", e.Column)
	}
	if e.Row >= 0 {
		fmt.Fprintf(&b, "batch at row %d: ", e.Row)
	}
	b.WriteString(e.Op)
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " near byte %d", e.Offset)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// failure makes an Error that knows no stripe, column, row or byte yet.
func failure(op string, err error) *Error {
	return &Error{Op: op, Stripe: -1, Row: -1, Offset: -1, Err: err}
}

// located fills in what the code that met err could not know. An err that is no Error yet becomes one with the given op.
func located(err error, op string, stripe int, column string, row int64) error {
	var e *Error
	if !errors.As(err, &e) {
		e = failure(op, err)
	}
	if e.Stripe < 0 {
		e.Stripe = stripe
	}
	if e.Column == "" {
		e.Column = column
	}
	if e.Row < 0 {
		e.Row = row
	}
	return e
}

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

func unsupported(format string, a ...any) error {
	return fmt.Errorf("%s %w", fmt.Sprintf(format, a...), ErrUnsupported)
}

func overLimit(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, a...))
}
