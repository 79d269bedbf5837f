package policy

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Has tells whether a policy has a statement, under whatever Sid, and with a list of
// one for a string or the other way round. Neither must be a valid policy: what
// cannot be read has nothing.
func Has(doc, statement []byte) bool {
	members, err := Members(doc)
	if err != nil {
		return false
	}
	want := withoutSid(statement)
	for _, m := range members {
		if m.Name != "Statement" {
			continue
		}
		statements, _ := Elements(m.Value)
		if slices.ContainsFunc(statements, func(s json.RawMessage) bool { return reflect.DeepEqual(withoutSid(s), want) }) {
			return true
		}
	}
	return false
}

// withoutSid is a statement without its Sid, lists of one as what they hold.
func withoutSid(statement []byte) any {
	var v map[string]any
	if json.Unmarshal(statement, &v) != nil {
		return nil
	}
	delete(v, "Sid")
	return unlisted(v)
}

// unlisted puts what a list of one holds in the place of the list.
func unlisted(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 1 {
			return unlisted(v[0])
		}
	case map[string]any:
		for k, e := range v {
			v[k] = unlisted(e)
		}
	}
	return v
}
