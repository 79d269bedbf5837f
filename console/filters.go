package console

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"reseal/migrate"
	"reseal/plan"
	"reseal/report"
)

// UnusedFilters names the filters that match no row of the report, as an error: a
// mistyped one would look like a bucket with nothing to do. Where a file could not be
// read, its rows may match, and nothing is named.
func UnusedFilters(s *migrate.Survey) error {
	prefixes, globs := s.Filters.Unused()
	if len(s.Damage) > 0 {
		return nil
	}
	var all []string
	if left := s.Tally.Filtered(); left > 0 && left == s.Rows && len(prefixes)+len(globs) == 0 {
		all = append(all, fmt.Sprintf("none of the %s of the report passes the filters", report.Plural(s.Rows, "row")))
	}
	for _, p := range prefixes {
		all = append(all, fmt.Sprintf("--prefix %q: no key of the report begins with it%s", p.Prefix, others(p)))
	}
	for _, g := range globs {
		all = append(all, fmt.Sprintf("--include %q: no key of the report is like it; * stands for any text, and the pattern for the whole key", g))
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New("nothing was done: " + strings.Join(all, "\n"))
}

// others names what is there in place of a prefix, the nearest first.
func others(p plan.UnusedPrefix) string {
	const few = 5
	if len(p.Others) == 0 {
		return ""
	}
	near := slices.Clone(p.Others)
	slices.SortStableFunc(near, func(a, b string) int {
		return cmp.Compare(levenshtein.ComputeDistance(p.Prefix, a), levenshtein.ComputeDistance(p.Prefix, b))
	})
	var names []string
	for _, n := range near[:min(few, len(near))] {
		names = append(names, fmt.Sprintf("%q", n))
	}
	text := "; there are " + strings.Join(names, ", ")
	if more := len(near) - len(names); more > 0 {
		text += " and " + report.Count(int64(more)) + " more"
	}
	return text
}
