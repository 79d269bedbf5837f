package simulator

import (
	"strings"
	"time"
)

// etagMatches compares a condition (an ETag with or without quotes, a list of them, or *) with an ETag.
func etagMatches(condition, etag string) bool {
	for one := range strings.SplitSeq(condition, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || strings.Trim(one, `"`) == etag {
			return true
		}
	}
	return false
}

// check applies conditions on what is read (S3 API Reference, GetObject and CopyObject, read 2026-11-21): a true If-Match
// makes If-Unmodified-Since void, and an If-None-Match makes If-Modified-Since void. prefix is that of the header names
// in the error. S3 answers 412 for copies where reads answer 304.
func (r *ReadConditions) check(v *version, prefix string, notModified int) *Error {
	switch {
	case r.IfMatch != "":
		if !etagMatches(r.IfMatch, v.etag) {
			return preconditionFailed(prefix + "If-Match")
		}
	case !r.IfUnmodifiedSince.IsZero() && v.modified.After(r.IfUnmodifiedSince):
		return preconditionFailed(prefix + "If-Unmodified-Since")
	}
	var header string
	switch {
	case r.IfNoneMatch != "":
		if etagMatches(r.IfNoneMatch, v.etag) {
			header = "If-None-Match"
		}
	case !r.IfModifiedSince.IsZero() && !v.modified.After(r.IfModifiedSince.Truncate(time.Second)):
		header = "If-Modified-Since"
	}
	switch {
	case header == "":
		return nil
	case notModified == 304:
		e := fail(304, "NotModified", "Not Modified")
		e.Condition, e.ETag = header, v.etag
		return e
	}
	return preconditionFailed(prefix + header)
}

// checkWrite applies conditions on what a write replaces (S3 User Guide, conditional-writes, read 2026-11-21).
func (c *call) checkWrite(conds *WriteConditions, current *version) *Error {
	if conds.IfMatch == "" && conds.IfNoneMatch == "" || c.w.knobs.IgnoreDestinationConditions {
		return nil
	}
	if c.req.Unsigned {
		return invalidRequest("Conditional requests require AWS Signature Version 4.")
	}
	exists := current != nil && !current.marker
	if conds.IfNoneMatch != "" {
		if strings.Trim(conds.IfNoneMatch, `"`) != "*" || conds.IfMatch != "" {
			return fail(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
		}
		if exists {
			return preconditionFailed("If-None-Match")
		}
		return nil
	}
	if !exists {
		return noSuchKey()
	}
	if !etagMatches(conds.IfMatch, current.etag) {
		return preconditionFailed("If-Match")
	}
	return nil
}

// A sighting is what a conditional write saw when it began.
type sighting struct {
	seq   uint64
	there bool
}

func sight(current *version) sighting {
	if current == nil || current.marker {
		return sighting{}
	}
	return sighting{seq: current.seq, there: true}
}

// checkAgain applies the conditions once more when the write commits. A delete that came between is a conflict; another
// write fails If-Match, unless its ETag is the same: that is the gap S3 leaves.
func (c *call) checkAgain(conds *WriteConditions, seen sighting, current *version) *Error {
	if conds.IfMatch == "" && conds.IfNoneMatch == "" || c.w.knobs.IgnoreDestinationConditions {
		return nil
	}
	now := sight(current)
	if now == seen {
		return nil
	}
	if seen.there && !now.there || c.w.knobs.ConflictOnConcurrentWrite {
		return conditionalConflict()
	}
	return c.checkWrite(conds, current)
}
