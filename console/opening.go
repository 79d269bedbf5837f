package console

import (
	"fmt"
	"io"
	"slices"
	"time"

	"reseal/internal/resources"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
)

// Notes say what a person should know but what stops nothing. about are those on the way
// that objects are re-encrypted.
func Notes(p *prepare.Prepared, about []string) []string {
	var table, skew []string
	if note := p.Env.Table.Note(); note != "" {
		table = append(table, note)
	}
	if note := preflight.SkewNote(p.Env.Skew); note != "" {
		skew = append(skew, note)
	}
	return slices.Concat(opening(p), table, p.Env.KeyNotes, p.StoodIn, skew, about, p.Env.Caps.Notes)
}

// opening says what a person should know of this machine, the endpoint and the report.
func opening(p *prepare.Prepared) (notes []string) {
	for _, note := range []string{fileNote(resources.FileRoom(), p.Concurrency), p.Elsewhere} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	found := p.Found
	if found.Named != "" {
		notes = append(notes, fmt.Sprintf("%s belongs to the report %s, which is read", found.Named, found.URI))
	}
	if found.Newest != nil {
		notes = append(notes, fmt.Sprintf("the newest complete report is %s, %s old", found.URI, report.Duration(found.Newest.Age(time.Now()))))
	}
	for _, w := range found.Report.Warnings() {
		notes = append(notes, w.Error())
	}
	return notes
}

// fileNote says that the limit on open files binds, where it does.
func fileNote(room resources.Files, wanted int) string {
	if room.Slots() >= wanted {
		return ""
	}
	return fmt.Sprintf("this process may have %s and connections open (ulimit -n): at most %s in flight, not %s",
		report.Plural(room.Limit, "file"), report.Plural(int64(room.Slots()), "request"), report.Count(int64(wanted)))
}

// LateSkew says at the end of a run that the clocks went apart in its course.
func LateSkew(w io.Writer, e *preflight.Environment) {
	if note := e.LateSkewNote(); note != "" {
		fmt.Fprintf(w, "note: %s\n", note)
	}
}
