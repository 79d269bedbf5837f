package inventory

import (
	"errors"
	"fmt"
	"strings"
)

// ErrChanged is what a Source answers when an object no longer has the ETag
// that was asked for: it was replaced while it was being read.
var ErrChanged = errors.New("replaced while it was being read")

// ErrUnanswered is what a Source answers when it got no answer, or none but that
// the service is failing or the credentials have expired: another time it may.
var ErrUnanswered = errors.New("not to be had for now")

// ErrNoChecksum says that there is no manifest.checksum beside manifest.json.
// S3 writes it last: the delivery of the report is not finished, or the file
// was not copied along.
var ErrNoChecksum = errors.New("manifest.checksum is missing, so the report may not be complete")

// ErrNotManifest says that a document is JSON, or not even that, but not the
// manifest of an S3 Inventory report.
var ErrNotManifest = errors.New("not the manifest of an S3 Inventory report")

// NoReportError says that no complete report was found. It is ErrNoReport.
type NoReportError struct {
	Below string // location that was looked below, "" where that is not known
	Why   error  // what is wrong with the newest one, nil where there is none at all

	Results bool // the files there could be the result of a query
}

func (e *NoReportError) Error() string {
	text := ErrNoReport.Error()
	if e.Below != "" {
		text += " below " + e.Below
	}
	if e.Why != nil {
		text += ": " + e.Why.Error()
	}
	return text
}

// Is tells that it is ErrNoReport.
func (e *NoReportError) Is(target error) bool { return target == ErrNoReport }

// Unwrap returns what is wrong with the newest report.
func (e *NoReportError) Unwrap() error { return e.Why }

// UnlikeError says that a file is neither a report nor a list of objects. It is
// ErrNotManifest.
type UnlikeError struct {
	Name  string
	Empty bool // it would be a list, and nothing is in it
}

func (e *UnlikeError) Error() string {
	if e.Empty {
		return e.Name + ": the list is empty"
	}
	return e.Name + " is neither the manifest.json of a report nor a list of objects, whose lines are bucket,key"
}

// Is tells that it is ErrNotManifest.
func (e *UnlikeError) Is(target error) bool { return target == ErrNotManifest }

// ResultLikeError says that what was to be a report or a list looks like the result of a
// query, whose columns have to be named. It is ErrNotManifest.
type ResultLikeError struct {
	Name string
	What string // it is
}

func (e *ResultLikeError) Error() string {
	return e.Name + " " + e.What + ": neither the manifest.json of a report nor a list of bucket,key lines"
}

// Is tells that it is ErrNotManifest.
func (e *ResultLikeError) Is(target error) bool { return target == ErrNotManifest }

// ManifestError says that the manifest called Name cannot be used.
type ManifestError struct {
	Name string
	Err  error
}

func (e *ManifestError) Error() string {
	return fmt.Sprintf("inventory manifest %s: %v", e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *ManifestError) Unwrap() error { return e.Err }

// ChecksumError says that bytes do not have the MD5 that was promised for them.
type ChecksumError struct {
	Want, Got string // 32 hexadecimal digits, lower case
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("MD5 is %s, want %s", e.Got, e.Want)
}

// SizeError says that a data file does not have the size that the manifest
// promises.
type SizeError struct {
	Want, Got int64 // bytes; Got may be the least it can be
}

func (e *SizeError) Error() string { return fmt.Sprintf("size is %d bytes, want %d", e.Got, e.Want) }

// RowsError says that a data file claims more rows than its bytes can hold if they
// differ, as those of a report do. Reading them could take for ever.
type RowsError struct {
	Rows, Most int64 // claimed, and believed of a file of Size
	Size       int64 // bytes
}

func (e *RowsError) Error() string {
	return fmt.Sprintf("claims %d rows in %d bytes, and a report has %d in as many at most: the file is damaged, or made to keep readers busy", e.Rows, e.Size, e.Most)
}

// FormatError names a fileFormat that is none of CSV, ORC and Parquet.
type FormatError struct{ Format string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("format %q is not supported (CSV, ORC and Parquet are)", e.Format)
}

// SchemaError says that a report or a data file lacks columns without which
// nothing can be done, or has them in a shape that cannot be read.
type SchemaError struct {
	Missing []Column // required columns that are not there
	Reason  string   // what else is wrong; "" where only columns are missing
}

func (e *SchemaError) Error() string {
	if len(e.Missing) == 0 {
		return "schema: " + e.Reason
	}
	names := make([]string, len(e.Missing))
	for i, c := range e.Missing {
		names[i] = c.String()
	}
	return "required column missing: " + strings.Join(names, ", ")
}

// PanicError is a panic of a decoder on a damaged file, caught.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("decoder panicked: %v", e.Value) }

// rowError carries the row at which a decoder had to stop.
type rowError struct {
	row int64
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d: %v", e.row+1, e.err) }
func (e *rowError) Unwrap() error { return e.err }
