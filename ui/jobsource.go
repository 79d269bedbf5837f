package ui

import (
	"context"
	"errors"
	"io/fs"
	"reflect"

	"reseal/control"
	"reseal/job"
	"reseal/job/status"
)

// JobSource reads a job, and the run of all of it, or of a share.
type JobSource struct {
	Jobs    job.Opener // of its later generations
	Store   job.Store
	Plan    *job.Plan
	Share   job.Share
	LogFile string // "" for none

	// Next is the command that is next, and what that does; it may be nil.
	Next func(*status.Status) (command, does string)

	agreed any // the generations of the chain that were held against their own records
}

// Snapshot implements Source.
func (j *JobSource) Snapshot(ctx context.Context) (*Document, error) {
	r, err := status.Look(ctx, j.Store, j.Plan, j.Share)
	if err != nil {
		return nil, err
	}
	if err := j.follow(ctx, r); err != nil {
		return nil, err
	}
	d := &Document{Status: r.Status(), History: &r.History}
	d.Runs, _ = job.Runs(ctx, j.Store) // without them the rest is as good
	if j.Next != nil {
		d.Next, d.Does = j.Next(d.Status)
	}
	d.Log, d.LogNote = j.log()
	return d, nil
}

// follow holds what the chain of the job says against the records of its generations, once
// for each chain.
func (j *JobSource) follow(ctx context.Context, r *status.Reading) error {
	if chain := r.Chain.Generations; !reflect.DeepEqual(j.agreed, chain) {
		if err := r.CheckChain(ctx, j.Jobs); err != nil {
			return err
		}
		j.agreed = chain
	}
	return nil
}

// log returns the last lines of the log, and what they are.
func (j *JobSource) log() (lines []string, note string) {
	if j.LogFile == "" {
		return nil, "The log of a job in a bucket is where its run is: on its stderr, or in the file of --log-file."
	}
	lines, err := LogTail(j.LogFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "There is no " + j.LogFile + "."
	case err != nil:
		return nil, "The log cannot be read: " + err.Error()
	}
	return lines, "The last lines of " + j.LogFile + "."
}

// Run implements Source.
func (j *JobSource) Run(ctx context.Context) *control.Status {
	return control.LiveStatus(ctx, job.Socket(j.Store.String(), j.Share))
}
