package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"reseal/control"
	"reseal/internal/explain"
	"reseal/job"
)

// Limits name what holds a run up or ends it, remembered or given. parts are the limits
// that shares of the job have a part of each, by name, and that part in words. objects is
// the --limit of this run alone, 0 for none.
func Limits(w io.Writer, held job.Told, parts map[string]string, objects int64) {
	for _, name := range []string{"max-duration", "max-cost", "max-failures", "window", "window-exit", "kms-headroom", "throttle-flag-file"} {
		if value := held.Value(name); !job.NoLimit(value) && value != "false" {
			fmt.Fprintf(w, "limit in force: --%s %s%s\n", name, value, parts[name])
		}
	}
	if objects > 0 { // not remembered
		fmt.Fprintf(w, "limit in force: --limit %d\n", objects)
	}
}

// Divided names, at the first run of a share, the limits that it has a part of. parts are
// as for Limits.
func Divided(w io.Writer, held job.Told, parts map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		fmt.Fprintf(w, "limit in force: --%s %s%s\n", name, held.Value(name), parts[name])
	}
}

// Notice says what a run pauses for, and what it warns about.
func Notice(w io.Writer, n control.Notice) {
	switch n.Kind {
	case control.Paused:
		fmt.Fprintf(w, "paused: %s, %s\n", n.Text, n.Until)
	case control.Resumed:
		fmt.Fprintf(w, "going on: the pause (%s) is over\n", n.Text)
	case control.Warning:
		fmt.Fprintf(w, "warning: %s: %s\n", n.Text, explain.Words(n.Err))
	}
}

// ReportOutage says that a file of the report cannot be had for now.
func ReportOutage(w io.Writer, file string, patience time.Duration, err error) {
	fmt.Fprintf(w, "\nnote: the report's file %s cannot be had for now;\nasking again, for %s at most: %s\n", file, patience, explain.Words(err))
}
