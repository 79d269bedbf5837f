package main

import (
	"errors"
	"fmt"
	"io/fs"

	"reseal/console"
	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/job"
)

// goneTableError is a job whose table, or a file of it, is no more: its rows cannot be
// read again.
type goneTableError struct {
	err  error
	next string
}

func (e *goneTableError) Error() string {
	return fmt.Sprintf("%v; a table removes the metadata and files of old snapshots, and this job cannot be verified any more; what it did stays done, and recorded", e.err)
}

func (e *goneTableError) Unwrap() error { return e.err }

// Next is a command that still shows how the objects are.
func (e *goneTableError) Next() string { return e.next }

// goneTable is err of opening the report of a job, with the command that still helps
// where its table is gone: a plan by the table as it is now says what is under the key.
func goneTable(dir string, made *job.Plan, err error) error {
	if !errors.As(err, new(*inventory.TableError)) || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if made.Table == nil || made.Table.Name == "" {
		return &goneTableError{err, console.OnJob("report", dir)}
	}
	return &goneTableError{err, fmt.Sprintf("reseal plan --manifest %s --sse-kms-key-id %s", shell.Word(made.Table.Name), shell.Word(made.Options.KMSKeyID))}
}
