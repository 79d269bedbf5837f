package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/report"
)

// ListedReport is a report as ls shows it.
type ListedReport struct {
	Manifest string    `json:"manifest"`
	Config   string    `json:"config"` // folder of the configuration's reports
	Time     time.Time `json:"time,omitzero"`
	Age      string    `json:"age,omitempty"`
	Bucket   string    `json:"bucket,omitempty"`
	Versions string    `json:"versions,omitempty"` // current or all
	Format   string    `json:"format,omitempty"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Rows     *int64    `json:"rows"` // null where not known
	Complete bool      `json:"complete"`
	Newest   bool      `json:"newest"`  // complete one of its configuration
	Missing  []string  `json:"missing"` // useful columns
	Error    string    `json:"error,omitempty"`
}

// DescribeReport puts into words what is known of a report.
func DescribeReport(l *inventory.Listed, uri string, now time.Time) ListedReport {
	r := ListedReport{Manifest: uri, Config: l.Config(), Time: l.Time, Complete: l.Complete, Newest: l.Newest, Missing: l.Missing.Names()}
	if age := l.Age(now); age > 0 {
		r.Age = report.Duration(age)
	}
	if m := l.Manifest; m != nil {
		r.Bucket, r.Format, r.Files, r.Bytes, r.Versions = m.SourceBucket, string(m.Format), len(m.Files), m.Bytes(), "current"
		if m.AllVersions() {
			r.Versions = "all"
		}
	}
	if l.Err != nil {
		r.Error = l.Err.Error()
	}
	return r
}

// Reports prints a table of reports, and below it what is wrong with some.
func Reports(w io.Writer, all []ListedReport) error {
	w = terminal.Folding(w)
	rows := [][]string{{" ", "DATE", "AGE", "VERSIONS", "FORMAT", "FILES", "SIZE", "ROWS", "STATE", "MISSING COLUMNS", "CONFIGURATION"}}
	spare := []int{5, 3, 4, 6, 2, 9} // the least important first
	for _, r := range all {
		mark, date, count, state := " ", "-", "-", "complete"
		if r.Newest {
			mark = "*"
		}
		if !r.Time.IsZero() {
			date = report.Time(r.Time)
		}
		if r.Rows != nil {
			count = report.Count(*r.Rows)
		}
		switch {
		case !r.Complete:
			state = "incomplete"
		case r.Error != "":
			state = "damaged"
		}
		rows = append(rows, []string{mark, date, dash(r.Age), dash(r.Versions), dash(r.Format), report.Count(int64(r.Files)),
			report.Bytes(r.Bytes), count, state, dash(strings.Join(r.Missing, ", ")), r.Config})
	}
	if err := report.WriteTable(w, "llrllrrrl", spare, rows); err != nil {
		return err
	}
	for _, r := range all {
		if r.Error != "" {
			fmt.Fprintf(w, "  %s\n", plain.Text(r.Error))
		}
	}
	for _, r := range all {
		if r.Newest {
			fmt.Fprintf(w, "* --manifest %s\n", shell.Word(r.Manifest))
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
