package report

import (
	"strings"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// change is how many objects had an encryption before a run, and have it after. A
// number of -1 is not known.
type change struct {
	class, name   string
	before, after int64
}

// The rows of a before and after that are no encryption of the report.
const (
	underTheKey = "SSE-KMS, under the key of this job"
	toSSES3     = "SSE-S3, by this job"
	asBefore    = "as before: failed, put off or not begun"
)

// changes sets what the report said of the objects' encryption against what the run
// recorded. What was left alone is as before; which of the objects that had to be done
// are not done is known only where all of them were encrypted alike.
func (v *Run) changes() (all []change) {
	t := v.Tally
	if t == nil {
		return nil
	}
	rows := byEncryption(t)
	none, kms, rest := t.TodoEncryption()
	todo := map[string]int64{string(inventory.NotSSE): none, string(inventory.SSEKMS): kms, string(inventory.SSES3): rest}
	var had int64
	for _, r := range rows {
		if r.Name == string(inventory.SSES3) {
			had = r.Objects
		}
	}
	if rest > had {
		todo[string(inventory.SSES3)], todo["unknown"] = had, rest-had
	}
	kinds := 0
	for _, n := range todo {
		if n > 0 {
			kinds++
		}
	}
	undone := max(none+kms+rest-v.Totals.Done, 0)
	for _, r := range rows {
		c := change{class: encryptionClass(r.Name), name: r.Name, before: r.Objects, after: max(r.Objects-todo[r.Name], 0)}
		if kinds == 1 && todo[r.Name] > 0 {
			c.after, undone = c.after+undone, 0
		}
		all = append(all, c)
	}
	if undone > 0 {
		all = append(all, change{class: "rest", name: asBefore, before: -1, after: undone})
	}
	done := change{class: "done", name: underTheKey, before: -1, after: v.Totals.Done}
	if v.Job.Options.SSE != plan.TargetKMS {
		done.name = toSSES3
	}
	return append(all, done)
}

// byEncryption sums up the kinds of SSE-KMS, as a run does not tell them apart.
func byEncryption(t *cost.Tally) (rows []cost.NamedCount) {
	for _, r := range t.Encryption() {
		if strings.HasPrefix(r.Name, string(inventory.SSEKMS)) {
			r.Name = string(inventory.SSEKMS)
		}
		if n := len(rows); n > 0 && rows[n-1].Name == r.Name {
			rows[n-1].Objects += r.Objects
			rows[n-1].Bytes = addBytes(rows[n-1].Bytes, r.Bytes)
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// encryptionClass is the colour of an encryption.
func encryptionClass(name string) string {
	switch name {
	case string(inventory.SSES3):
		return "s3"
	case string(inventory.SSEKMS):
		return "kms"
	case string(inventory.NotSSE):
		return "failed"
	}
	return "skipped"
}

// beforeAfter is that as a section of a page.
func beforeAfter(v *Run) section {
	all := v.changes()
	if len(all) == 0 {
		return section{}
	}
	g := &grid{Header: columns("encryption", ">before: the report", ">after: the run recorded")}
	seen := v.Verified.underKey()
	if seen >= 0 {
		g.Header = append(g.Header, columns(">verify saw")...)
	}
	var before, after []portion
	s := section{Title: "Encryption before and after", Table: g, Lead: "Objects of the report, without delete markers."}
	for _, c := range all {
		row := gridRow{Cells: []cell{text(c.name), num(orDash(c.before)), num(orDash(c.after))}}
		if seen >= 0 {
			saw := ""
			if c.class == "done" {
				saw = Count(seen)
			}
			row.Cells = append(row.Cells, num(saw))
		}
		g.Rows = append(g.Rows, row)
		before, after = append(before, portion{c.class, c.name, c.before}), append(after, portion{c.class, c.name, c.after})
		s.Legend = append(s.Legend, legendEntry{c.class, c.name})
	}
	s.Stacks = []stack{stacked("before", before), stacked("after", after)}
	if v.leavesVersions() {
		s.Notes = append(s.Notes, "The bucket keeps versions: the versions that copies replaced are still there, encrypted as before. They are not counted here.")
	}
	return s
}

// leavesVersions tells whether the plan saw that copies leave old versions behind.
func (v *Run) leavesVersions() bool {
	if v.Estimate == nil {
		return false
	}
	for _, l := range v.Estimate.Monthly.Lines {
		if strings.HasPrefix(l.Item, "old versions left behind") {
			return true
		}
	}
	return false
}

func orDash(n int64) string {
	if n < 0 {
		return "-"
	}
	return Count(n)
}

// writeBeforeAfter writes the same as text.
func writeBeforeAfter(p *page, v *Run) {
	all := v.changes()
	if len(all) == 0 {
		return
	}
	p.printf("\nEncryption before and after, in objects\n")
	t := table{align: "lrr"}
	t.row("", "report", "recorded")
	for _, c := range all {
		t.row(c.name, orDash(c.before), orDash(c.after))
	}
	t.write(p, indent)
}
