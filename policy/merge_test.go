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
		{"a variable in an older policy", `{"Version":"2008-10-17","Statement":[{"Sid":"Z","Resource":"a$b*"}]}`, []json.RawMessage{[]byte(`{"Sid":"A","Resource":"in${$}put/*"}`)}, nil,
			`{"Version":"2012-10-17","Statement":[{"Sid":"Z","Resource":"a$b*"},{"Sid":"A","Resource":"in${$}put/*"}]}`},
		{"a variable in a policy without version", `{"Statement":[{"Sid":"Z"}]}`, []json.RawMessage{[]byte(`{"Sid":"A","Resource":"in${$}put/*"}`)}, nil,
			`{"Version":"2012-10-17","Statement":[{"Sid":"Z"},{"Sid":"A","Resource":"in${$}put/*"}]}`},
		{"a text that looks like a variable is replaced", `{"Version":"2008-10-17","Statement":[{"Sid":"A","Resource":"${*}"}]}`, []json.RawMessage{[]byte(`{"Sid":"A","Resource":"${*}"}`)}, nil,
			`{"Version":"2012-10-17","Statement":[{"Sid":"A","Resource":"${*}"}]}`},
		{"variables beside variables", `{"Version":"2012-10-17","Statement":[{"Sid":"Z","Resource":"${aws:username}"}]}`, []json.RawMessage{[]byte(`{"Sid":"A","Resource":"${*}"}`)}, nil,
			`{"Version":"2012-10-17","Statement":[{"Sid":"Z","Resource":"${aws:username}"},{"Sid":"A","Resource":"${*}"}]}`},
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

// TestMergeKeepsMeaning: a text of an older policy is not made a variable.
func TestMergeKeepsMeaning(t *testing.T) {
	put := []json.RawMessage{[]byte(`{"Sid":"A","Resource":"${*}"}`)}
	for _, doc := range []string{
		`{"Version":"2008-10-17","Statement":[{"Sid":"Z","Resource":"${aws:username}"}]}`,
		`{"Statement":[{"Sid":"Z","Condition":{"StringLike":{"s3:prefix":["a","\u0024{b}"]}}}]}`,
	} {
		if got, err := Merge([]byte(doc), put, nil); err == nil {
			t.Errorf("merge into %s: %s, want an error", doc, got)
		}
	}
}

func TestSame(t *testing.T) {
	one := `{"Version":"2012-10-17","Statement":{"Sid":"A","Effect":"Deny","Principal":"*","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::a/*","Condition":{"Bool":{"aws:SecureTransport":false},"Null":{"s3:x":"true"}}}}`
	two := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":["*"]},"Resource":["arn:aws:s3:::a/*"],"Action":["s3:PutObject","s3:GetObject"],"Condition":{"Null":{"s3:x":["true"]},"Bool":{"aws:SecureTransport":["false"]}},"Sid":"A"}]}`
	three := `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::a/*"}]}`
	if !Same(Bucket, []byte(one), []byte(two)) {
		t.Errorf("the same policy, written otherwise, is not the same")
	}
	if Same(Bucket, []byte(one), []byte(three)) || Same(Bucket, []byte(one), nil) || !Same(Bucket, nil, nil) {
		t.Errorf("policies that differ are the same, or none differs from none")
	}
}
