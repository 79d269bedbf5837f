package console

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"reseal/internal/plain"
	"reseal/job"
	"reseal/preflight"
	"reseal/report"
)

// Checks writes the table and, below it, what it comes to: a stop must not
// be lost among forty rows. again is the same command with what settles hazards.
func Checks(w io.Writer, rows []preflight.Finding, again func([]job.OpenHazard) string) error {
	if err := CheckRows(w, rows); err != nil {
		return err
	}
	end := preflight.Conclude(rows)
	if _, err := fmt.Fprintf(w, "\n%s\n", conclusion(&end)); err != nil || len(end.Needed) == 0 {
		return err
	}
	var open []job.OpenHazard
	for _, name := range end.Needed {
		open = append(open, job.OpenHazard{Name: name, ByProbe: slices.Contains(end.ByProbe, name)})
	}
	how := "to accept them"
	if len(end.ByProbe) > 0 {
		how = "to accept all instead"
		if _, err := fmt.Fprintf(w, "a run finds out with %s: %s\n", ProbeWords, strings.Join(end.ByProbe, ", ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "next: %s\n%s, here and for plan and run: %s\n", again(open), how, AcceptWords(end.Needed))
	return err
}

// conclusion says what a table comes to, worst first.
func conclusion(c *preflight.Conclusion) string {
	var parts []string
	for _, s := range []preflight.Status{preflight.StatusStop, preflight.StatusHazard, preflight.StatusWarning} {
		if n := c.Rows[s]; n > 0 {
			parts = append(parts, report.Plural(n, string(s)))
		}
	}
	for _, s := range []preflight.Status{preflight.StatusUnknown, preflight.StatusOK} {
		if n := c.Rows[s]; n > 0 {
			parts = append(parts, report.Count(n)+" "+string(s))
		}
	}
	means := "nothing is known to be in the way of a run"
	switch {
	case c.Stopped():
		means = "no run begins before each stop is mended"
	case c.Hidden():
		means = "not known whether a run can begin, as most of it may not be read"
	case len(c.Needed) > 0:
		means = "a run begins once each hazard is mended or accepted"
	case c.Rows[preflight.StatusHazard] > 0:
		means = "a run begins, as each hazard is accepted"
	}
	return strings.Join(parts, ", ") + ": " + means
}

// CheckRows writes the table: what mends a row stands below it.
func CheckRows(w io.Writer, rows []preflight.Finding) error {
	width := 0
	for _, r := range rows {
		width = max(width, min(len(r.Name), 24))
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-8s %-*s  %s\n", r.Status, width, plain.Text(r.Name), plain.Text(r.Why)); err != nil {
			return err
		}
		if r.Mend != "" && r.Status != preflight.StatusOK {
			if _, err := fmt.Fprintf(w, "%-8s %-*s  → %s\n", "", width, "", plain.Lines(r.Mend)); err != nil {
				return err
			}
		}
	}
	return nil
}
