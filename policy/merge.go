package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Merge puts statements into a policy, each in place of the one of the same
// Sid, else at the end, and takes out those whose Sid is named in remove. All
// other statements keep their bytes. A nil document is one without statements;
// nil is returned where none is left.
//
// Where a statement that is put has a variable, such as ${*}, the document becomes
// one of version 2012-10-17, as the older one takes them for text. That is an error
// where another statement has such a text: it would come to mean something else.
//
// It does not look whether the outcome is a policy: Parse tells.
func Merge(doc []byte, put []json.RawMessage, remove []string) ([]byte, error) {
	if doc == nil {
		doc = []byte(`{"Version":"2012-10-17","Statement":[]}`)
	}
	members, err := Members(doc)
	if err != nil {
		return nil, &MalformedError{Reason: err.Error()}
	}
	at := slices.IndexFunc(members, func(m Member) bool { return m.Name == "Statement" })
	if at < 0 {
		return nil, &MalformedError{Reason: "no Statement"}
	}
	old, err := Elements(members[at].Value)
	if err != nil {
		return nil, &MalformedError{Reason: err.Error()}
	}
	statements, err := replaced(old, put, remove)
	if err != nil {
		return nil, err
	}
	if len(statements) == 0 {
		return nil, nil
	}
	if slices.ContainsFunc(put, hasVariable) {
		if members, err = withVariables(members, statements, put); err != nil {
			return nil, err
		}
		at = slices.IndexFunc(members, func(m Member) bool { return m.Name == "Statement" })
	}
	return written(members, at, statements)
}

// replaced returns the statements old with those of put in the place of the same Sid,
// else at the end, and without those that remove names.
func replaced(old, put []json.RawMessage, remove []string) (all []json.RawMessage, err error) {
	fresh := map[string]json.RawMessage{}
	var order []string
	for _, s := range put {
		sid, err := sidOf(s)
		if err != nil || sid == "" {
			return nil, fmt.Errorf("merge a statement without Sid: %s", s)
		}
		fresh[sid] = s
		order = append(order, sid)
	}
	for i, s := range old {
		sid, err := sidOf(s)
		if err != nil {
			return nil, &MalformedError{Statement: i + 1, Reason: err.Error()}
		}
		if n, ok := fresh[sid]; ok {
			s = n
			delete(fresh, sid)
		} else if sid != "" && slices.Contains(remove, sid) {
			continue
		}
		all = append(all, s)
	}
	for _, sid := range order {
		if s, ok := fresh[sid]; ok {
			all = append(all, s)
		}
	}
	return all, nil
}

// written writes a policy whose member number at is the list of its statements.
func written(members []Member, at int, statements []json.RawMessage) ([]byte, error) {
	var out bytes.Buffer
	for i, m := range members {
		out.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(m.Name)
		if err != nil {
			return nil, fmt.Errorf("write policy: %w", err)
		}
		out.Write(name)
		out.WriteByte(':')
		if i != at {
			out.Write(m.Value)
			continue
		}
		for j, s := range statements {
			out.WriteByte("[,"[min(j, 1)])
			out.Write(s)
		}
		out.WriteByte(']')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// sidOf reads the Sid of a statement, "" where it has none.
func sidOf(statement json.RawMessage) (string, error) {
	members, err := Members(statement)
	if err != nil {
		return "", err
	}
	for _, m := range members {
		if m.Name == "Sid" {
			var sid string
			if err := json.Unmarshal(m.Value, &sid); err != nil {
				return "", fmt.Errorf("read Sid: %w", err)
			}
			return sid, nil
		}
	}
	return "", nil
}
