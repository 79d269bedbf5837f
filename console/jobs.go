package console

import (
	"io"
	"time"

	"reseal/internal/shell"
	"reseal/job/status"
	"reseal/report"
)

// Jobs writes a table for people. The name comes last, as it may be long.
func Jobs(out io.Writer, all []status.Listed, now time.Time) error {
	if len(all) == 0 {
		return nil
	}
	rows := [][]string{{"State", "Rows done", "Failed", "Last write", "Job"}}
	for _, j := range all {
		share, failed, age := "-", report.Count(j.Failed), "-"
		if j.Rows != nil {
			share = report.Percent(j.Settled, *j.Rows)
		}
		if !j.LastWrite.IsZero() {
			age = report.Duration(max(now.Sub(j.LastWrite), 0).Truncate(time.Second)) + " ago"
		}
		if j.Error != "" {
			failed = "-"
		}
		rows = append(rows, []string{j.State, share, failed, age, shell.Word(j.Job)})
	}
	return report.WriteTable(out, "lrrrl", nil, rows)
}
