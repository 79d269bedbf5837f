package report

import (
	"fmt"
	"io"
	"strings"

	"reseal/cost"
	"reseal/internal/plain"
)

// document is what a page shows: first the answer, then its parts, and
// last what identifies them.
type document struct {
	Title, Kind string
	State       *stateText
	Answer      string
	Target      string
	Figures     []shown
	Advice      string
	Sections    []section
	Footer      string
}

// shown is a name and what is shown beside it.
type shown struct {
	Name, Value, More, Class string
	Code                     bool
}

type stateText struct{ Text, Class string }

// section is a titled part of the page; what is empty is not shown.
type section struct {
	ID          string
	Title, Lead string
	Stacks      []stack
	Legend      []legendEntry
	Charts      []lineChart
	Marks       []mark
	Data        *grid // the figures of the charts
	Bars        *barTable
	Table       *grid
	Cards       []card
	Pairs       []shown
	Notes       []string
}

// legendEntry explains a colour, or how a line is drawn.
type legendEntry struct{ Class, Text string }

// card is one of several things that have too many properties for a table.
type card struct {
	Title string
	State cell
	Pairs []shown
}

type grid struct {
	Narrow bool // no wider than it must be
	Prose  bool // cells are sentences: below each other in a narrow window
	Header []column
	Rows   []gridRow
}

// Stacks tells whether the table has too many columns for a narrow window, where
// its rows are then set one cell below the other.
func (g *grid) Stacks() bool { return !g.Narrow && !g.Prose && len(g.Header) > 3 }

// Class is how the table is laid out.
func (g *grid) Class() string {
	switch {
	case g.Narrow:
		return "narrow"
	case g.Prose:
		return "prose"
	case g.Stacks():
		return "stacks"
	}
	return "plain"
}

// Label is the header of a column, which stands beside each cell then.
func (g *grid) Label(i int) string {
	if i < len(g.Header) {
		return g.Header[i].Text
	}
	return ""
}

type column struct {
	Text  string
	Right bool
}

type gridRow struct {
	Class string
	Cells []cell
}

type cell struct {
	Text, Class, Note string
	Code              bool
	List              []string
}

func text(s string) cell { return cell{Text: s} }
func num(s string) cell  { return cell{Text: s, Class: "n"} }
func code(s string) cell { return cell{Text: s, Code: true} }
func columns(spec ...string) (out []column) {
	for _, s := range spec {
		name, right := strings.CutPrefix(s, ">")
		out = append(out, column{name, right})
	}
	return out
}

// add adds a section unless there is nothing in it.
func (d *document) add(s section) {
	if len(s.Stacks) == 0 && len(s.Charts) == 0 && s.Bars == nil && (s.Table == nil || len(s.Table.Rows) == 0) &&
		len(s.Cards) == 0 && len(s.Pairs) == 0 && len(s.Notes) == 0 {
		return
	}
	s.ID = fmt.Sprintf("s%d", len(d.Sections)+1)
	d.Sections = append(d.Sections, s)
}

func (d *document) write(w io.Writer) error {
	safe := &plain.Writer{Out: w}
	if err := d.node().Render(safe); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	if err := safe.Flush(); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

// target says under what the objects are to be.
func target(j *Job) string {
	out := j.Options.SSE
	if j.Options.KMSKeyID != "" {
		out += " under " + visible(j.Options.KMSKeyID, 300)
	}
	return out
}

// identity is what tells this page from others: the last section, as nobody reads it
// first.
func identity(j *Job, more ...shown) section {
	out := []shown{{Name: "bucket", Value: visible(j.Bucket, 100), Code: true}, {Name: "Region", Value: orUnknown(j.Region)},
		{Name: "report", Value: visible(j.Manifest, 400), Code: true}}
	add := func(name, value string, code bool) {
		if value != "" {
			out = append(out, shown{Name: name, Value: value, Code: code})
		}
	}
	if !j.ManifestTime.IsZero() {
		add("scanned from", Time(j.ManifestTime), false)
	}
	add("target", target(j), true)
	bucketKey := "off"
	if j.Options.BucketKey {
		bucketKey = "on"
	}
	add("bucket key", bucketKey, false)
	add("method", string(j.Options.Method), false)
	out = append(out, more...)
	add("MD5 of the manifest", visible(j.ManifestMD5, 64), true)
	add("job", visible(j.Hash, 64), true)
	return section{Title: "What this page is about", Pairs: out}
}

func footer(j *Job, e *cost.Estimate) string {
	out := "reseal"
	if j.Version != "" {
		out += " " + j.Version
	}
	if !j.Evaluated.IsZero() {
		out += ", evaluated " + Time(j.Evaluated)
	}
	if e != nil && e.Priced {
		out += ". List prices of " + e.Region + " of " + e.PriceDate + ", US dollars before tax and discounts"
	}
	return out + "."
}
