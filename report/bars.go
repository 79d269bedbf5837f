package report

import (
	"math"

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
	Name  string // shown before it, "" for nothing
	Label string // what a screen reader reads
	Parts []part
}

type part struct {
	Class    string
	X, Width float64 // of 1000
}

// portion is a part of a whole before it is drawn.
type portion struct {
	class, name string
	n           int64
}

// stacked draws portions of a whole, each wide enough to be seen.
func stacked(name string, all []portion) stack {
	var sum int64
	for _, p := range all {
		sum += p.n
	}
	s := stack{Name: name, Label: name}
	x, joint := 0.0, ": "
	for _, p := range all {
		if p.n <= 0 {
			continue
		}
		width := max(1000*float64(p.n)/float64(sum), 4)
		s.Parts = append(s.Parts, part{p.class, round(x), round(max(min(width, 1000-x), 0))})
		x = min(x+width, 1000)
		s.Label += joint + p.name + " " + Count(p.n)
		joint = ", "
	}
	return s
}

// round keeps two decimals, which is more than a screen shows.
func round(v float64) float64 { return math.Round(v*100) / 100 }
