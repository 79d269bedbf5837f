package console

import (
	"io"
	"strings"

	"reseal/control"
	"reseal/report"
	"reseal/s3api"
)

// someFailed is the exit code of a run that tried all of its work, some of which failed.
const someFailed = 3

// Run prints how a run is doing, a line for each fact.
func Run(out io.Writer, s *control.Status) error {
	w := newRows(out)
	w.run(s)
	return w.out.Flush()
}

// run says how a run is doing.
func (w rows) run(s *control.Status) {
	w.row("Running", "since %s, process %d", report.Time(s.Started), s.PID)
	w.row("Bound by", "%s (since %s)", s.Binding, report.Time(s.Binding.Since))
	if len(s.Paused) > 0 {
		w.row("Paused by", "%s", strings.Join(s.Paused, ", "))
	}
	if s.Draining {
		w.row("Draining", "finishing what is under way, then it ends and can go on later")
	}
	w.row("Now", "%s, %s in flight, %s wanted, at most %s", report.Rate(s.Rate), report.Plural(s.InFlight, "object"), report.Count(int64(s.Slots)), report.Count(s.Concurrency))
	w.row("This run", "%s done, %s failed, %s sent again", report.Plural(s.Done, "object"), report.Count(s.Failed), report.Plural(s.Retries, "request"))
	if f := s.LastFailure; f != nil {
		w.row("Last error", "%s, %q: %s", report.Time(f.At), f.Key, s3api.PlainText(f.Error))
	}
	w.usage("KMS", s.KMS)
	w.usage("S3 writes", s.Writes)
	w.usage("S3 reads", s.Reads)
}

// usage prints the use of one quota.
func (w rows) usage(name string, u control.QuotaUsage) {
	text := report.Plural(u.LastSecond, "request") + " in the last second"
	if u.Rate > 0 {
		text += ", " + report.Rate(u.Rate) + " allowed"
	}
	if u.Cap > 0 {
		text += ", cap " + report.Rate(u.Cap)
	}
	w.row(name, "%s; %s released in the fullest second, throttled %s", text, report.Count(u.FullestSecond), report.Plural(u.Throttled, "time"))
}

// Ended says how a run ended, after "ended".
func Ended(e *control.Ending) string {
	switch {
	case e.Why != "":
		return e.Why
	case e.ExitCode == someFailed:
		return "all of its work was tried, and some failed"
	}
	return "all of its work was done"
}
