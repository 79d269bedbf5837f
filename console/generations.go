package console

import (
	"fmt"
	"io"
	"text/tabwriter"

	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/report"
)

// CloudTrailNote says what is not known of who writes.
const CloudTrailNote = "A listing names the owner of an object, and not who wrote it. CloudTrail knows the caller, where it records data events; it was not asked."

// Generation says what a generation after the first came to, and who writes.
func Generation(out io.Writer, g *generations.Generation) {
	w := newRows(out)
	w.row(fmt.Sprintf("Generation %d", g.Number), "%s", g.Words())
	if g.Source == generations.Listing {
		w.row("", "%s listed, %s not known to be under the key", report.Plural(g.Listed, "object"), report.Count(g.Rows+g.Other))
		w.otherKey(g)
		w.row("", "listing: %s, %s", report.Plural(g.Asked.Lists+g.Asked.Heads, "request"), report.AtMost(g.Listing))
	}
	w.row("", "%s re-encrypted, %s failed, %s put off, %s left alone", report.Count(g.Done), report.Count(g.Failed), report.Count(g.PutOff), report.Count(g.Left))
	_ = w.out.Flush() // a person's screen
	if g.New == 0 {
		return
	}
	fmt.Fprint(out, terminal.Wrapped("", fmt.Sprintf("Written since the generation before, and not under the key: %s. That is what reseal enforce would stop:", report.Plural(g.New, "object"))))
	t := tabwriter.NewWriter(terminal.Folding(out), 0, 0, 2, ' ', 0)
	for i := range g.Writers {
		cells(t, writerRow(&g.Writers[i])...)
	}
	_ = t.Flush()
}

// otherKey says how many objects are under another key than the job's.
func (w rows) otherKey(g *generations.Generation) {
	if g.Other > 0 {
		w.row("", "%s", report.OtherKey(g.Other))
	}
}

// writerRow is a place where objects arrive, as a row of a table.
func writerRow(w *generations.Writer) []string {
	place := w.Prefix
	if place == "" {
		place = "(no folder)"
	}
	row := []string{"  " + report.Plural(w.Objects, "object"), place, "last " + report.Time(w.Last)}
	if w.Owner != "" {
		row = append(row, "owner "+shortOwner(w.Owner))
	}
	return row
}

// shortOwner is the beginning of a canonical user id, which has 64 digits.
func shortOwner(id string) string {
	const most = 16
	if len(id) <= most {
		return id
	}
	return plain.Text(id[:most-1]) + "…"
}

// UntilClean says how the generations of a job ended.
func UntilClean(out io.Writer, name string, c *generations.Chain) {
	last := c.Last()
	as := "as of the " + string(last.Source) + " of " + report.Time(last.Created)
	if last.Verdict == generations.Clean {
		text := fmt.Sprintf("Clean %s: of %s that the job is about none is left to do.", as, report.Plural(last.Listed, "object"))
		if last.Source == generations.Report {
			text = fmt.Sprintf("Clean %s: nothing in it is left to do.", as)
		}
		if last.Left > 0 {
			text += fmt.Sprintf(" %s left alone, each for its reason.", report.Plural(last.Left, "object"))
		}
		if last.Other > 0 {
			text += " " + report.OtherKey(last.Other) + "."
		}
		fmt.Fprint(out, terminal.Wrapped("", text))
	} else {
		fmt.Fprint(out, terminal.Wrapped("", fmt.Sprintf("Not clean %s: %s failed and %s put off, and nothing else is left to do. Why: %s",
			as, report.Plural(last.Failed, "object"), report.Count(last.PutOff), OnJob("report", generations.Name(name, last.Number)))))
	}
	for i := range c.Generations {
		if c.Generations[i].New > 0 {
			fmt.Fprint(out, terminal.Wrapped("", CloudTrailNote))
			break
		}
	}
	fmt.Fprintf(out, "next: %s\n", OnJob("verify", name))
}

// generations is the table of the generations of a job, where there are any.
func (w rows) generations(s *status.Status) {
	for i := range s.Generations {
		g := &s.Generations[i]
		w.row(fmt.Sprintf("Generation %d", g.Number), "%s", g.Words())
		w.row("", "%s re-encrypted, %s failed, %s put off, %s left alone", report.Count(g.Done), report.Count(g.Failed), report.Count(g.PutOff), report.Count(g.Left))
		w.otherKey(g)
	}
}
