package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"reseal/cost"
)

//go:embed page.html
var pageSource string

// document is what the page template shows.
type document struct {
	Title, Kind string
	State       *stateText
	Head        []shown
	Figures     []shown
	Advice      string
	Sections    []section
	Footer      string
}

type shown struct{ Name, Value, More string }

type stateText struct{ Text, Class string }

// section is a titled part of the page; what is empty is not shown.
type section struct {
	Title, Lead string
	Stack       *stack
	Charts      []lineChart
	Bars        *barTable
	Table       *grid
	Notes       []string
}

type grid struct {
	Narrow bool // no wider than it must be
	Header []column
	Rows   []gridRow
}

// Stacks tells whether the table has too many columns for a narrow window, where
// its rows are then set one cell below the other.
func (g *grid) Stacks() bool { return !g.Narrow && len(g.Header) > 3 }

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
	if s.Stack != nil || len(s.Charts) > 0 || s.Bars != nil || s.Table != nil && len(s.Table.Rows) > 0 || len(s.Notes) > 0 {
		d.Sections = append(d.Sections, s)
	}
}

func (d *document) write(w io.Writer) error {
	t, err := template.New("").Parse(pageSource)
	if err != nil {
		return fmt.Errorf("page template: %w", err)
	}
	if err := t.ExecuteTemplate(w, "page", d); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

func headRows(j *Job) []shown {
	out := []shown{{Name: "Region", Value: orUnknown(j.Region)}, {Name: "report", Value: visible(j.Manifest, 400)}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, shown{Name: name, Value: value})
		}
	}
	if !j.ManifestTime.IsZero() {
		add("scanned from", Time(j.ManifestTime))
	}
	add("MD5 of the manifest", visible(j.ManifestMD5, 64))
	target := j.Options.SSE
	if j.Options.KMSKeyID != "" {
		target += " under " + visible(j.Options.KMSKeyID, 300)
	}
	add("target", target)
	bucketKey := "off"
	if j.Options.BucketKey {
		bucketKey = "on"
	}
	add("bucket key", bucketKey)
	add("method", string(j.Options.Method))
	add("job", visible(j.Hash, 64))
	return out
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
