package inventory

import "fmt"

// Batch is a run of consecutive records of one segment.
type Batch struct {
	Segment int      // index into the segments that were asked for
	Records []Record // valid until the next batch is asked for; strings in them may be kept

	// End is set on the last batch of a segment (which may have no records):
	// the segment was read to its end, Rows says how many rows it has, counted
	// from Segment.First as it was asked for.
	End  bool
	Rows int64

	// Err is set instead of End where the segment cannot be read any further:
	// a *FileError. The other segments go on.
	Err error
}

// FileError says that a data file, or the rest of it, cannot be used. Rows of it
// that were handed out before the error are right: they were read from bytes
// whose checksum had been verified.
type FileError struct {
	File int    // index in the manifest
	Name string // object key or path of the data file
	Row  int64  // the row at which reading stopped, from 0; -1 before any row

	// Unavailable says that the bytes could not be had: the file is missing, not
	// allowed to be read, was replaced, or every attempt to fetch it broke. What
	// could be wrong with the bytes themselves was not even looked at, and
	// another try later may go well.
	Unavailable bool

	Err error
}

// Error names the file, and the row where one is known (counted from 1, as
// people and editors count).
func (e *FileError) Error() string {
	if e.Row < 0 {
		return fmt.Sprintf("inventory file %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("inventory file %s, row %d: %v", e.Name, e.Row+1, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
