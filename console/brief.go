package console

import (
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"reseal/canary"
	"reseal/control"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// Brief prints what matters of a job that is watched, the most important first: a
// screen of 24 rows holds it.
func Brief(out io.Writer, s *status.Status, next Step, now time.Time) error {
	w := newRows(out)
	w.row("Job", "%s (%s)", s.Job, stateText(s))
	w.row("Done", "%s%s objects%s, %s", word(s.Are.Done), report.OutOf(s.Done, s.Todo), shareOf(s), report.Bytes(s.Bytes))
	if left, ok := leftOf(s); ok && s.State != status.Finished {
		w.row("Left", "%s%s", report.Plural(left, "object"), eta(s, left, ", ETA "))
	}
	if r := s.Run; r != nil {
		w.row("Rate", "%s, %s in flight", report.Rate(r.Rate), report.Plural(r.InFlight, "object"))
		w.row("KMS", "%s, throttled %s", kmsUse(r.KMS), report.Plural(r.KMS.Throttled, "time"))
		w.bound(r)
	}
	w.failures(s)
	if n := leftAlone(s); n > 0 {
		w.row("Left alone", "%s", report.Plural(n, "object"))
	}
	w.used(s)
	w.canaryInShort(s.Canary)
	w.shares(s.Shares, now)
	if s.Run == nil {
		w.runs(s, now)
	}
	w.ends(s, next)
	return w.out.Flush()
}

// bound says what holds a run back.
func (w rows) bound(r *control.Status) {
	w.row("Bound by", "%s (since %s)", r.Binding, report.Time(r.Binding.Since))
	if len(r.Paused) > 0 {
		w.row("Paused by", "%s", strings.Join(r.Paused, ", "))
	}
	if r.Draining {
		w.row("Draining", "finishing what is under way, then it ends and can go on later")
	}
}

// BriefLine is the same in a line, for a log.
func BriefLine(s *status.Status, now time.Time) string {
	parts := []string{report.Time(now), stateText(s), word(s.Are.Done) + report.OutOf(s.Done, s.Todo) + " objects" + shareOf(s)}
	if rate := rateOf(s); rate > 0 {
		parts = append(parts, report.Rate(rate))
	}
	if r := s.Run; r != nil {
		if r.KMS.Cap > 0 {
			parts = append(parts, "KMS "+kmsUse(r.KMS))
		}
		parts = append(parts, "bound by "+Briefly(r.Binding))
	}
	if len(s.Shares) > 0 {
		parts = append(parts, sharesInShort(s.Shares))
	}
	parts = append(parts, report.Count(s.Failed)+" failed")
	if left, ok := leftOf(s); ok && s.State != status.Finished {
		if text := eta(s, left, "ETA "); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "  ")
}

// stateText is the state of a job for people, who works on it included.
func stateText(s *status.Status) string {
	switch {
	case s.Run != nil && s.Run.Waiting():
		return "paused"
	case s.Run != nil, slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return o.State == job.ShareRunning }):
		return "running"
	}
	return string(s.State)
}

// shareOf is how much of the objects is done, where that is known.
func shareOf(s *status.Status) string {
	if s.Todo == nil || *s.Todo == 0 {
		return ""
	}
	return " (" + report.Percent(min(s.Done, *s.Todo), *s.Todo) + ")"
}

// leftOf is how many objects are left to do, where that is known.
func leftOf(s *status.Status) (n int64, ok bool) {
	if s.Todo == nil {
		return 0, false
	}
	n = *s.Todo - s.Done - s.Failed
	if s.Rows != nil { // rows that were left alone are not done
		n = min(n, *s.Rows-s.Settled)
	}
	return max(n, 0), true
}

// leftAlone is how many objects were left as they are.
func leftAlone(s *status.Status) (n int64) {
	for _, of := range s.Skipped {
		n += of
	}
	return n
}

// kmsUse is what is used of the KMS cap.
func kmsUse(u control.QuotaUsage) string {
	if u.Cap == 0 {
		return report.Plural(u.LastSecond, "request") + " in the last second"
	}
	return report.Count(u.LastSecond) + " of " + report.Rate(u.Cap)
}

// canaryInShort counts the kinds that are proven, and names the others.
func (w rows) canaryInShort(t *canary.Table) {
	if t == nil {
		return
	}
	name := "Canary"
	say := func(text string) {
		w.row(name, "%s", text)
		name = ""
	}
	if line := provenLine(t); line != "" {
		say(line)
	}
	for i := range t.Kinds {
		if k := &t.Kinds[i]; k.Verdict != canary.Proven && k.Verdict != canary.NothingToProve {
			say(report.KindName(k) + ": " + report.KindVerdict(k))
		}
	}
}

// rateOf is how many objects a second are done by all who work on a job.
func rateOf(s *status.Status) (rate float64) {
	for i := range s.Shares {
		if s.Shares[i].State == job.ShareRunning {
			rate += s.Shares[i].Rate
		}
	}
	if s.Run != nil && rate == 0 {
		return s.Run.Rate
	}
	return rate
}

// eta is how long so many objects take at the present rate, after a word; "" where there
// is no rate.
func eta(s *status.Status, left int64, word string) string {
	rate := rateOf(s)
	if rate <= 0 || left == 0 || s.Run != nil && s.Run.Waiting() {
		return ""
	}
	return word + report.Duration(time.Duration(min(float64(left)/rate, math.MaxInt64/2e9)*float64(time.Second)))
}
