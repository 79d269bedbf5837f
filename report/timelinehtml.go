package report

import (
	"fmt"
	"time"
)

// timeline is the section of what was settled when.
func timeline(v *Run) section {
	tl := v.Summary.Timeline()
	if len(tl.Slots()) < 2 {
		return section{}
	}
	s := section{Title: "Over time", Lead: fmt.Sprintf("Mean rates over slots of %s, each chart on a scale of its own. An object counts in the slot that it ends in, with all its requests.", Duration(tl.Width()))}
	if !v.AllLines && !v.Curves {
		s.Lead += " Only failures and surprises were written, so the results have no curve of what went well."
	}
	perSecond := func(class, name string, get func(Slot) int64) values {
		c := values{class: class, name: name}
		for _, slot := range tl.Slots() {
			c.perSecond = append(c.perSecond, float64(get(slot))/tl.Width().Seconds())
		}
		return c
	}
	from, to := tl.Start(), tl.Start().Add(time.Duration(len(tl.Slots()))*tl.Width())
	done := perSecond("done", "objects done", func(s Slot) int64 { return s.Done })
	failed := perSecond("failed", "objects failed", func(s Slot) int64 { return s.Failed })
	kms := perSecond("kms", "KMS requests, at most", func(s Slot) int64 { return s.KMSCalls })
	times := timesBetween(from, to)
	s.Marks = v.marks(from, to)
	held := v.caps().Text()
	objects := chart("Objects a second", []values{done, failed}, nil, "", times, s.Marks)
	requests := chart("KMS requests a second, at most", []values{kms}, v.limits(), held, times, s.Marks)
	s.Charts = []lineChart{objects, requests}
	s.Legend = []legendEntry{{"done", done.name}, {"failed", failed.name}, {"kms", kms.name}}
	if requests.CapPath != "" {
		s.Legend = append(s.Legend, legendEntry{"cap", held})
	}
	s.Data = timelineData(v, from, []values{done, failed, kms})
	return s
}

// dataRows is how many rows the table of a timeline has at most.
const dataRows = 24

// timelineData has the figures of the charts for those who do not see them: the
// means over a few slots each.
func timelineData(v *Run, from time.Time, curves []values) *grid {
	tl, caps := v.Summary.Timeline(), v.caps()
	g := &grid{Header: columns("from", ">objects/s", ">failed/s", ">KMS requests/s", ">cap")}
	slots := len(tl.Slots())
	each := (slots + dataRows - 1) / dataRows
	for i := 0; i < slots; i += each {
		end := min(i+each, slots)
		at, until := from.Add(time.Duration(i)*tl.Width()), from.Add(time.Duration(end)*tl.Width())
		row := []cell{text(Time(at))}
		for _, c := range curves {
			sum := 0.0
			for _, x := range c.perSecond[i:end] {
				sum += x
			}
			row = append(row, num(Rate(sum/float64(end-i))))
		}
		held := "-"
		if most := caps.highest(at, until); most > 0 {
			held = Rate(most)
		}
		g.Rows = append(g.Rows, gridRow{Cells: append(row, num(held))})
	}
	return g
}

// limits are the caps on KMS requests in each slot of the timeline: of those that
// held in one, the highest.
func (v *Run) limits() (out []float64) {
	tl, caps := v.Summary.Timeline(), v.caps()
	for i := range tl.Slots() {
		from := tl.Start().Add(time.Duration(i) * tl.Width())
		out = append(out, caps.highest(from, from.Add(tl.Width())))
	}
	return out
}
