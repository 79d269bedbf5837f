// Package known turns the jobs that this machine has seen into a refusal of those that
// show something else since.
//
// Whoever can write the folder or prefix of a job can write another plan into it, with
// hashes that match. So what a job is bound to is kept outside of it as well, in a file
// of the user's, as SSH keeps the keys of hosts. What a job showed here first is what it
// has to show from then on.
package known

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// AWS is what AWS's own endpoints are called, in whatever Region.
const AWS = "AWS"

// seenEvery is how exact the time is that a job was last seen at. The file is not written
// for less.
const seenEvery = 24 * time.Hour

// Pin is what a job has to show again.
type Pin struct {
	Plan   string `json:"plan_sha256"` // of the whole document
	Bucket string `json:"bucket"`
	SSE    string `json:"sse"`
	Key    string `json:"kms_key_id,omitempty"`
}

// Named is a value that comes from the job, or from the user. What the user names is
// right, and known from then on.
type Named struct {
	Value  string
	ByUser bool
}

// Job is a job as it shows itself now.
type Job struct {
	Name  string // as the user gave it
	Place string // see PlaceOf
	Pin
	Endpoint Named // URL that S3 is asked at, or AWS
	Owner    Named // account that has to own the bucket, "" for the caller's
}

// Met is what is known of a job that was not refused.
type Met struct {
	New        bool      // never seen here before
	First      time.Time // that it was seen here
	Unrecorded error     // why what is new of it could not be recorded
	Outdated   bool      // a record of another job in this place stands, which refuses this one
}

// PlaceOf returns the place of a job as the file has it: the path of its folder, without
// links where it is there; or its address, with the server that this is on.
func PlaceOf(name, endpoint string) (string, error) {
	if rest, ok := strings.CutPrefix(name, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		place := "s3://" + bucket + "/" + strings.Trim(prefix, "/")
		if endpoint != AWS {
			place += " at " + endpoint
		}
		return place, nil
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

// Meet compares a job with what is known of it. One that shows something else is a
// *DifferentError, a file that cannot be believed a *FileError. With record, what is new
// of the job is written down.
func (f File) Meet(ctx context.Context, j *Job, record bool) (Met, error) {
	now := time.Now().UTC()
	known, err := f.read()
	if err != nil {
		return unrecorded(Met{New: true, First: now}, err)
	}
	met, changed, err := known.meet(j, now)
	if err != nil || !changed || !record {
		return unrecorded(met, err)
	}
	err = f.change(ctx, func(c *contents) error { // another process may have changed it
		met, _, err = c.meet(j, now)
		return err
	})
	return unrecorded(met, err)
}

// Made writes down a job that this process has just made. It takes the place of one that
// was there before.
func (f File) Made(ctx context.Context, j *Job) (Met, error) {
	now := time.Now().UTC()
	err := f.change(ctx, func(c *contents) error {
		c.forget(j.Place)
		_, _, err := c.meet(j, now)
		return err
	})
	met := Met{New: true, First: now}
	if err != nil {
		met.Outdated = f.differs(j, now)
	}
	return unrecorded(met, err)
}

// differs tells whether a record stands that refuses the job.
func (f File) differs(j *Job, now time.Time) bool {
	known, err := f.read()
	if err != nil {
		return false
	}
	_, _, err = known.meet(j, now)
	return errors.As(err, new(*DifferentError))
}

// Forget takes a job out of the file. It tells whether it was there.
func (f File) Forget(ctx context.Context, place string) (was bool, err error) {
	err = f.change(ctx, func(c *contents) error {
		was = c.forget(place)
		return nil
	})
	return was, err
}

// unrecorded leaves it to the caller what to make of a file that could not be read or
// written. What refuses the job stays an error.
func unrecorded(met Met, err error) (Met, error) {
	if errors.As(err, new(*DifferentError)) || errors.As(err, new(*FileError)) {
		return Met{}, err
	}
	met.Unrecorded = err
	return met, nil
}

// Difference is one thing that a job shows otherwise than at first.
type Difference struct {
	Name       string
	First, Now string
}

// DifferentError is a job that shows something else than it showed here first.
type DifferentError struct {
	Name        string // of the job, as the user gave it
	Place       string
	First       time.Time
	Differences []Difference
}

// Error names what differs, each value on a line of its own.
func (e *DifferentError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the job in %s is not as this machine first saw it; nothing was sent", e.Name)
	fmt.Fprintf(&b, "\nFirst seen here: %s", e.First.UTC().Format("2006-01-02 15:04:05 UTC"))
	for _, d := range e.Differences {
		fmt.Fprintf(&b, "\n%s\n  first %s\n  now   %s", d.Name, d.First, d.Now)
	}
	return b.String()
}

// differences names what of a job is not as it was recorded.
func (r *record) differences(j *Job) (all []Difference) {
	differ := func(name, first, now string) {
		if first != now {
			all = append(all, Difference{name, first, now})
		}
	}
	differ("encryption", r.SSE, j.SSE)
	differ("KMS key", r.Key, j.Key)
	differ("bucket", r.Bucket, j.Bucket)
	if len(all) == 0 {
		differ("what else the plan says, as its SHA-256", r.Plan, j.Plan)
	}
	if !j.Endpoint.ByUser && !slices.Contains(r.Endpoints, j.Endpoint.Value) {
		differ("where requests go", strings.Join(r.Endpoints, ", "), j.Endpoint.Value)
	}
	if !j.Owner.ByUser && !slices.Contains(r.Owners, j.Owner.Value) {
		differ("account that has to own the bucket", accounts(r.Owners), accounts([]string{j.Owner.Value}))
	}
	return all
}

// accounts spells out accounts for people.
func accounts(ids []string) string {
	words := slices.Clone(ids)
	for i, id := range words {
		if id == "" {
			words[i] = "the caller's"
		}
	}
	return strings.Join(words, ", ")
}
