package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// Verification prints what was found, for people.
func Verification(out io.Writer, v *verify.Verification) error {
	if err := printVerification(out, v); err != nil || v.Result() != verify.Fine {
		return err
	}
	next := "next: " + afterVerification(v.Job) + "\n"
	if signedText(v) == "" {
		next = "\n" + next
	}
	_, err := io.WriteString(terminal.Folding(out), next)
	return err
}

// afterVerification is the command that is next where all is as promised.
func afterVerification(job string) string { return OnJob("report", job) + ReportPage }

// printVerification prints what was found without what is next.
func printVerification(out io.Writer, v *verify.Verification) error {
	out = terminal.Folding(out)
	for _, d := range v.Differences {
		fmt.Fprintf(out, "%-16s %q  %s\n", d.Verdict, d.Key, plain.Text(d.Why))
	}
	w := newRows(out)
	w.row("Rows", "%s of the report on bucket %s", report.Count(v.Rows), v.Bucket)
	w.row("Looked at", "%s (sample %s)", report.Plural(v.Looked, "object"), v.Sample)
	w.verdicts(v)
	w.compared(v)
	for _, proof := range slices.Sorted(maps.Keys(v.Bodies)) {
		w.row(string(proof), "%s", report.Count(v.Bodies[proof]))
	}
	if v.KMS.Released > 0 {
		w.row("KMS requests", "%s at most, for these looks; %s in the fullest second", report.Count(v.KMS.Released), report.Count(v.KMS.Fullest))
	}
	if len(v.Unread) > 0 {
		w.row("not read", "%s of the report: what the job did in there was not looked at", report.Plural(int64(len(v.Unread)), "file"))
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	for _, text := range []string{keysText(v), provesText(v), advice(v), signedText(v)} {
		if text == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}

// verdicts counts the rows of each verdict, with what there is to say about it.
func (w rows) verdicts(v *verify.Verification) {
	for _, verdict := range verify.Verdicts() {
		switch n := v.Verdicts[verdict]; {
		case verdict == verify.CouldNotLook && v.Uncount > 0:
			w.row(string(verdict), "%s, and the rows of %s that nobody has counted", report.Count(n), report.Plural(v.Uncount, "file"))
		case n > 0:
			w.row(string(verdict), "%s", report.Count(n))
		}
		if verdict == verify.Proven {
			w.acceptedLosses(v)
		}
		w.reasons(v, verdict)
		if verdict == verify.Gone && v.Unlisted > 0 {
			w.row("  not confirmed", "  %s by a listing", report.Count(v.Unlisted))
		}
		if about := report.NearlyAllGone(v.Verdicts[verdict], v.Looked); verdict == verify.Gone && about != "" {
			w.row("", "%s", about)
		}
	}
}

// compared says how much of the objects was compared, and with what.
func (w rows) compared(v *verify.Verification) {
	if v.Unsampled > 0 {
		w.row("not in the sample", "%s", report.Count(v.Unsampled))
	}
	if v.Compared > 0 {
		w.row("snapshots", "%s compared with what was there before", report.Plural(v.Compared, "object"))
	}
	if n := v.Verdicts[verify.Proven] - v.Compared; n > 0 {
		w.row("encryption only", "%s: the key was checked; metadata and tags were not compared, as no snapshot holds them (--snapshot takes more)", report.Plural(n, "object"))
	}
	for _, a := range slices.Sorted(maps.Keys(v.Unchecked)) {
		w.row("not checked", "%s of %s: not shown both before and after", a, report.Plural(v.Unchecked[a], "object"))
	}
	if v.Uncompared > 0 {
		w.row("attributes not compared", "%s found done, no snapshot from before", report.Plural(v.Uncompared, "object"))
	}
	if v.Contradicted > 0 {
		w.row("ETag not as answered", "%s; by Last-Modified nobody wrote since", report.Plural(v.Contradicted, "object"))
	}
}

// acceptedLosses lists what proven objects lost as somebody accepted, and what they
// may have lost where nobody remembered what they were.
func (w rows) acceptedLosses(v *verify.Verification) {
	for _, a := range slices.Sorted(maps.Keys(v.Tally.Accepted)) {
		w.row("  with accepted losses", "  %s %s", a, report.Count(v.Tally.Accepted[a]))
	}
	if len(v.Losses) > 0 {
		w.row("  accepted to be lost", "  %s; without a snapshot, not counted", plan.Words(v.Losses))
	}
}

// reasons lists the reasons of a verdict that has some, below it.
func (w rows) reasons(v *verify.Verification, verdict verify.Verdict) {
	var by map[plan.Reason]int64
	switch verdict {
	case verify.LeftAlone:
		by = v.LeftAlone
	case verify.NotDone:
		by = v.NotDone
	}
	for _, reason := range slices.Sorted(maps.Keys(by)) {
		name := string(reason)
		if name == "" {
			name = "not reached"
		}
		w.row("  "+name, "  %s", report.Count(by[reason]))
	}
}

// keysText says under which keys those objects are that were left alone as encrypted
// already, "" where there are none.
func keysText(v *verify.Verification) string {
	if len(v.OtherKeys) == 0 {
		return ""
	}
	lines := []string{"Encrypted already, and left alone, by key:"}
	for _, key := range slices.Sorted(maps.Keys(v.OtherKeys)) {
		name := key
		if plan.SameKey(key, v.Key) {
			name = "the key of this job"
		}
		if v.AWSKey != "" && plan.SameKey(key, v.AWSKey) {
			name += " (the AWS managed key aws/s3)"
		}
		lines = append(lines, fmt.Sprintf("%10s  %s", report.Count(v.OtherKeys[key]), name))
	}
	return strings.Join(lines, "\n")
}

// provesText says what the looks prove of what was not looked at.
func provesText(v *verify.Verification) string {
	switch {
	case v.ProvesNothing():
		return fmt.Sprintf("The sample took none of the %s that have to be looked at: nothing is proven. A larger --sample does.",
			report.Plural(v.DrawnFrom(), "object"))
	case v.Bound == nil:
		return ""
	}
	return fmt.Sprintf("The sample is %s of %s. %s of them not as promised: with 95 %% confidence at most %s of all are.",
		report.Count(v.Sampled), report.Plural(v.DrawnFrom(), "object"), report.Count(v.Wrong), shareText(*v.Bound))
}

// signedText says that all is as promised; "" where it is not, or where what a sample
// proves is said already.
func signedText(v *verify.Verification) string {
	switch {
	case v.Result() != verify.Fine || v.Bound != nil || v.Rows == 0:
		return ""
	case v.UnderKey(v.Key) == 0:
		return "Each row is as promised, and no row was seen under the key: this job is no proof of any encryption. See above what the rows were left alone for, and whether the report names the right objects."
	case v.Grade() != verify.Fine:
		return "Apart from what --allow takes, all rows are as promised."
	case v.Rows == 1:
		return "The one row is as promised."
	}
	return "All " + report.Count(v.Rows) + " rows are as promised."
}

// shareText writes a share above 0 so that it is not rounded down, as in "0.3 %".
func shareText(x float64) string {
	digits := 1
	for y := 100 * x; y > 0 && y < 1 && digits < 9; y *= 10 {
		digits++
	}
	text := fmt.Sprintf("%.*f", digits, 100*x)
	var back float64
	if fmt.Sscan(text, &back); back < 100*x { // the last digit was rounded down
		step := 1.0
		for range digits {
			step /= 10
		}
		text = fmt.Sprintf("%.*f", digits, back+step)
	}
	return text + " %"
}
