// Package job turns a folder or prefix into a job and back: its plan, the options it
// was told and by whom, its runs, their history and notes, and its shares.
//
// The documents stand beside the state of the job and go through the same store.
// plan.json is what the job is bound to. options.json holds the options that were
// given after that. runs.json holds its runs, history.json
// what they did, and spending.json what they have cost at most. Those of a share are in
// runs/I-of-N.json, history/I-of-N.json and spending/I-of-N.json.
package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"reseal/checkpoint"
)

// attempts is how often a document is read and written again where somebody else
// wrote it in between.
const attempts = 5

// VersionError is a document of a format that this program does not know.
type VersionError struct {
	Name    string
	What    string // the version is of: its format, where it is ""
	Version int    // of the document
	Known   int    // by this program, at most
}

// Error names the document and both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by a newer reseal: it has %s %d, and this program knows %d at most; use the program that wrote it", e.Name, cmp.Or(e.What, "format"), e.Version, e.Known)
}

// format is the version of options.json and runs.json that this program writes.
const format = 1

// read reads a document into v, which stays as it is where there is none.
func read(ctx context.Context, store checkpoint.Reader, name string, v any) (checkpoint.Version, error) {
	data, version, err := store.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return version, fmt.Errorf("read %s: %w", name, err)
	}
	if head.Version > format {
		return version, &VersionError{Name: name, Version: head.Version, Known: format}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return version, fmt.Errorf("read %s: %w", name, err)
	}
	return version, nil
}

// write writes a document, if it still is the version that was read.
func write(ctx context.Context, store checkpoint.Store, name string, v any, was checkpoint.Version) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	_, err = store.Put(ctx, name, append(data, '\n'), was)
	return err
}

// conflicts tells whether somebody else wrote a document in between.
func conflicts(err error) bool {
	var c *checkpoint.ConflictError
	return errors.As(err, &c)
}
