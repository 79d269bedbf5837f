package job

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/control"
)

// AcceptOption is the option of which new values come on top of the old ones.
const AcceptOption = "accept"

// Effective compares what holds for a job before and after options were given
// anew. An option that was not told has its default, so that the first value of it
// is compared, too.
type Effective struct {
	Quota   float64                    // KMS requests a second of the account
	Default func(option string) string // of an option, "" for none
}

// Rules are those by which a job remembers what it is told.
func (e Effective) Rules() Rules {
	looser := func(option string, before, after Told) bool {
		is, _ := e.looser(option, before, after)
		return is
	}
	return Rules{Adds: []string{AcceptOption}, Drops: Replaced, Looser: looser}
}

// Judges tells whether one value of an option may permit more than another.
func (e Effective) Judges(option string) bool {
	_, judged := e.looser(option, nil, nil)
	return judged
}

// Replaced returns the options that what is given takes away. Of the two that set the
// cap on KMS requests, the one given anew holds alone, and without a window
// nothing ends with it.
func Replaced(given Told) []string {
	var out []string
	for _, pair := range [][2]string{{"kms-rps", "kms-share"}, {"kms-share", "kms-rps"}} {
		if _, both := given[pair[1]]; given.Value(pair[0]) != "" && !both {
			out = append(out, pair[1])
		}
	}
	_, is := given["window"]
	if _, both := given["window-exit"]; is && given.Value("window") == "" && !both {
		out = append(out, "window-exit")
	}
	return out
}

// looser tells whether an option permits more after than before: a higher rate, a
// higher budget or none, a window that is open at another time, one more hazard
// accepted, less that is recorded. Where the two cannot be compared, it does. judged is
// false for an option of which no value permits more than another.
func (e Effective) looser(option string, before, after Told) (looser, judged bool) {
	from, to := e.value(before, option), e.value(after, option)
	switch option {
	case AcceptOption:
		return slices.ContainsFunc(after[option], func(v string) bool { return !slices.Contains(before[option], v) }), true
	case "force", "until-clean": // which does what came after the report, too
		return to == "true" && from != "true", true
	case "kms-rps", "kms-share":
		return e.kmsCap(after) > e.kmsCap(before), true
	case "allow-http":
		return to == "true" && from != "true", true
	case "window":
		return from != "" && !windowWithin(to, from), true
	case "results":
		return from == "all" && to != "all", true // fewer objects have a line
	case "snapshot":
		return above(from, to), true // fewer objects are kept as they were
	case "prices":
		return to != from && !NoLimit(e.value(after, "max-cost")), true // what that is held against
	case "throttle-flag-file", "expected-bucket-owner":
		return from != "" && to != from, true
	case "s3-rps", "concurrency", "attempts", "max-outage", "drain-timeout", "max-generations":
		return above(to, from), true
	case "kms-headroom":
		return !NoLimit(from) && (NoLimit(to) || above(from, to)), true
	case "bucket-key-weight":
		return above(from, to), true
	case "update-kms-weight":
		return !NoLimit(to) && (NoLimit(from) || above(from, to)), true // none assumes the most, unless more was measured
	case "max-cost", "max-failures", "max-duration":
		return !NoLimit(from) && (NoLimit(to) || above(to, from)), true
	}
	return false, false
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
func (e Effective) value(told Told, option string) string {
	if v := told.Value(option); v != "" {
		return v
	}
	return e.Default(option) // also where it was taken away
}

// kmsCap is the cap on KMS requests a second that holds: a rate, else a share of
// the quota.
func (e Effective) kmsCap(told Told) float64 {
	if rate, _, ok := quantity(e.value(told, "kms-rps")); ok && rate > 0 {
		return rate
	}
	share, percent, _ := quantity(e.value(told, "kms-share"))
	if percent {
		share /= 100
	}
	return share * e.Quota
}

// Value is the value of an option that takes one, "" where it was not given.
func (t Told) Value(option string) string {
	values := t[option]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// Only returns the named options.
func (t Told) Only(names []string) Told {
	out := Told{}
	for _, name := range names {
		if values, is := t[name]; is {
			out[name] = values
		}
	}
	return out
}

// NoLimit tells whether the value of a limit means that there is none.
func NoLimit(v string) bool {
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
