package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/control"
	"reseal/job"
)

// effective compares what holds for a job before and after options were given
// anew. An option that was not told has its default, so that the first value of it
// is compared, too.
type effective struct {
	quota float64                    // KMS requests a second of the account
	usual func(option string) string // its default, "" for none
}

// rules are those by which a job remembers what it is told.
func (e effective) rules() job.Rules {
	return job.Rules{Adds: []string{acceptFlag}, Drops: drops, Looser: e.looser}
}

// drops returns the options that what is given takes away: of the two that set the
// cap on KMS requests, the one given anew holds alone, and without a window
// nothing ends with it.
func drops(given job.Told) []string {
	var out []string
	for _, pair := range [][2]string{{"kms-rps", "kms-share"}, {"kms-share", "kms-rps"}} {
		if _, both := given[pair[1]]; one(given[pair[0]]) != "" && !both {
			out = append(out, pair[1])
		}
	}
	window, is := given["window"]
	if _, both := given["window-exit"]; is && one(window) == "" && !both {
		out = append(out, "window-exit")
	}
	return out
}

// looser tells whether an option permits more after than before: a higher rate, a
// higher budget or none, a window that is open at another time, one more hazard
// accepted, less that is recorded. Where the two cannot be compared, it does.
func (e effective) looser(option string, before, after job.Told) bool {
	from, to := e.value(before, option), e.value(after, option)
	switch option {
	case acceptFlag:
		return slices.ContainsFunc(after[option], func(v string) bool { return !slices.Contains(before[option], v) })
	case "kms-rps", "kms-share":
		return e.kmsCap(after) > e.kmsCap(before)
	case "allow-http":
		return to == "true" && from != "true"
	case "window":
		return from != "" && !windowWithin(to, from)
	case "results":
		return from == "all" && to != "all" // fewer objects have a line
	case "snapshot":
		return above(from, to) // fewer objects are kept as they were
	case "prices":
		return to != from && !none(e.value(after, "max-cost")) // what that is held against
	case "throttle-flag-file", "expected-bucket-owner":
		return from != "" && to != from
	case "s3-rps", "concurrency", "attempts", "max-outage", "drain-timeout":
		return above(to, from)
	case "kms-headroom":
		return !none(from) && (none(to) || above(from, to))
	case "bucket-key-weight":
		return above(from, to)
	case "update-kms-weight":
		return !none(to) && (none(from) || above(from, to)) // none assumes the most, unless more was measured
	case "max-cost", "max-failures", "max-duration":
		return !none(from) && (none(to) || above(to, from))
	}
	return false
}

// windowWithin tells whether a window lies within another. One that cannot be read does not.
func windowWithin(inner, outer string) bool {
	in, err := control.ParseWindow(inner)
	if err != nil {
		return false
	}
	out, err := control.ParseWindow(outer)
	return err == nil && in.Within(out)
}

// value is the value that holds of an option that takes one.
func (e effective) value(told job.Told, option string) string {
	if v := one(told[option]); v != "" {
		return v
	}
	return e.usual(option) // also where it was taken away
}

// kmsCap is the cap on KMS requests a second that holds: a rate, else a share of
// the quota.
func (e effective) kmsCap(told job.Told) float64 {
	if rate, _, ok := quantity(e.value(told, "kms-rps")); ok && rate > 0 {
		return rate
	}
	share, _ := parsePercent(e.value(told, "kms-share")) // checked before
	return share * e.quota
}

// one is the value of an option that takes one, "" where it was not given.
func one(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// none tells whether the value of a limit means that there is none.
func none(v string) bool {
	n, _, ok := quantity(v)
	return v == "" || v == "0s" || ok && n == 0
}

// above tells whether a is more than b: two numbers, shares, amounts of money or
// times. Two that cannot be compared are.
func above(a, b string) bool {
	if x, err := time.ParseDuration(a); err == nil {
		if y, err := time.ParseDuration(b); err == nil {
			return x > y
		}
	}
	x, shareX, okX := quantity(a)
	y, shareY, okY := quantity(b)
	return !okX || !okY || shareX != shareY || x > y
}

// quantity reads a number, with a dollar before it or a percent sign behind.
func quantity(text string) (n float64, share, ok bool) {
	text = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(text), "$"), ",", "")
	text, share = strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(text, 64)
	return n, share, err == nil
}
