package report

import (
	"fmt"
	"time"

	"reseal/cost"
)

// Generation is a pass of a job after the first, over what came since.
type Generation struct {
	Number  int        `json:"number"`
	Source  string     `json:"source"`  // listing or report
	Created time.Time  `json:"created"` // of that
	Listed  int64      `json:"listed"`
	New     int64      `json:"new"` // written since the one before, and not under the key
	Done    int64      `json:"done"`
	Failed  int64      `json:"failed"`
	PutOff  int64      `json:"put_off"`
	Left    int64      `json:"left_alone"`
	Other   int64      `json:"under_another_key,omitempty"` // left alone without --rekey, and not in its report
	Cost    cost.Money `json:"cost_at_most_usd"`            // its listing included
	Verdict string     `json:"verdict"`                     // in words
	Writers []Arrival  `json:"writers,omitempty"`
}

// Arrival is where new objects arrived that are not under the key.
type Arrival struct {
	Prefix  string    `json:"prefix"`
	Owner   string    `json:"owner,omitempty"`
	Objects int64     `json:"objects"`
	Last    time.Time `json:"last_written"`
}

// Words about generations that text and HTML share.
const (
	generationsTitle = "Generations after the first"
	generationsNote  = "All else is about the first one. Each of the others is a job in the folder generations: reseal report shows it."
)

// OtherKey says how many objects a generation left alone as they are under another key.
func OtherKey(n int64) string { return Count(n) + " under another key (--rekey takes those)" }

// pairs are the figures of a generation.
func (g *Generation) pairs() []shown {
	out := []shown{
		{Name: "made of", Value: visible(g.Source, 40) + " of " + Time(g.Created)},
		{Name: "new, not under the key", Value: Plural(g.New, "object")},
		{Name: "re-encrypted", Value: Count(g.Done)},
		{Name: "failed", Value: Count(g.Failed)},
		{Name: "put off", Value: Count(g.PutOff)},
		{Name: leftAlone, Value: Count(g.Left)},
	}
	if g.Other > 0 {
		out = append(out, shown{Name: "under another key", Value: Count(g.Other), More: "--rekey takes those"})
	}
	out = append(out, shown{Name: "price", Value: AtMost(g.Cost), More: "its listing included"})
	for i := range g.Writers {
		out = append(out, shown{Name: "written", Value: writerText(&g.Writers[i])})
	}
	return out
}

// writeGenerations writes the table of the later generations, and who wrote what is new.
func writeGenerations(p *page, all []Generation) {
	if len(all) == 0 {
		return
	}
	p.printf("\n%s\n", generationsTitle)
	for i := range all {
		g := &all[i]
		p.wrapped(indent, fmt.Sprintf("%d: %s, %s of %s; %s new; %s re-encrypted, %s failed, %s put off, %s left alone; %s", g.Number, g.Verdict, g.Source, Time(g.Created),
			Count(g.New), Count(g.Done), Count(g.Failed), Count(g.PutOff), Count(g.Left), AtMost(g.Cost)))
		if g.Other > 0 {
			p.wrapped(indent+indent, OtherKey(g.Other))
		}
		for _, w := range g.Writers {
			p.wrapped(indent+indent, writerText(&w))
		}
	}
	p.wrapped(indent, generationsNote)
}

// writerText says where new objects arrived.
func writerText(w *Arrival) string {
	text := fmt.Sprintf("%s below %q, last %s", Plural(w.Objects, "object"), visible(w.Prefix, 80), Time(w.Last))
	if w.Owner != "" {
		text += ", owner " + visible(w.Owner, 70)
	}
	return text
}

// generationsSection is the same on a page.
func generationsSection(all []Generation) section {
	if len(all) == 0 {
		return section{}
	}
	s := section{Title: generationsTitle, Notes: []string{generationsNote}}
	for i := range all {
		g := &all[i]
		s.Cards = append(s.Cards, card{Title: fmt.Sprintf("Generation %d", g.Number), State: cell{Text: visible(g.Verdict, 100)}, Pairs: g.pairs()})
	}
	return s
}
