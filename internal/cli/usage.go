// Package cli turns what a user types, and has set in the environment or in a file, into
// the values of flags, or into what is wrong with it and what may have been meant. It
// also shows which commands and flags there are: as help in groups, as completion for a
// shell, and as man pages. It knows no command and no flag of the program.
package cli

import "fmt"

// UsageError is a command line that makes no sense.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError, as fmt.Errorf makes an error.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }
