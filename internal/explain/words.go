// Package explain says what went wrong as a person would: an error into plain words,
// into what a service answered, for those who look it up, and into what to do next.
// What comes out fits a terminal: nothing in it can steer one.
package explain

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"reseal/engine"
	"reseal/internal/plain"
	"reseal/inventory"
	"reseal/report"
	"reseal/s3api"
)

// Words says what went wrong as a person would, with what there is to look it up
// by.
func Words(err error) string {
	text := err.Error()
	for _, e := range within(err) {
		text = strings.ReplaceAll(text, e.err.Error(), e.text)
	}
	return plain.Lines(s3api.PlainText(text))
}

// reworded is an error in a chain, and what is said in its place.
type reworded struct {
	err  error
	text string
}

// within finds the errors that err wraps and that have words of their own here.
func within(err error) (all []reworded) {
	switch e := err.(type) {
	case nil:
		return nil
	case *s3api.SetupError:
		if text := sentence(e); text != "" {
			return []reworded{{e, text + s3api.Reference(e.Err)}}
		}
	case *inventory.ManifestError: // which of the report's files was asked for first is no matter
		var setup *s3api.SetupError
		if errors.As(e.Err, &setup) {
			if text := sentence(setup); text != "" {
				return []reworded{{e, text + s3api.Reference(setup.Err)}}
			}
		}
		var path *fs.PathError
		if errors.As(e.Err, &path) {
			return []reworded{{e, pathWords(path)}}
		}
	case *fs.PathError:
		return []reworded{{e, pathWords(e)}}
	case *engine.BreakerError:
		var object *engine.ObjectError
		if errors.As(e.Err, &object) && object.Class == engine.Denied && e.Seen > 1 {
			return []reworded{{e, fmt.Sprintf("stopped, as access to %s was denied and none could be done: %v", report.Plural(e.Seen, "object"), e.Err)}}
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return within(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, within(one)...)
		}
	}
	return all
}

// bucketOf is the bucket of a subject, which may be a key in it.
func bucketOf(subject string) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(subject, "s3://"), "/")
	return bucket
}
