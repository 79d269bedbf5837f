package policy

import "testing"

func TestHas(t *testing.T) {
	const want = `{"Sid":"New","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}`
	for _, tt := range []struct {
		name, doc string
		has       bool
	}{
		{"as it is", `{"Statement":[` + want + `]}`, true},
		{"not in a list", `{"Statement":` + want + `}`, true},
		{"other Sid, lists of one, other order", `{"Statement":[{"Effect":"Deny"},{"Resource":["arn:aws:s3:::b/*"],"Action":["s3:PutObject"],"Principal":{"Service":["s3.amazonaws.com"]},"Effect":"Allow","Sid":"Old"}]}`, true},
		{"two actions", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::b/*"}]}`, false},
		{"another resource", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::c/*"}]}`, false},
		{"a condition more", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{}}]}`, false},
		{"no statements", `{"Version":"2012-10-17"}`, false},
		{"no policy", ``, false},
		{"no JSON", `{`, false},
	} {
		if got := Has([]byte(tt.doc), []byte(want)); got != tt.has {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.has)
		}
	}
}
