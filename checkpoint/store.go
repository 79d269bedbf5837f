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

	// Open returns the bytes of a result file. The caller closes it. A missing
	// one is an error that wraps fs.ErrNotExist.
	Open(ctx context.Context, name string) (io.ReadCloser, error)

	// List returns what lies directly in folder, in any order. A missing
	// folder is empty.
	List(ctx context.Context, folder string) ([]Info, error)

	// Folders returns the names of the folders directly in folder, in any order. A
	// missing folder has none.
	Folders(ctx context.Context, folder string) ([]string, error)
}

// Store is where a job keeps its state. Writing needs the lock; a method that
// returns an error may or may not have written, and may be called again with
// the same arguments.
type Store interface {
	Reader

	// Put replaces the document as one step and makes it durable, if its
	// version is still expect ("" where it must not exist); else it returns a
	// *ConflictError and changes nothing. A write whose answer was lost may take
	// effect later, while its condition still holds.
	Put(ctx context.Context, name string, data []byte, expect Version) (Version, error)

	// Lock takes the job for h, in the next epoch, without waiting for a live
	// process to end. A job that one holds is a *LockedError.
	Lock(ctx context.Context, h Holder) (*Lock, error)

	// Epoch is that of the lock, 0 while the job is not locked. The first holder
	// of a new job has 1.
	Epoch() uint64

	// Held asks the store whether the job is locked still, and returns why not. It
	// is a *ConflictError where another holder came.
	Held(ctx context.Context) error

	// TailBytes is how many bytes of packed result lines a state carries along,
	// written anew with each flush, until they become a file of their own.
	TailBytes() int
}

// Info is what List says of a stored document or result file.
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

	// Epoch is greater than that of every holder before.
	Epoch uint64

	release func(context.Context) error
}

// Release gives the job back. It may be called more than once.
func (l *Lock) Release() error { return l.GiveBack(context.Background()) }

// GiveBack does what Release does, and waits no longer than ctx for a store that gives
// no answer: then the job counts as held until the holder has been silent for long.
func (l *Lock) GiveBack(ctx context.Context) error {
	release := l.release
	l.release = nil
	if release == nil {
		return nil
	}
	return release(ctx)
}
