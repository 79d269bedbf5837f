package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// lineChart is a curve over time, in a box of 1000 by 100 that is stretched. What
// must not be stretched, numbers and marks, is placed by shares of the width.
type lineChart struct {
	Title, Caption string // the caption says in words what the curve shows
	Curves         []curve
	CapPath        string
	Ticks          []tick   // top to bottom
	Times          []string // left to right, at equal distances
	Marks          []mark   // on the curve
}

type curve struct{ Class, Area, Edge string }

type tick struct {
	Text string
	Y    float64 // of 100, from above
}

// values are so many a second, slot by slot.
type values struct {
	class, name string
	perSecond   []float64
}

// above is how many times the peak a cap may be to be drawn in the chart. A higher
// one would press the curve flat, so it is said beside the chart.
const above = 1.6

// chart draws curves as steps on a scale of their own. limits, where there are any,
// are as many caps, drawn as a dashed line where they have a place; a limit of 0 is
// none. held are the caps in words.
func chart(title string, curves []values, limits []float64, held string, times []string, marks []mark) lineChart {
	peak, sum, n := 0.0, 0.0, 0
	for _, c := range curves {
		for _, v := range c.perSecond {
			peak = max(peak, v)
		}
	}
	for _, v := range curves[0].perSecond {
		sum, n = sum+v, n+1
	}
	top, highest := peak, 0.0
	for _, v := range limits {
		highest = max(highest, v)
		if v <= above*peak {
			top = max(top, v)
		}
	}
	c := lineChart{Title: title, Times: times, Marks: marks}
	top, c.Ticks = scale(top)
	y := func(v float64) float64 { return round(100 - 100*v/top) }
	x := func(i int) float64 { return round(1000 * float64(i) / float64(max(n, 1))) }
	for _, one := range curves {
		var edge strings.Builder
		step(&edge, one.perSecond, x, y, func(float64) bool { return true })
		c.Curves = append(c.Curves, curve{one.class, edge.String() + "V100H0Z", edge.String()})
	}
	var dashed strings.Builder
	step(&dashed, limits, x, y, func(limit float64) bool { return limit > 0 && limit <= top })
	c.CapPath = dashed.String()
	c.Caption = "mean " + Rate(sum/float64(max(n, 1))) + ", peak " + Rate(peak)
	switch {
	case held == "":
	case highest > top && peak > 0:
		c.Caption += fmt.Sprintf("; %s: up to %.3g times the peak, above this chart", held, highest/peak)
	default:
		c.Caption += "; " + held + " (dashed)"
	}
	return c
}

// scale returns the end of an axis that has room for top, and its ticks at round
// numbers.
func scale(top float64) (end float64, ticks []tick) {
	if top <= 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		top = 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(top/4)))
	width := unit
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if width = m * unit; top/width <= 4.5 {
			break
		}
	}
	n := int(math.Ceil(top/width - 1e-9))
	end = float64(n) * width
	for i := n; i >= 0; i-- {
		ticks = append(ticks, tick{axisNumber(float64(i) * width), round(100 - 100*float64(i)/float64(n))})
	}
	return end, ticks
}

// axisNumber writes a number of an axis: 1,500, 0.25.
func axisNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Count(int64(v))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// timesBetween are instants at equal distances, the day where it is another than
// that before.
func timesBetween(from, to time.Time) (out []string) {
	day := ""
	for i := range 5 {
		t := from.Add(time.Duration(i) * (to.Sub(from) / 4)).UTC()
		form := "15:04:05"
		if to.Sub(from) > 2*time.Hour {
			form = "15:04"
		}
		if today := t.Format("01-02"); today != day {
			day, form = today, "01-02 "+form
		}
		out = append(out, t.Format(form))
	}
	return out
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
