package parquet

import (
	"errors"
	"fmt"
	"strings"
)

// The causes that an Error wraps, besides errors of the reader and the context.
var (
	ErrCorrupt     = errors.New("damaged file")   // the bytes contradict themselves or the format
	ErrUnsupported = errors.New("not supported")  // a part of the format that is not read; the message names it
	ErrLimit       = errors.New("over the limit") // reading on would take more than Options.Memory
	errShort       = errors.New("ends too early") // bytes run out in the middle of something
)

// Error says where in a file reading ended, and why.
type Error struct {
	Column string // "" where no column was being read
	Row    int64  // first row, from 0, of the batch that was being read; -1 where none was
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("parquet: ")
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q: ", e.Column)
	}
	if e.Row >= 0 {
		fmt.Fprintf(&b, "batch at row %d: ", e.Row)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FractionError says that a decimal is no whole number. The file is as it should be; what
// is in it is not what is wanted.
type FractionError struct {
	Value string // without the point
	Scale int    // digits behind the point
}

func (e *FractionError) Error() string {
	return fmt.Sprintf("%s with %d digits behind the point is no whole number: have the query round it, or cast it to BIGINT", e.Value, e.Scale)
}

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

func unsupported(format string, a ...any) error {
	return fmt.Errorf("%s %w", fmt.Sprintf(format, a...), ErrUnsupported)
}
