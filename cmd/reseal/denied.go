package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"reseal/internal/explain"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/report"
)

// tellDenied reports each prefix that a run left as access is denied there: one
// finding for all of its objects, with the statement that denies where that can be
// known from here. Retry is the command for those that failed, "" where none has.
func tellDenied(ctx context.Context, w io.Writer, e *preflight.Environment, runErr error, retry string) {
	var left *migrate.UnfinishedError
	if !errors.As(runErr, &left) {
		return
	}
	c := &preflight.Checker{Client: e.Client, Options: e.Policy.Options, Facts: e.Policy.Facts}
	for _, d := range left.Denied {
		fmt.Fprintf(w, "denied below %q: %s tried and denied, the rest of the prefix put off\n", d.Prefix, report.Plural(d.Tried(), "object"))
		fmt.Fprintf(w, "  the last answer: %s\n", d.Err.Words())
		said, err := c.WhoDenies(ctx, d.Err.Key)
		for _, s := range said {
			fmt.Fprintf(w, "  %s\n", s)
		}
		switch {
		case err != nil:
			fmt.Fprintf(w, "  the bucket's policy cannot be read, so who denies it is not known: %s\n", explain.Words(err))
		case len(said) == 0:
			fmt.Fprintln(w, "  the bucket's policy does not deny it: look at the caller's own policies, the key's and the organization's")
		}
	}
	if len(left.Denied) > 0 {
		fmt.Fprintln(w, "Nothing else waits for that. Once it is mended, the same command does the rest; left as it is, nothing happens to these objects.")
		if retry != "" {
			fmt.Fprintf(w, "Those that failed before the prefix was found out: %s\n", retry)
		}
	}
}
