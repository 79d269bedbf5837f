package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/plan"
)

// Longest key and value of a tag, in UTF-16 units (Amazon S3 User Guide, object-tagging,
// read 2026-11-21).
const (
	longestTagKey   = 128
	longestTagValue = 256
)

// tagErrors refuses what no object can have: it would select nothing.
func tagErrors(tags []string) (errs []error) {
	values := map[string]string{}
	for _, tag := range tags {
		key, value, valued := plan.CutTag(tag)
		other, twice := values[key]
		switch {
		case key == "":
			errs = append(errs, fmt.Errorf("--tag %q: want KEY=VALUE, or KEY for any value", tag))
		case units(key) > longestTagKey || units(value) > longestTagValue:
			errs = append(errs, fmt.Errorf("--tag %q: no object has such a tag: a key has at most %d characters, a value %d", tag, longestTagKey, longestTagValue))
		case valued && twice && other != value:
			errs = append(errs, fmt.Errorf("--tag %s=%s and --tag %s=%s exclude each other: an object has one value for a key", key, other, key, value))
		}
		if valued {
			values[key] = value
		}
	}
	return errs
}

// tellUntagged says that no object had the tags of a job that is at its end: a mistyped
// one looks like a bucket with nothing to do, and shows only when all tags were read.
func tellUntagged(w io.Writer, made *job.Plan, t checkpoint.Totals) {
	filtered := t.Counters[job.CounterSkipped+string(plan.Filtered)]
	if len(made.Options.Tags) == 0 || filtered == 0 || job.Reencrypted(t) > 0 || t.Failed > 0 {
		return
	}
	fmt.Fprintf(w, "note: no object that was left to re-encrypt has %s; case matters in tags\n", allOf(made.Options.Tags))
}

func allOf(tags []string) string {
	var quoted []string
	for _, t := range tags {
		quoted = append(quoted, fmt.Sprintf("--tag %q", t))
	}
	return strings.Join(quoted, " and ")
}

func units(text string) int { return len(utf16.Encode([]rune(text))) }
