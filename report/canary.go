package report

import (
	"fmt"
	"strconv"
	"strings"

	"reseal/canary"
	"reseal/internal/terminal"
	"reseal/plan"
)

// CanaryText is the table of what was to be proven before the rest of a bucket was
// begun, and what was, in lines of at most 80 columns; "" for nothing.
func CanaryText(t *canary.Table) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for i := range t.Kinds {
		k := &t.Kinds[i]
		fmt.Fprintf(&b, "  %-36s  %s\n", KindName(k), KindVerdict(k))
		for _, line := range CanaryLines(k) {
			b.WriteString(terminal.Wrapped("    ", line))
		}
	}
	return b.String()
}

// canaryTitle heads the table.
const canaryTitle = "Canary: objects compared before the rest was begun"

// canarySection is the table as part of a page.
func canarySection(t *canary.Table) section {
	if t == nil || len(t.Kinds) == 0 {
		return section{}
	}
	g := &grid{Prose: true, Header: columns("kind, and what was compared before and after", "verdict")}
	for i := range t.Kinds {
		k := &t.Kinds[i]
		class := map[canary.Verdict]string{canary.Proven: "good", canary.NotProven: "bad", canary.Lost: "bad", canary.InDoubt: "bad"}[k.Verdict]
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: KindName(k), Code: true, List: CanaryLines(k)}, {Text: KindVerdict(k), Class: class}}})
	}
	return section{Title: canaryTitle, Table: g}
}

// KindName is what a kind of objects is called.
func KindName(k *canary.Kind) string {
	if k.Class == "" {
		return k.Action + ", class unknown"
	}
	return k.Action + ", " + visible(k.Class, 100)
}

// KindVerdict is the verdict of a kind, in words.
func KindVerdict(k *canary.Kind) string {
	switch k.Verdict {
	case canary.Lost:
		return "lost: " + Plural(int64(len(k.Doubts)), "object") + " not as before"
	case canary.InDoubt:
		return "in doubt: " + Plural(int64(len(k.Doubts)), "object") + " not as before"
	case canary.Proven:
		return "proven: " + Plural(k.Compared, "object") + " compared"
	case canary.NothingToProve:
		return "nothing to prove"
	}
	if k.Compared > 0 {
		return "not proven yet: " + Plural(k.Compared, "object") + " compared"
	}
	return "not proven"
}

// CanaryLines says attribute by attribute what of a kind was proven and what was not,
// and why not. All of it is safe to show.
func CanaryLines(k *canary.Kind) (lines []string) {
	var kept []string
	for _, p := range k.Proven {
		kept = append(kept, fmt.Sprintf("%s %s", p.Attribute, Count(p.Objects)))
	}
	say := func(what string, names []string) {
		if len(names) > 0 {
			lines = append(lines, what+": "+strings.Join(names, ", "))
		}
	}
	say("kept, by number of objects", kept)
	say("not proven", k.Missing)
	say("not compared, as no request shows it", k.NotShown)
	say("lost, as accepted", k.Accepted)
	for _, r := range k.Reasons {
		said := ""
		if r.Request != "" {
			said = ": " + r.Request
			switch {
			case r.HTTPStatus != 0:
				said += " " + strings.TrimSpace(fmt.Sprintf("%s (%d)", visible(r.Code, 100), r.HTTPStatus))
			case r.Code != "":
				said += " " + visible(r.Code, 100) + " (no answer)"
			}
		}
		lines = append(lines, fmt.Sprintf("%s %s%s, such as %s", Plural(r.Objects, "object"), visible(r.Why, 200), said, inQuotes(r.Key)))
	}
	for _, d := range k.Doubts {
		lines = append(lines, fmt.Sprintf("%s differs: %s; no sign of another client", inQuotes(d.Key), plan.Words(d.Attributes())))
	}
	return lines
}

// inQuotes is a key in quotes, cut where it is long.
func inQuotes(key string) string {
	const most = 300
	if len(key) > most {
		return strconv.Quote(strings.ToValidUTF8(key[:most], "")) + "..."
	}
	return strconv.Quote(key)
}
