package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// note keeps what there is to say about a row that nobody should sign without a
// look. Rows that the job has not come to are counted, not listed.
func (v *verification) note(f *verify.Finding) {
	listed := f.Verdict.Grade() == verify.Wrong || f.Verdict == verify.NotDone && f.Reason != ""
	if listed && len(v.Differences) < shownDifferences {
		v.Differences = append(v.Differences, difference{f.Task.Record.Key, f.Task.Record.VersionID, f.Verdict, f.Reason, f.Why, f.Lost})
	}
}

// text prints the verification for people.
func (v *verification) text(out io.Writer) error {
	for _, d := range v.Differences {
		fmt.Fprintf(out, "%-16s %q  %s\n", d.Verdict, d.Key, d.Why)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Rows\t%s of the report on bucket %s\n", report.Count(v.Rows), v.Bucket)
	fmt.Fprintf(w, "Looked at\t%s (sample %s)\n", report.Plural(v.Looked, "object"), v.Sample)
	for _, verdict := range verify.Verdicts() {
		switch n := v.Verdicts[verdict]; {
		case verdict == verify.CouldNotLook && v.Uncount > 0:
			fmt.Fprintf(w, "%s\t%s, and the rows of %s that nobody has counted\n", verdict, report.Count(n), report.Plural(v.Uncount, "file"))
		case n > 0:
			fmt.Fprintf(w, "%s\t%s\n", verdict, report.Count(n))
		}
		if verdict == verify.Proven {
			v.acceptedLosses(w)
		}
		v.reasons(w, verdict)
		if verdict == verify.Gone && v.Unlisted > 0 {
			fmt.Fprintf(w, "  not confirmed\t  %s by a listing\n", report.Count(v.Unlisted))
		}
		if about := report.NearlyAllGone(v.Verdicts[verdict], v.Looked); verdict == verify.Gone && about != "" {
			fmt.Fprintf(w, "\t%s\n", about)
		}
	}
	if v.Unsampled > 0 {
		fmt.Fprintf(w, "not in the sample\t%s\n", report.Count(v.Unsampled))
	}
	if v.Compared > 0 {
		fmt.Fprintf(w, "snapshots\t%s compared with what was there before\n", report.Plural(v.Compared, "object"))
	}
	if n := v.Verdicts[verify.Proven] - v.Compared; n > 0 {
		fmt.Fprintf(w, "encryption only\t%s of those proven: nothing remembers their attributes\n", report.Count(n))
	}
	for _, a := range slices.Sorted(maps.Keys(v.Unchecked)) {
		fmt.Fprintf(w, "not checked\t%s of %s: one of the two looks was not told\n", a, report.Plural(v.Unchecked[a], "object"))
	}
	if v.Uncompared > 0 {
		fmt.Fprintf(w, "attributes not compared\t%s found done, no snapshot from before\n", report.Plural(v.Uncompared, "object"))
	}
	if v.Contradicted > 0 {
		fmt.Fprintf(w, "ETag not as answered\t%s; by Last-Modified nobody wrote since\n", report.Plural(v.Contradicted, "object"))
	}
	for _, proof := range slices.Sorted(maps.Keys(v.Bodies)) {
		fmt.Fprintf(w, "%s\t%s\n", proof, report.Count(v.Bodies[proof]))
	}
	if v.KMS.Released > 0 {
		fmt.Fprintf(w, "KMS requests\t%s at most, for these looks; %s in the fullest second\n", report.Count(v.KMS.Released), report.Count(v.KMS.Fullest))
	}
	if len(v.Unread) > 0 {
		fmt.Fprintf(w, "not read\t%s of the report: what the job did in there was not looked at\n", report.Plural(int64(len(v.Unread)), "file"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, text := range []string{v.keys(), v.proves(), v.advice()} {
		if text == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}

// acceptedLosses lists what proven objects lost as somebody accepted, and what they
// may have lost where nobody remembered what they were.
func (v *verification) acceptedLosses(w io.Writer) {
	for _, a := range slices.Sorted(maps.Keys(v.Tally.Accepted)) {
		fmt.Fprintf(w, "  with accepted losses\t  %s %s\n", a, report.Count(v.Tally.Accepted[a]))
	}
	if len(v.Losses) > 0 {
		fmt.Fprintf(w, "  accepted to be lost\t  %s; without a snapshot, not counted\n", plan.Words(v.Losses))
	}
}

// reasons lists the reasons of a verdict that has some, below it.
func (v *verification) reasons(w io.Writer, verdict verify.Verdict) {
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
		fmt.Fprintf(w, "  %s\t  %s\n", name, report.Count(by[reason]))
	}
}

// keys says under which keys those objects are that were left alone as encrypted
// already, "" where there are none.
func (v *verification) keys() string {
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

// proves says what the looks prove of what was not looked at.
func (v *verification) proves() string {
	switch {
	case v.provesNothing():
		return fmt.Sprintf("The sample took none of the %s that have to be looked at: nothing is proven. A larger --sample does.",
			report.Plural(v.DrawnFrom(), "object"))
	case v.Bound == nil:
		return ""
	}
	return fmt.Sprintf("The sample is %s of %s. %s of them not as promised: with 95 %% confidence\nat most %s of all are.",
		report.Count(v.Sampled), report.Plural(v.DrawnFrom(), "object"), report.Count(v.Wrong), shareText(*v.Bound))
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
