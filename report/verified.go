package report

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Verified is what verify saw of a job the last time.
type Verified struct {
	At        time.Time      `json:"at"`
	Sample    string         `json:"sample"` // as asked for, "1%"
	Rows      int64          `json:"rows"`
	Looked    int64          `json:"objects_looked_at"`
	Compared  int64          `json:"snapshots_compared"`
	Unsampled int64          `json:"rows_not_in_sample"`
	Sampled   int64          `json:"objects_in_sample"`
	DrawnFrom int64          `json:"sample_drawn_from"`
	Wrong     int64          `json:"wrong_in_sample"`
	Bound     float64        `json:"bound_95,omitempty"`                // share of all that may be wrong, at 95 % confidence
	Verdicts  []VerdictCount `json:"verdicts"`                          // that some row has, those that may be signed first
	UnderKey  int64          `json:"under_the_key"`                     // rows of these that are under the key
	Grade     string         `json:"grade"`                             // the worst of any row: fine, open (work is left) or wrong
	Untold    int64          `json:"attributes_not_compared,omitempty"` // proven objects of which nothing tells what they were
	LaterOpen bool           `json:"later_generation_open,omitempty"`   // one after the first is not as promised, or was not verified as it is now
	Older     bool           `json:"job_went_on_since"`
	Early     bool           `json:"job_had_not_begun,omitempty"`
}

// VerdictCount is how many rows got a verdict.
type VerdictCount struct {
	Verdict string `json:"verdict"`
	Grade   string `json:"grade"` // fine, open, wrong
	Rows    int64  `json:"rows"`
}

// underKey is how many objects verify saw under the key, -1 where it did not look at
// all of them.
func (d *Verified) underKey() int64 {
	if d == nil || d.Unsampled > 0 || d.Older {
		return -1
	}
	return d.UnderKey
}

// proves says what the looks prove of all rows.
func (d *Verified) proves() string {
	switch {
	case d.Unsampled == 0:
		return "Every row of the report has a verdict: nothing is estimated."
	case d.Sampled == 0:
		return fmt.Sprintf("The sample took none of the %s that have to be looked at: it proves nothing. A larger --sample does.", Plural(d.DrawnFrom, "object"))
	}
	verb := "are"
	if d.Wrong == 1 {
		verb = "is"
	}
	return fmt.Sprintf("The sample is %s of %s, drawn at random. %s of them %s not as promised: with 95 %% confidence at most %s of all are, which is %s.",
		Count(d.Sampled), Plural(d.DrawnFrom, "object"), Count(d.Wrong), verb, shareAbove(d.Bound), Plural(int64(math.Ceil(d.Bound*float64(d.DrawnFrom)-1e-9)), "object"))
}

// notes say what the verdicts leave open, and what was compared.
func (d *Verified) notes() (notes []string) {
	if d.Untold > 0 {
		notes = append(notes, "Left open: "+Untold(d.Untold)+". The answers were lost.")
	}
	if d.Compared > 0 {
		notes = append(notes, "All that the run remembered of "+Plural(d.Compared, "object")+" before it re-encrypted them was compared with what is there now.")
	}
	return notes
}

// shareAbove writes a share so that it is never rounded down: 0.3 %.
func shareAbove(x float64) string {
	unit := 10.0
	for y := 100 * x; y > 0 && y < 1 && unit < 1e9; y *= 10 {
		unit *= 10
	}
	return strconv.FormatFloat(math.Ceil(100*x*unit-1e-9)/unit, 'f', -1, 64) + " %"
}

// words say in a sentence when verify looked, and what it found.
func (d *Verified) words() string {
	if d == nil {
		return "reseal verify has not looked at the objects again"
	}
	if d.Early {
		return d.earlyWords()
	}
	found := map[string]string{"fine": "found all as promised", "open": "found nothing wrong, but something is left open"}[d.Grade]
	if found == "" {
		found = "found rows that are not as promised"
	}
	if d.LaterOpen && d.Grade == "fine" {
		found = "found all of the first generation as promised; a later one is not, or was not verified as it is now"
	}
	out := fmt.Sprintf("reseal verify looked at %s on %s and %s", Plural(d.Looked, "object"), Time(d.At), found)
	if d.Older {
		out += "; the job went on since"
	}
	return out
}

// earlyWords say the same of a look before the job had begun.
func (d *Verified) earlyWords() string {
	if d.Older {
		return fmt.Sprintf("reseal verify looked on %s, before the job had begun, and not since", Time(d.At))
	}
	return fmt.Sprintf("not yet: the job has not begun; reseal verify looked on %s", Time(d.At))
}

// verifySection is what verify saw as a section of a page.
func verifySection(d *Verified) section {
	if d == nil {
		return section{Title: "Verify", Notes: []string{"reseal verify has not looked at the objects again. It gives every row of the report a verdict: reseal verify with this job."}}
	}
	g := &grid{Header: columns("verdict", ">rows", ">share", "what it means")}
	for _, v := range d.Verdicts {
		c := cell{Text: visible(v.Verdict, 60), Class: map[string]string{"fine": "good", "open": "wait", "wrong": "bad"}[v.Grade]}
		means := map[string]string{"fine": "as promised", "open": "work is left", "wrong": "not as promised, or nobody could tell"}[v.Grade]
		g.Rows = append(g.Rows, gridRow{Cells: []cell{c, num(Count(v.Rows)), num(Percent(v.Rows, d.Rows)), text(means)}})
	}
	if d.Unsampled > 0 {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text("not in the sample"), num(Count(d.Unsampled)), num(Percent(d.Unsampled, d.Rows)), text("nobody looked")}})
	}
	s := section{Title: "Verify", Table: g, Lead: sentence(d.words()) + " Sample: " + visible(d.Sample, 20) + ".", Notes: []string{d.proves()}}
	s.Notes = append(s.Notes, d.notes()...)
	return s
}

// writeVerify writes the same as text.
func writeVerify(p *page, d *Verified) {
	p.printf("\nVerify\n")
	p.wrapped(indent, sentence(d.words()))
	if d == nil {
		return
	}
	t := table{align: "lrr"}
	for _, v := range d.Verdicts {
		t.row(visible(v.Verdict, 60), Count(v.Rows), Percent(v.Rows, d.Rows))
	}
	if d.Unsampled > 0 {
		t.row("not in the sample", Count(d.Unsampled), Percent(d.Unsampled, d.Rows))
	}
	t.write(p, indent)
	for _, note := range append([]string{d.proves()}, d.notes()...) {
		p.wrapped(indent, note)
	}
}

// sentence makes words end in a full stop.
func sentence(words string) string { return words + "." }
