package certify

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// unfinished says what of the job is not done.
func (c *Certificate) unfinished(s *State, made *job.Plan, superseded bool) {
	switch {
	case s.Running:
		c.against(Unfinished, "a run works on the job")
	case s.Written.IsZero():
		c.against(Unfinished, "no run of the job has begun")
	case s.Finished != len(made.Segments) || s.Segments != len(made.Segments):
		c.against(Unfinished, "the job is not finished: %d of %d segments of the report are", s.Finished, len(made.Segments))
	}
	if n := len(s.Damages); n > 0 {
		c.against(Unfinished, "%s of the report could not be read to the end", report.Plural(int64(n), "file"))
	}
	if superseded { // the verification looked at what failed or was put off: a later one may have done it
		return
	}
	if s.Deferred > 0 {
		c.against(Unfinished, "%s put off", report.Plural(s.Deferred, "object"))
	}
	if s.Failed > 0 {
		c.against(Failed, "%s failed", report.Plural(s.Failed, "object"))
	}
}

// ofGrade lists the verdicts of a grade with their rows, as in "2 not-done".
func ofGrade(n *verify.Note, grade verify.Grade) string {
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(n.Verdicts)) {
		if rows := n.Verdicts[v]; rows > 0 && v.Grade() == grade {
			parts = append(parts, report.Count(rows)+" "+plain.Text(string(v)))
		}
	}
	if len(parts) == 0 && grade == verify.Fine {
		return "no verdict of any"
	}
	if grade == verify.Wrong && n.Uncount > 0 {
		parts = append(parts, "the rows of "+report.Plural(n.Uncount, "file")+" that nobody has counted")
	}
	return strings.Join(parts, ", ")
}

// defaultWords says what uploads get that say nothing.
func (b *Bucket) defaultWords() string {
	switch {
	case b.Algorithm == "":
		return "not set"
	case b.Algorithm == plan.TargetKMS && b.Key == "":
		return "aws:kms with aws/s3"
	case b.Key != "":
		return plain.Text(b.Algorithm) + " with " + plain.Text(b.Key)
	}
	return plain.Text(b.Algorithm)
}

// columns is how wide the text is, in characters.
const columns = 78

// WriteText writes the certificate for a person: first the answer.
func (c *Certificate) WriteText(w io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) {
		b.WriteString(terminal.Fold(fmt.Sprintf(format, args...), columns) + "\n")
	}
	row := func(name, format string, args ...any) {
		lines := terminal.Folded(fmt.Sprintf(format, args...), columns-20, columns-20)
		for i, line := range lines {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(&b, "%-19s %s\n", name, line)
		}
	}
	if c.Certified {
		say("CERTIFIED: %s", c.claim())
	} else {
		say("NOT CERTIFIED. What stands against it:")
		for _, a := range c.Against {
			say("  - %s", plain.Text(a.What))
		}
	}
	b.WriteString("\n")
	row("bucket", "%s", plain.Text(c.Bucket))
	row("key", "%s", plain.Text(c.Key))
	if c.KeyState != "" {
		row("key state", "%s", plain.Text(c.KeyState))
	} else if c.KeyDoubt != "" {
		row("key state", "NOT KNOWN: %s", c.KeyDoubt.words(""))
	}
	row("report", "%s (MD5 %s)", plain.Text(c.Manifest), plain.Text(c.MD5))
	for _, g := range c.Generations {
		row(fmt.Sprintf("generation %d", g.Number), "of the %s of %s: %s listed, %s re-encrypted, %s", plain.Text(string(g.Source)), report.Time(g.Created),
			report.Plural(g.Listed, "object"), report.Count(g.Done), plain.Text(string(g.Verdict)))
		if g.Other > 0 {
			row("", "%s", report.OtherKey(g.Other))
		}
		if p := g.Part; p != nil {
			row("", "plan %s, %s; %s settled, %s left alone", plain.Text(p.PlanHash), report.Plural(int64(p.Runs), "run"), report.Plural(p.Rows, "row"), report.Count(p.Skipped))
			p.Verified.rows("", row)
		}
	}
	row("job", "%s, plan %s, %s", plain.Text(c.Job), plain.Text(c.PlanHash), report.Plural(int64(c.Runs), "run"))
	row("rows", "%s settled: %s done, %s left alone", report.Count(c.Rows), report.Count(c.Done), report.Count(c.Skipped))
	c.Verified.rows("verified", row)
	c.bucketRows(row)
	for i, a := range c.Accepted {
		name := "accepted"
		if i > 0 {
			name = ""
		}
		row(name, "%s, on %s by %s", plain.Text(a.Hazard), report.Time(a.At), whoWords(a.By))
	}
	if len(c.Accepted) == 0 {
		row("accepted", "no hazard")
	}
	if r := c.Results; r != nil {
		row("result lines", "%s in %s: %s done, %s left alone, %s tries failed", report.Count(r.Lines), report.Plural(int64(r.Segments), "segment"), report.Count(r.Done), report.Count(r.Skipped), report.Count(r.Failed))
		row("chain of results", "%s", r.Chain)
	}
	row("made", "%s by reseal %s", report.Time(c.Made), plain.Text(c.Program))
	if c.Signer != "" {
		row("signed by", "%s", c.Signer)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// claim is what the certificate says in one sentence.
func (c *Certificate) claim() string {
	rows, sample, bound, later := c.Rows, c.Verified.Sample, c.Verified.Bound, 0
	for _, g := range c.Generations {
		if p := g.Part; p != nil {
			rows, later = rows+p.Rows, later+1
			if b := p.Verified.Bound; b != nil && (bound == nil || *b > *bound) {
				sample, bound = p.Verified.Sample, b
			}
		}
	}
	what, promised := report.Plural(rows, "row")+" of the report", "is as promised"
	if later > 0 {
		what = report.Plural(rows, "row") + " of the reports of " + report.Plural(int64(later+1), "generation")
		promised += ", or counts in a later one"
	}
	if bound == nil {
		return fmt.Sprintf("each of the %s was looked at after the job, and %s.", what, promised)
	}
	return fmt.Sprintf("a sample (%s) of the %s was looked at after the job, and %s. With 95 %% confidence at most %.3g %% of all objects are not.",
		plain.Text(sample), what, promised, *bound*100)
}

// rows are about the verification.
func (v *Verified) rows(name string, row func(name, format string, args ...any)) {
	if v == nil {
		row(name, "%s", strings.TrimPrefix("verified never", name+" "))
		return
	}
	what := ""
	if name == "" {
		what = "verified "
	}
	row(name, "%s%s: %s looked at (sample %s), %s compared as a whole", what, report.Time(v.At), report.Plural(v.Looked, "object"), plain.Text(v.Sample), report.Count(v.Compared))
	for _, name := range slices.Sorted(maps.Keys(v.Verdicts)) {
		if v.Verdicts[name] > 0 {
			row("", "%s %s", report.Count(v.Verdicts[name]), plain.Text(string(name)))
		}
	}
	if about := report.NearlyAllGone(v.Verdicts[verify.Gone], v.Looked); about != "" {
		row("", "%s", about)
	}
	if v.Left > 0 {
		row("", "%s not in the sample", report.Plural(v.Left, "row"))
	}
	for _, lost := range slices.Sorted(maps.Keys(v.Losses)) {
		row("accepted losses", "%s %s", report.Count(v.Losses[lost]), plain.Text(string(lost)))
	}
}

// bucketRows are about the settings of the bucket, and what versions it has.
func (c *Certificate) bucketRows(row func(name, format string, args ...any)) {
	yes := map[bool]string{true: "yes", false: "NO"}
	row("settings", "as of %s", report.Time(c.Looked))
	row("", "uploads that say nothing get the key: %s", yes[c.Default])
	row("", "uploads that ask for other encryption are denied: %s", yes[c.Closed])
	left := ""
	if n := c.Versions.Earlier; n != nil && *n > 0 {
		left = fmt.Sprintf("; by the result lines, copies left at least %s as they were, not under the key by this job", report.Plural(*n, "earlier version"))
	}
	switch c.Versions.Bucket {
	case plan.Unversioned.String():
		row("versions", "the bucket has never kept any%s", left)
	case plan.VersioningUnknown.String():
		row("versions", "could not be read, so nothing is said of noncurrent versions%s", left)
	default:
		what := "the job was about current versions. Noncurrent versions are not covered, and may be outside the key"
		if c.Versions.All {
			what = "the job was about all versions that the report lists"
		}
		row("versions", "versioning is %s; %s%s", plain.Text(c.Versions.Bucket), what, left)
	}
}

// whoWords names who did something.
func whoWords(w job.Who) string {
	text := plain.Text(w.User) + " on " + plain.Text(w.Host)
	if w.Caller != "" {
		text += " (" + plain.Text(w.Caller) + ")"
	}
	return text
}

// now is the time as a document has it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
