package policy

import (
	"encoding/json"
	"testing"
)

func TestMerge(t *testing.T) {
	put := []json.RawMessage{[]byte(`{"Sid":"A","new":1}`), []byte(`{"Sid":"B","new":1}`)}
	tests := []struct {
		name, doc string
		put       []json.RawMessage
		remove    []string
		want      string
	}{
		{"none before", "", put, nil, `{"Version":"2012-10-17","Statement":[{"Sid":"A","new":1},{"Sid":"B","new":1}]}`},
		{"others keep their bytes and places", `{"Id":"x", "Statement":[{ "Sid":"Z" }, {"Sid":"B"},{"n":1}],"Version":"2008-10-17"}`, put, nil,
			`{"Id":"x","Statement":[{ "Sid":"Z" },{"Sid":"B","new":1},{"n":1},{"Sid":"A","new":1}],"Version":"2008-10-17"}`},
		{"a statement that is no list", `{"Statement":{"Sid":"Z"}}`, put[:1], nil, `{"Statement":[{"Sid":"Z"},{"Sid":"A","new":1}]}`},
		{"remove", `{"Statement":[{"Sid":"Z"},{"Sid":"B"},{}]}`, nil, []string{"A", "B", ""}, `{"Statement":[{"Sid":"Z"},{}]}`},
		{"remove all", `{"Statement":[{"Sid":"B"}]}`, nil, []string{"B"}, ""},
		{"remove from none", "", nil, []string{"B"}, ""},
	}
	for _, tt := range tests {
		var doc []byte
		if tt.doc != "" {
			doc = []byte(tt.doc)
		}
		got, err := Merge(doc, tt.put, tt.remove)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
	for _, doc := range []string{`{}`, `[]`, `{"Statement":["x"]}`, `{"Statement":[{"Sid":1}]}`} {
		if got, err := Merge([]byte(doc), put, nil); err == nil {
			t.Errorf("merge into %s: %s, want an error", doc, got)
		}
	}
}
