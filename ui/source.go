package ui

import (
	"context"
	"time"

	"reseal/control"
	"reseal/job"
	"reseal/job/status"
)

// Source reads the job that a page shows. Its methods are called from one goroutine.
type Source interface {
	// Snapshot reads the job as it is now.
	Snapshot(ctx context.Context) (*Document, error)
	// Run is how the run that is on does, nil where none gives an answer. It is called
	// once a second, and must be cheap.
	Run(ctx context.Context) *control.Status
}

// Document is a job at some instant, as it was read.
type Document struct {
	Status  *status.Status
	History *job.History // of all its runs
	Runs    []job.Run    // first to last
	Log     []string     // its last lines
	LogNote string       // where the log is, or why there is none
	Next    string       // the command that is next, "" for none
	Does    string       // what that does
}

// Pace is how often a job is read while somebody looks at its page. A read takes up at
// most a twentieth of the time, however long it takes.
type Pace struct {
	Every time.Duration // between two reads, at least
}

// after is how long to wait after a read that took so long.
func (p Pace) after(took time.Duration) time.Duration { return max(p.Every, 19*took) }
