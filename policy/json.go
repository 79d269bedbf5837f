package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Member is one name and value of a JSON object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members returns the members of a JSON object in their order. A name that
// stands twice is an error, as IAM refuses it and encoding/json would silently
// take one of the two.
func Members(data []byte) ([]Member, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if t != json.Delim('{') {
		return nil, fmt.Errorf("want an object, found %v", t)
	}
	var out []Member
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		m := Member{Name: t.(string)} // within an object the decoder gives names only
		if err := d.Decode(&m.Value); err != nil {
			return nil, fmt.Errorf("read %s: %w", m.Name, err)
		}
		if seen[m.Name] {
			return nil, fmt.Errorf("%s stands twice", m.Name)
		}
		seen[m.Name] = true
		out = append(out, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the object")
	}
	return out, nil
}

// Elements returns what an array holds, or data itself where it is no array:
// policies write one element either way.
func Elements(data []byte) ([]json.RawMessage, error) {
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '[' {
		return []json.RawMessage{data}, nil
	}
	var out []json.RawMessage
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return out, nil
}

// texts reads a string or an array of strings. Scalars other than strings are
// taken where loose says so, as in conditions.
func texts(data []byte, loose bool) ([]string, error) {
	elements, err := Elements(data)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(elements))
	for _, e := range elements {
		var s string
		if err := json.Unmarshal(e, &s); err == nil && bytes.TrimSpace(e)[0] == '"' {
			out = append(out, s)
			continue
		}
		var n json.Number
		var b bool
		switch {
		case loose && json.Unmarshal(e, &b) == nil && !bytes.Equal(bytes.TrimSpace(e), []byte("null")):
			out = append(out, fmt.Sprint(b))
		case loose && json.Unmarshal(e, &n) == nil && n != "":
			out = append(out, n.String())
		default:
			return nil, fmt.Errorf("want a string, found %.40s", e)
		}
	}
	return out, nil
}
