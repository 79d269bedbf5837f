package report

import (
	"fmt"
	"io"
	"strings"

	"reseal/cost"
	"reseal/plan"
)

// briefNames is how many reasons or hazards a brief plan names.
const briefNames = 5

// WritePlanBrief writes what somebody who is about to start a run has to know of
// its plan, in a few lines; more says how to see all of it.
func WritePlanBrief(w io.Writer, v *Plan, more string) error {
	p := newPage(w)
	head(p, "Run on", &v.Job)
	t, e := v.Tally, v.Estimate
	rows := table{wrap: []int{1}}
	rows.row("to do", briefWork(t, &v.Job.Options))
	if left := briefLeft(t); left != "" {
		rows.row("left alone", left)
		if about := aboutRekey(t, e, &v.Job.Options); about != "" {
			rows.row("", about)
		}
	}
	for i, h := range v.Hazards {
		name := ""
		if i == 0 {
			name = "hazards"
		}
		rows.row(name, h.Name+": "+hazardState(&h))
	}
	rows.row("price", briefPrice(e))
	if len(e.Monthly.Lines) > 0 {
		rows.row("afterwards", total(&e.Monthly)+" a month")
	}
	rows.row("time", timeLine(&e.Duration))
	briefEvidence(&rows, v.Evidence, v.ResultsBytes)
	rows.write(p, indent)
	if m := planned(e); m != nil && e.Recommended != m.Name {
		p.wrapped(indent, "Recommended: "+e.Advice)
	}
	p.wrapped("", "All details: "+more)
	return p.err
}

func planned(e *cost.Estimate) *cost.Method {
	for i := range e.Methods {
		if e.Methods[i].Planned {
			return &e.Methods[i]
		}
	}
	return nil
}

// mostBy begins a number of objects that are selected by more than the report tells:
// nobody knows their tags beforehand, and a look may show some to be left alone.
func mostBy(t *cost.Tally, o *plan.Options) string {
	if len(o.Tags) > 0 || t.Doubtful() {
		return "at most "
	}
	return ""
}

// briefWork says what is done, summed up over the classes.
func briefWork(t *cost.Tally, o *plan.Options) string {
	todo := t.Todo()
	if todo.Objects == 0 {
		return "nothing"
	}
	byAction := map[string]int64{}
	var names []string
	for _, a := range t.Actions() {
		name := a.Action.String()
		if byAction[name] == 0 {
			names = append(names, name)
		}
		byAction[name] += a.Objects
	}
	for i, name := range names {
		names[i] = Count(byAction[name]) + " by " + name
	}
	return fmt.Sprintf("%s%s, %s: %s", mostBy(t, o), Plural(todo.Objects, "object"), knownSize(todo), strings.Join(names, ", "))
}

// briefLeft names the most frequent reasons.
func briefLeft(t *cost.Tally) string {
	var parts []string
	var rest cost.Count
	for i, r := range t.Reasons() {
		if i < briefNames {
			parts = append(parts, Count(r.Objects)+" "+visible(r.Name, 40))
			continue
		}
		rest.Objects += r.Objects
	}
	if rest.Objects > 0 {
		parts = append(parts, Count(rest.Objects)+" for other reasons")
	}
	return strings.Join(parts, ", ")
}

func briefPrice(e *cost.Estimate) string {
	if !e.Priced {
		return briefTotal(e)
	}
	return briefTotal(e) + ", " + ListPrices(e)
}

func briefTotal(e *cost.Estimate) string {
	if !e.Priced {
		return "unknown for " + orUnknown(e.Region)
	}
	return total(&e.Once)
}

// briefEvidence says what the run keeps, and what that takes.
func briefEvidence(rows *table, e *Evidence, results int64) {
	name := "evidence"
	if e != nil {
		rows.row(name, e.words())
		name = ""
	}
	if results > 0 {
		rows.row(name, "result lines: about "+packed(results)+" of disk in the job, "+Bytes(results)+" unpacked")
	}
}

// ListPrices says what the prices of an estimate are.
func ListPrices(e *cost.Estimate) string {
	return "list prices of " + e.Region + " of " + e.PriceDate
}

// Provisional is what there is to tell of a run that starts without reading its
// report first.
type Provisional struct {
	Job     Job
	Rows    int64          // of the report, -1 where only reading it tells
	Million *cost.Estimate // of a million objects of STANDARD in one copy each
	Hazards []Hazard

	Lines      bool  // every object has a result line
	Remembered int64 // objects that are read as a whole before
}

// WriteProvisional writes what is known before the report was read.
func WriteProvisional(w io.Writer, v *Provisional) error {
	p := newPage(w)
	head(p, "Run on", &v.Job)
	rows := table{wrap: []int{1}}
	if v.Rows >= 0 {
		rows.row("to do", "at most "+Plural(v.Rows, "row"))
	} else {
		rows.row("to do", "not known before the report is read")
	}
	e := v.Million
	rows.row("price", "provisional: "+briefPrice(e)+", for each million objects of STANDARD up to 5 GiB")
	rows.row("", "other classes and larger objects cost more; objects that need nothing cost nothing")
	rows.row("time", timeLine(&e.Duration)+", for each million")
	if v.Remembered > 0 {
		rows.row("evidence", "all of "+Plural(v.Remembered, "object")+" of the first rows read before, for verify to compare (--snapshot 0: none)")
	}
	if v.Lines {
		rows.row("disk", "result lines: about "+packed(1_000_000*LineBytes)+" for each million")
	}
	rows.write(p, indent)
	return p.err
}
