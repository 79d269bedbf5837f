package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// newest is the version of policies that knows variables. In the older one, and
// where none is named, ${name} is text (IAM User Guide,
// "reference_policies_elements_version", read 2026-11-29).
const newest = `"2012-10-17"`

// withVariables gives the members of a document in which variables count, nothing
// else changed. Statements that are not among put have to mean what they meant.
func withVariables(members []Member, statements, put []json.RawMessage) ([]Member, error) {
	at := slices.IndexFunc(members, func(m Member) bool { return m.Name == "Version" })
	if at >= 0 && string(members[at].Value) == newest {
		return members, nil
	}
	for i, s := range statements {
		ours := slices.ContainsFunc(put, func(p json.RawMessage) bool { return string(p) == string(s) })
		if !ours && hasVariable(s) {
			return nil, fmt.Errorf("statement %d of the policy has ${...} as text, as the policy is not of version 2012-10-17; a statement that is to be added needs that version, "+
				"in which it would be a variable: set the version, and see to that statement, by hand first", i+1)
		}
	}
	newer := Member{Name: "Version", Value: json.RawMessage(newest)}
	if at < 0 {
		return slices.Insert(slices.Clone(members), 0, newer), nil
	}
	out := slices.Clone(members)
	out[at] = newer
	return out, nil
}

// hasVariable tells whether a text of a statement has what a variable begins with.
func hasVariable(statement json.RawMessage) bool {
	var v any
	if json.Unmarshal(statement, &v) != nil {
		return true // to be on the safe side
	}
	return mentions(v, "${")
}

// mentions looks through all texts of a JSON value.
func mentions(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, text)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return mentions(e, text) })
	case map[string]any:
		for key, e := range v {
			if strings.Contains(key, text) || mentions(e, text) {
				return true
			}
		}
	}
	return false
}
