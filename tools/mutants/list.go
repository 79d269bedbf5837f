package main

import (
	"fmt"
	"strings"
)

// mark stands before the operator that is changed, in the text of its line.
const mark = "»"

// mutant is one change of one operator.
type mutant struct {
	file     string // policy/json.go
	line     string // without indentation, with mark before the operator
	mutation string // CONDITIONALS_BOUNDARY, …, as gremlins names it
	status   string
}

// name is the mutant without what became of it.
func (m mutant) name() mutant { m.status = ""; return m }

// String is the mutant as the list of equivalent ones has it.
func (m mutant) String() string { return m.file + " " + m.mutation + ": " + m.line }

// parseList reads the equivalent mutants. Each is a line "FILE MUTATION: LINE",
// and the reason below it, indented. Lines with # are comments.
func parseList(text string) (map[mutant]string, error) {
	out := map[mutant]string{}
	var last mutant
	for i, line := range strings.Split(text, "\n") {
		reason := strings.TrimSpace(line)
		switch {
		case reason == "" || line[0] == '#':
		case reason != line && (line[0] == ' ' || line[0] == '\t'):
			if last.file == "" {
				return nil, fmt.Errorf("line %d: a reason without a mutant", i+1)
			}
			out[last] = strings.TrimSpace(out[last] + " " + reason)
		default:
			what, text, ok := strings.Cut(reason, ": ")
			file, mutation, ok2 := strings.Cut(what, " ")
			if !ok || !ok2 || !strings.Contains(text, mark) {
				return nil, fmt.Errorf("line %d: want FILE MUTATION: LINE with a %s in it", i+1, mark)
			}
			last = mutant{file: file, mutation: mutation, line: text}
			out[last] = ""
		}
	}
	for m, reason := range out {
		if reason == "" {
			return nil, fmt.Errorf("no reason for %s", m)
		}
	}
	return out, nil
}

// tally is what became of the mutants of a package.
type tally struct {
	killed, equivalent, notCovered, notViable int
	survivors                                 []mutant
}

// count sorts mutants by what became of them. One whose tests ran out of time is
// killed: the change made a loop endless.
func count(all []mutant, known map[mutant]string) tally {
	var t tally
	for _, m := range all {
		_, equivalent := known[m.name()]
		switch {
		case m.status == "KILLED" || m.status == "TIMED OUT":
			t.killed++
		case m.status == "NOT COVERED":
			t.notCovered++
		case m.status == "NOT VIABLE":
			t.notViable++
		case m.status == "LIVED" && equivalent:
			t.equivalent++
		case m.status == "LIVED":
			t.survivors = append(t.survivors, m)
		}
	}
	return t
}

// stale are the mutants listed as equivalent that a test killed.
func stale(all []mutant, known map[mutant]string) []mutant {
	var out []mutant
	for _, m := range all {
		if _, listed := known[m.name()]; listed && m.status == "KILLED" {
			out = append(out, m)
		}
	}
	return out
}

// share of those killed or surviving that survive, in percent.
func (t tally) share() float64 {
	tried := t.killed + len(t.survivors)
	if tried == 0 {
		return 0
	}
	return 100 * float64(len(t.survivors)) / float64(tried)
}

const tableHead = `| package | mutants | killed | survived | equivalent | not covered | share of survivors |
|---|---|---|---|---|---|---|
`

// row is the tally as a row of a table. Mutants that do not compile are left out.
func (t tally) row(pkg string) string {
	mutants := t.killed + len(t.survivors) + t.equivalent + t.notCovered
	return fmt.Sprintf("| `%s` | %d | %d | %d | %d | %d | %.1f %% |",
		strings.TrimPrefix(pkg, "./"), mutants, t.killed, len(t.survivors), t.equivalent, t.notCovered, t.share())
}
