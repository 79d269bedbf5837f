package preflight

import (
	"slices"
	"testing"
)

// A preflight refuses what a run refuses, and what nobody can tell.
func TestConclude(t *testing.T) {
	row := func(s Status, accept string) Finding { return Finding{Status: s, Accept: accept} }
	for name, tt := range map[string]struct {
		rows            []Finding
		needed          []string
		refused, hidden bool
	}{
		"nothing":                {},
		"fine":                   {rows: []Finding{row(StatusOK, ""), row(StatusWarning, "")}},
		"stop":                   {rows: []Finding{row(StatusStop, "")}, refused: true},
		"hazards":                {rows: []Finding{row(StatusHazard, "versioned"), row(StatusHazard, "acl"), row(StatusHazard, "acl")}, needed: []string{"acl", "versioned"}, refused: true},
		"accepted":               {rows: []Finding{row(StatusHazard, "")}},
		"half of it not known":   {rows: []Finding{row(StatusOK, ""), row(StatusUnknown, "")}},
		"most of it not known":   {rows: []Finding{row(StatusOK, ""), row(StatusUnknown, ""), row(StatusUnknown, "")}, refused: true, hidden: true},
		"a warning is an answer": {rows: []Finding{row(StatusWarning, ""), row(StatusUnknown, "")}},
	} {
		c := Conclude(tt.rows)
		if c.Refused() != tt.refused || c.Hidden() != tt.hidden || !slices.Equal(c.Needed, tt.needed) {
			t.Errorf("%s: refused %v, hidden %v, needed %q", name, c.Refused(), c.Hidden(), c.Needed)
		}
	}
}
