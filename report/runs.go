package report

import (
	"fmt"
	"strings"

	"reseal/internal/terminal"
)

// writeRuns writes the table of the runs of a job: who ran what, when, from where,
// by which options, and how it ended.
func writeRuns(p *page, runs []JobRun) {
	if len(runs) == 0 {
		return
	}
	p.printf("\nRuns\n")
	for i := range runs {
		r := &runs[i]
		p.printf("%s%d  %s\n", indent, i+1, runTimes(r))
		t := table{wrap: []int{1}}
		t.row("by", visible(r.who(), 200))
		if r.Caller != "" {
			t.row("caller", visible(r.Caller, 200))
		}
		t.row("with", visible(r.with(), 200))
		for i, line := range terminal.Command(visible(r.Line, 400), p.columns-len(indent+indent+"accepted  ")) {
			t.whole(map[bool]string{true: "command"}[i == 0], line)
		}
		if len(r.Accepted) > 0 {
			t.row("accepted", visible(strings.Join(r.Accepted, ", "), 300))
		}
		for _, o := range r.Orders {
			t.row("told", Time(o.Time)+": "+visible(o.Text, 200))
		}
		t.row("end", visible(r.end(), 300))
		t.write(p, indent+indent)
	}
}

func runTimes(r *JobRun) string {
	if r.Ended.IsZero() {
		return Time(r.Started) + " to an end that was not recorded"
	}
	return fmt.Sprintf("%s to %s", Time(r.Started), Time(r.Ended))
}

// who names the person, the machine and the process.
func (r *JobRun) who() string { return fmt.Sprintf("%s on %s, process %d", r.User, r.Host, r.PID) }

// with names the program.
func (r *JobRun) with() string {
	with := "reseal " + r.Program
	if r.Commit != "" {
		with += ", commit " + r.Commit
	} else {
		with += ", commit not known"
	}
	if r.SHA256 != "" {
		with += ", SHA-256 " + r.SHA256
	}
	return with
}

// told is what the run was told while it was on.
func (r *JobRun) told() string {
	var all []string
	for _, o := range r.Orders {
		all = append(all, Time(o.Time)+": "+o.Text)
	}
	return strings.Join(all, "; ")
}

// end says how the run ended.
func (r *JobRun) end() string {
	if r.ExitCode == nil {
		return r.Ending
	}
	return fmt.Sprintf("exit code %d: %s", *r.ExitCode, r.Ending)
}

// runsSection is the same as a section of a page.
func runsSection(runs []JobRun) section {
	s := section{Title: "Runs"}
	for i := range runs {
		r := &runs[i]
		state := cell{Text: r.end(), Class: "bad"}
		switch {
		case r.ExitCode == nil:
			state.Class = "wait"
		case *r.ExitCode == 0:
			state.Class = "good"
		}
		c := card{Title: fmt.Sprintf("Run %d: %s", i+1, runTimes(r)), State: cell{Text: visible(state.Text, 300), Class: state.Class}}
		add := func(name, value string, code bool) {
			if value != "" {
				c.Pairs = append(c.Pairs, shown{Name: name, Value: value, Code: code})
			}
		}
		add("by", visible(r.who(), 200), false)
		add("caller", visible(r.Caller, 200), true)
		add("command", visible(r.Line, 400), true)
		add("accepted", visible(strings.Join(r.Accepted, ", "), 300), false)
		add("told", visible(r.told(), 2000), false)
		add("program", visible(r.with(), 200), false)
		s.Cards = append(s.Cards, c)
	}
	return s
}
