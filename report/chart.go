package report

import (
	"fmt"
	"math"
	"strings"

	"reseal/cost"
)

// barTable is a table in which the objects of each row also are a bar.
type barTable struct {
	Names string
	Rows  []barRow
}

type barRow struct {
	Name, Note     string
	Objects, Bytes string
	Share          string
	Width          float64 // of 1000
	n              int64
}

func bars(names string) *barTable { return &barTable{Names: names} }

func (b *barTable) row(name, note string, n cost.Count) {
	b.Rows = append(b.Rows, barRow{Name: name, Note: note, Objects: Count(n.Objects), Bytes: Bytes(n.Bytes), n: n.Objects})
}

// scaled works out the bars: as a share of all rows together. It returns nil
// where there are no rows.
func (b *barTable) scaled() *barTable {
	var sum int64
	for _, r := range b.Rows {
		sum += r.n
	}
	if sum == 0 {
		return nil
	}
	for i := range b.Rows {
		r := &b.Rows[i]
		r.Share = Percent(r.n, sum)
		r.Width = round(1000 * float64(r.n) / float64(sum))
		if r.n > 0 {
			r.Width = max(r.Width, 2) // what is there must be seen
		}
	}
	return b
}

// stack is one bar made of parts.
type stack struct {
	Label string
	Parts []part
}

type part struct {
	Class    string
	X, Width float64 // of 1000
}

// lineChart is a curve over time, in a box of 1000 by 100.
type lineChart struct {
	Title, Caption     string
	Area, Edge         string // classes
	AreaPath, EdgePath string
	CapPath            string
	From, To           string
}

// chart draws values, which are per second, as steps. limits, where there are any,
// are as many caps, which are a dashed line, and held their names; a limit of 0 is
// none. variant is "" or "2", for another colour.
func chart(title string, values, limits []float64, held, variant, from, to string) lineChart {
	top, peak := 0.0, 0.0
	for _, v := range limits {
		top = max(top, v)
	}
	for _, v := range values {
		peak = max(peak, v)
	}
	top = max(top, peak) * 1.08
	if top == 0 {
		top = 1
	}
	y := func(v float64) float64 { return round(100 - 100*v/top) }
	var edge, dashed strings.Builder
	x := func(i int) float64 { return round(1000 * float64(i) / float64(len(values))) }
	step(&edge, values, x, y, func(float64) bool { return true })
	step(&dashed, limits, x, y, func(limit float64) bool { return limit > 0 })
	c := lineChart{
		Title: title, Caption: "peak " + Rate(peak), Area: "area" + variant, Edge: "edge" + variant,
		EdgePath: edge.String(), AreaPath: edge.String() + "V100H0Z", From: from, To: to,
	}
	if held != "" {
		c.CapPath = dashed.String()
		c.Caption += ", " + held + " (dashed)"
	}
	return c
}

// step draws a level for each value that counts, with a gap for the others.
func step(path *strings.Builder, values []float64, x func(int) float64, y func(float64) float64, counts func(float64) bool) {
	drawn, level := false, 0.0
	for i, v := range values {
		switch at := y(v); {
		case !counts(v):
			drawn = false
			continue
		case !drawn:
			fmt.Fprintf(path, "M%g %g", x(i), at)
		case at != level:
			fmt.Fprintf(path, "V%g", at)
		}
		drawn, level = true, y(v)
		fmt.Fprintf(path, "H%g", x(i+1))
	}
}

// round keeps two decimals, which is more than a screen shows.
func round(v float64) float64 { return math.Round(v*100) / 100 }
