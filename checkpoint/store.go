package checkpoint

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// Version names one content of a stored document. The zero value says that
// there is none.
type Version string

// Reader reads what a job has stored. It may be used by several goroutines at
// once, and while another process runs the job.
//
// Names are made by this package and its callers, never taken from a report:
// one or two elements of lower-case letters, digits, '-', '_' and '.', joined
// by a slash.
type Reader interface {
	// Get returns a document and its version. A missing one is an error that
	// wraps fs.ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, Version, error)

	// Open returns the bytes of a result segment. The caller closes it. A
	// missing one is an error that wraps fs.ErrNotExist.
	Open(ctx context.Context, name string) (io.ReadCloser, error)

	// List returns what lies directly in folder, in any order. A missing
	// folder is empty.
	List(ctx context.Context, folder string) ([]Info, error)
}

// Store is where a job keeps its state. Writing needs the lock; a method that
// returns an error may or may not have written, and may be called again with
// the same arguments.
type Store interface {
	Reader

	// Put replaces the document as one step and makes it durable, if its
	// version is still expect ("" where it must not exist); else it returns a
	// *ConflictError and changes nothing.
	Put(ctx context.Context, name string, data []byte, expect Version) (Version, error)

	// Append writes data at offset of a result segment, discards whatever was
	// at or behind offset, and makes it durable. A segment shorter than offset
	// is a *ShortError.
	Append(ctx context.Context, name string, offset int64, data []byte) error

	// SegmentBytes is the size in bytes from which on a result segment is not
	// appended to any more; 0 where a segment cannot be appended to at all.
	SegmentBytes() int64

	// Lock takes the job for h without waiting for a live process to end. A job
	// that one holds is a *LockedError.
	Lock(ctx context.Context, h Holder) (*Lock, error)
}

// Info is what List says of a stored document or result segment.
type Info struct {
	Name string // with its folder
	Size int64  // bytes
}

// Holder is who holds a lock.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Command string    `json:"command"`
}

// Self is this process as a holder that runs command. The host is "" where
// the system does not tell it.
func Self(command string) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return Holder{PID: os.Getpid(), Host: host, Started: time.Now().UTC().Truncate(time.Second), Command: command}
}

// String describes the holder for people. What it prints came from a file, so
// it is quoted.
func (h Holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %q, running %q since %s", h.PID, h.Host, h.Command, h.Started.Format(time.RFC3339))
}

// Lock is a job that is held by this process.
type Lock struct {
	// Previous is the process that died while it held the job, nil where the
	// job was given back in order.
	Previous *Holder

	release func() error
}

// Release gives the job back. It may be called more than once.
func (l *Lock) Release() error {
	release := l.release
	l.release = nil
	if release == nil {
		return nil
	}
	return release()
}
