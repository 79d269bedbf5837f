package policy

import (
	"encoding/json"
	"slices"
)

// Statements returns the statements of a document whose Sid is named, as they
// stand there. A nil document has none.
func Statements(doc []byte, sids []string) ([]json.RawMessage, error) {
	if doc == nil {
		return nil, nil
	}
	members, err := Members(doc)
	if err != nil {
		return nil, &MalformedError{Reason: err.Error()}
	}
	var out []json.RawMessage
	for _, m := range members {
		if m.Name != "Statement" {
			continue
		}
		all, err := Elements(m.Value)
		if err != nil {
			return nil, &MalformedError{Reason: err.Error()}
		}
		for i, s := range all {
			sid, err := sidOf(s)
			if err != nil {
				return nil, &MalformedError{Statement: i + 1, Reason: err.Error()}
			}
			if sid != "" && slices.Contains(sids, sid) {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// Only returns a document of nothing but the statements whose Sid is named, nil
// where there is none.
func Only(doc []byte, sids []string) ([]byte, error) {
	statements, err := Statements(doc, sids)
	if err != nil || len(statements) == 0 {
		return nil, err
	}
	return Merge(nil, statements, nil)
}
