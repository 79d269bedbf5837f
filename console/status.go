package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"reseal/canary"
	"reseal/cost"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job/status"
	"reseal/plan"
	"reseal/report"
)

// rows writes lines of a name and what is said under it, aligned.
type rows struct{ out *tabwriter.Writer }

func newRows(w io.Writer) rows {
	return rows{tabwriter.NewWriter(terminal.Folding(w), 0, 0, 2, ' ', 0)}
}

// row writes a line. The next lines of the same thing have no name.
func (r rows) row(name, format string, args ...any) {
	cells(r.out, name, fmt.Sprintf(format, args...))
}

// cells writes a row of a table of a tabwriter. Each cell is one line without tabs.
func cells(w io.Writer, texts ...string) {
	for i := range texts {
		texts[i] = plain.Text(texts[i])
	}
	fmt.Fprintln(w, strings.Join(texts, "\t"))
}

// Status prints how far a job is, for people.
func Status(out io.Writer, s *status.Status, next Step, now time.Time) error {
	w := newRows(out)
	w.progress(s)
	w.leftAlone(s)
	w.failures(s)
	w.used(s)
	w.canary(s.Canary)
	w.runs(s, now)
	w.shares(s.Shares, now)
	w.generations(s)
	w.ends(s, next)
	return w.out.Flush()
}

// ends says what cannot be read, what is to be known, and what is to be typed next.
func (w rows) ends(s *status.Status, next Step) {
	for _, d := range s.Damages {
		w.row("Unreadable", "%s", d)
	}
	for _, n := range s.Notices {
		w.row("Note", "%s", n)
	}
	if next.Command != "" {
		w.row("Next", "%s", next.Command)
		for does := range strings.Lines(next.Does) {
			w.row("", "%s", strings.TrimSuffix(does, "\n"))
		}
	}
}

// progress says what the job is and how much of it is done.
func (w rows) progress(s *status.Status) {
	w.row("Job", "%s (%s)", s.Job, s.State)
	w.row("Bucket", "%s", s.Bucket)
	if s.KMSKeyID != "" {
		w.row("Key", "%s", s.KMSKeyID)
	}
	share := ""
	if s.Rows != nil {
		share = " (" + report.Percent(s.Settled, *s.Rows) + ")"
	}
	unread := ""
	if s.Damaged > 0 {
		unread = fmt.Sprintf("; %d could not be read to the end", s.Damaged)
	}
	w.row("Report rows", "%s settled%s, %d of %d files finished%s", report.OutOf(s.Settled, s.Rows), share, s.Finished, s.Files, unread)
	w.row("Done", "%s%s objects, %s", word(s.Are.Done), report.OutOf(s.Done, s.Todo), report.Bytes(s.Bytes))
	switch {
	case s.Left == nil || *s.Left == 0 || s.State == status.Finished:
	case s.ETA > 0:
		w.row("Left", "%s (%s); about %s at %s", report.Plural(*s.Left, "object"), report.Percent(*s.Left, *s.Todo), report.Duration(s.ETA), report.Rate(s.Run.Rate))
	default:
		w.row("Left", "%s (%s)", report.Plural(*s.Left, "object"), report.Percent(*s.Left, *s.Todo))
	}
	if s.Repeats > 0 {
		w.row("Repeats", "%s found done although no answer was recorded; not copied again", report.Plural(s.Repeats, "object"))
	}
	if s.Imported > 0 {
		w.row("Imported", "%s of them done by S3 Batch Operations, by the word of its report", report.Plural(s.Imported, "object"))
	}
	if s.Unconfirmed > 0 {
		w.row("Unconfirmed", "%s of them updated without a look at the effect (--confirm)", report.Plural(s.Unconfirmed, "object"))
	}
}

// leftAlone says which objects were left as they are, and why.
func (w rows) leftAlone(s *status.Status) {
	for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
		w.row("Left alone", "%s %s", report.Count(s.Skipped[reason]), reason)
		if about := report.AboutEncrypted(s.Skipped[reason], s.Keys, &s.Options); about != "" && reason == string(plan.AlreadyEncrypted) {
			w.row("", "%s", about)
		}
	}
	gone := s.Skipped[string(plan.Gone)]
	if about := report.NearlyAllGone(gone, gone+s.Done+s.Failed); about != "" {
		w.row("", "%s", about)
	}
	if s.Client.Objects > 0 {
		w.row("Client-side", "%s encrypted by their clients, of those looked at", s.Client.Named())
		w.row("", "%s", report.ClientLayer)
	}
}

func (w rows) failures(s *status.Status) {
	w.row("Failed", "%s", report.Plural(s.Failed, "object"))
	if s.Deferred > 0 {
		w.row("Put off", "%s to another pass", report.Plural(s.Deferred, "object"))
	}
}

// used says what the job took so far: requests and money.
func (w rows) used(s *status.Status) {
	w.row("Requests", "%s%s to S3; %s%s by S3 to KMS", word(s.Are.Requests), report.Count(s.Requests), word(s.Are.KMSCalls), report.Count(s.KMSCalls))
	if s.CutOff > 0 {
		w.row("", "%s", report.CutOffRuns(s.CutOff))
	}
	soFar := " so far"
	if s.State == status.Finished {
		soFar = ""
	}
	switch {
	case s.Estimated != nil:
		w.row("Spent", "%s%s; the plan expected %s", report.AtMost(s.Spent), soFar, expected(s.Estimated))
		w.row("", "%s", s.Prices)
		if why := report.Above(s.Spent, s.Estimated.Max, s.SpentCutOff, s.Repeats); why != "" {
			w.row("", "above the plan: %s", why)
		}
	case s.Spent > 0:
		w.row("Spent", "%s%s; there is no plan to compare with", report.AtMost(s.Spent), soFar)
	}
}

// provenLine counts the kinds that are proven; "" for none.
func provenLine(t *canary.Table) string {
	var kinds, compared int64
	for i := range t.Kinds {
		if k := &t.Kinds[i]; k.Verdict == canary.Proven {
			kinds++
			compared += k.Compared
		}
	}
	if kinds == 0 {
		return ""
	}
	return fmt.Sprintf("%s proven, %s compared", report.Plural(kinds, "kind"), report.Plural(compared, "object"))
}

// canary says of each kind of object what was proven of it, in a line where that is all.
func (w rows) canary(t *canary.Table) {
	if t == nil {
		return
	}
	proven := func(k canary.Kind) bool { return k.Verdict == canary.Proven || k.Verdict == canary.NothingToProve }
	if line := provenLine(t); line != "" && !slices.ContainsFunc(t.Kinds, func(k canary.Kind) bool { return !proven(k) }) {
		w.row("Canary", "%s", line)
		return
	}
	for i := range t.Kinds {
		k := &t.Kinds[i]
		w.row("Canary", "%s: %s", report.KindName(k), report.KindVerdict(k))
		if proven(*k) {
			continue
		}
		for _, line := range report.CanaryLines(k) {
			w.row("", "  %s", line)
		}
	}
}

// runs says who works on the job or did, and how that goes.
func (w rows) runs(s *status.Status, now time.Time) {
	if s.Runs > 1 {
		w.row("Runs", "%s, %s together", report.Count(s.Runs), report.Duration(s.Active))
	}
	if !s.LastWrite.IsZero() {
		w.row("Recorded", "%s", report.Time(s.LastWrite))
	}
	switch {
	case s.Run != nil:
		w.run(s.Run)
	case s.Holder != nil:
		w.row("Held by", "%s", holderText(s, now))
		w.lastRun(s.LastRun)
	default:
		w.lastRun(s.LastRun)
	}
}

// lastRun says how the last run ended. Of one that wrote nothing about that, another
// machine may know more.
func (w rows) lastRun(l *status.LastRun) {
	if l == nil {
		return
	}
	begun := report.Time(l.Status.Started)
	if l.Share != "" {
		begun += " (share " + l.Share + ")"
	}
	if e := l.Status.Ended; e != nil {
		w.row("Last run", "begun %s, ended %s: %s", begun, report.Time(l.At), Ended(e))
		return
	}
	or := ""
	if !l.Over {
		or = ", or goes on elsewhere"
	}
	w.row("Last run", "begun %s, last heard of %s: it crashed or was killed%s; nothing is lost", begun, report.Time(l.At), or)
	b := l.Status.Binding
	w.row("", "then bound by %s (since %s)", b, report.Time(b.Since))
}

// expected is an estimated amount in words.
func expected(e *cost.Span) string {
	if e.Max > 0 && e.Max.Cents() == 0 {
		return report.AtMost(e.Max)
	}
	return report.Money(e.Expected) + ", " + report.AtMost(e.Max)
}
