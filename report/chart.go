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

// chart draws values, which are per second, as steps; a cap above 0 is a dashed
// line. variant is "" or "2", for another colour.
func chart(title string, values []float64, limit float64, variant, from, to string) lineChart {
	top := limit
	peak := 0.0
	for _, v := range values {
		peak = max(peak, v)
	}
	top = max(top, peak) * 1.08
	if top == 0 {
		top = 1
	}
	y := func(v float64) float64 { return round(100 - 100*v/top) }
	var edge strings.Builder
	for i, v := range values {
		x0, x1 := round(1000*float64(i)/float64(len(values))), round(1000*float64(i+1)/float64(len(values)))
		if i == 0 {
			fmt.Fprintf(&edge, "M%g %g", x0, y(v))
		} else {
			fmt.Fprintf(&edge, "V%g", y(v))
		}
		fmt.Fprintf(&edge, "H%g", x1)
	}
	c := lineChart{
		Title: title, Caption: "peak " + Rate(peak), Area: "area" + variant, Edge: "edge" + variant,
		EdgePath: edge.String(), AreaPath: edge.String() + "V100H0Z", From: from, To: to,
	}
	if limit > 0 {
		c.CapPath = fmt.Sprintf("M0 %gH1000", y(limit))
		c.Caption += ", cap " + Rate(limit) + " (dashed)"
	}
	return c
}

// round keeps two decimals, which is more than a screen shows.
func round(v float64) float64 { return math.Round(v*100) / 100 }
