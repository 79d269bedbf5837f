package main

import (
	"context"
	"errors"
	"io"

	"reseal/console"
	"reseal/migrate"
	"reseal/preflight"
)

// tellDenied reports each prefix that a run left as access is denied there, with the
// statement that denies where that can be known from here. Retry is the command for those
// that failed, "" where none has.
func tellDenied(ctx context.Context, w io.Writer, e *preflight.Environment, runErr error, retry string) {
	var left *migrate.UnfinishedError
	if !errors.As(runErr, &left) {
		return
	}
	c := &preflight.Checker{Client: e.Client, Options: e.Policy.Options, Facts: e.Policy.Facts}
	var all []console.Denial
	for _, d := range left.Denied {
		one := console.Denial{Prefix: d.Prefix, Tried: d.Tried(), Answer: d.Err.Words()}
		one.Who, one.Err = c.WhoDenies(ctx, d.Err.Key)
		all = append(all, one)
	}
	console.Denials(w, all, retry)
}
