package policy

import (
	"strings"
	"testing"
)

// operatorCases name an operator, the value that the policy wants, the value
// that the request has, and whether the condition holds (IAM User Guide,
// "Condition operators").
var operatorCases = []struct {
	operator, want, have string
	holds                bool
}{
	{"StringEqualsIgnoreCase", "Aws:Kms", "aws:KMS", true},
	{"StringEqualsIgnoreCase", "aws:kms", "AES256", false},
	{"StringNotEqualsIgnoreCase", "Aws:Kms", "aws:KMS", false},
	{"StringEquals", "a*${aws:username}", "a*alice", true},
	{"StringEquals", "a*${aws:username}", "abalice", false},
	{"StringEquals", "a?${aws:username}", "a?alice", true},
	{"StringEquals", "a?${aws:username}", "abalice", false},
	{"StringEquals", "${*}${aws:username}", "*alice", true},
	{"StringLike", "a?c", "abc", true},
	{"StringLike", "a?c", "ac", false},
	{"BinaryEquals", "QmluYXJ5", "QmluYXJ5", true},
	{"BinaryEquals", "QmluYXJ5", "qmluyxj5", false},
	{"Bool", "True", "true", true},

	{"NumericEquals", "1", "1.0", true},
	{"NumericEquals", "1", "2", false},
	{"NumericEquals", "1", "one", false},
	{"NumericEquals", "0", "one", false},
	{"NumericEquals", "one", "0", false},
	{"NumericNotEquals", "1", "2", true},
	{"NumericNotEquals", "1", "1", false},
	{"NumericLessThan", "2", "1", true},
	{"NumericLessThan", "2", "2", false},
	{"NumericLessThanEquals", "2", "2", true},
	{"NumericLessThanEquals", "2", "3", false},
	{"NumericGreaterThan", "2", "3", true},
	{"NumericGreaterThan", "2", "2", false},
	{"NumericGreaterThanEquals", "2", "2", true},
	{"NumericGreaterThanEquals", "2", "1", false},

	{"DateEquals", "2026-01-02", "2026-01-02T00:00:00Z", true},
	{"DateEquals", "2026-01-02T00:00Z", "1767312000", true},
	{"DateEquals", "2026-01-02", "2026-01-03T00:00:00Z", false},
	{"DateEquals", "2026-01-02", "yesterday", false},
	{"DateEquals", "yesterday", "yesterday", false},
	{"DateNotEquals", "2026-01-02", "2026-01-03T00:00:00Z", true},
	{"DateNotEquals", "2026-01-02", "2026-01-02T00:00:00Z", false},
	{"DateLessThan", "2026-01-02", "2026-01-01T23:59:59Z", true},
	{"DateLessThan", "2026-01-02", "2026-01-02T00:00:00Z", false},
	{"DateLessThanEquals", "2026-01-02", "2026-01-02T00:00:00Z", true},
	{"DateLessThanEquals", "2026-01-02", "2026-01-02T00:00:01Z", false},
	{"DateGreaterThan", "2026-01-02", "2026-01-02T00:00:01Z", true},
	{"DateGreaterThan", "2026-01-02", "2026-01-02T00:00:00Z", false},
	{"DateGreaterThanEquals", "2026-01-02", "2026-01-02T00:00:00Z", true},
	{"DateGreaterThanEquals", "2026-01-02", "2026-01-01T23:59:59Z", false},

	{"IpAddress", "10.0.0.0/8", "10.1.2.3", true},
	{"IpAddress", "10.0.0.0/8", "11.1.2.3", false},
	{"IpAddress", "10.1.2.3", "10.1.2.3", true},
	{"IpAddress", "10.1.2.3", "10.1.2.4", false},
	{"IpAddress", "nowhere", "10.1.2.3", false},
	{"IpAddress", "nowhere/8", "10.1.2.3", false},
	{"IpAddress", "0.0.0.0/0", "nowhere", false},
	{"IpAddress", "2001:db8::/32", "2001:db8::1", true},
	{"NotIpAddress", "10.0.0.0/8", "11.1.2.3", true},

	{"ArnEquals", "arn:aws:s3:::ac*", "arn:aws:s3:::acme", true},
	{"ArnLike", "*", "arn:aws:s3:::acme", true},
	{"ArnLike", "arn:*", "arn:aws:s3:::acme", false},
	{"ArnLike", "arn:aws:s3:::*", "arn:aws:s3", false},
	{"ArnLike", "arn:aws:s3:::*", "arn:aws:s3:::a:b", true},
	{"ArnNotEquals", "arn:aws:s3:::ac*", "arn:aws:s3:::acme", false},
}

// TestOperators asks one statement with one condition. A condition on the same
// value with the negated operator has to say the opposite.
func TestOperators(t *testing.T) {
	asked := map[string]bool{}
	ask := func(operator, want, have string) Answer {
		asked[operator] = true
		d := must(t, Bucket, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"`+bucket+`/*","Condition":{"`+operator+`":{"s3:x":"`+want+`"}}}}`)
		return d.Decide(&Request{Principal: alice, Action: "s3:PutObject", Resource: object, Context: map[string][]string{"s3:x": {have}}}).Deny
	}
	for _, tt := range operatorCases {
		if got := ask(tt.operator, tt.want, tt.have); got != answer(tt.holds) {
			t.Errorf("%s: %q with %q: %v, want %v", tt.operator, tt.want, tt.have, got, answer(tt.holds))
		}
		negated := "Not" + tt.operator
		for _, kind := range []string{"String", "Arn", "Numeric", "Date"} {
			if rest, ok := strings.CutPrefix(tt.operator, kind); ok {
				negated = kind + "Not" + rest
			}
		}
		if operators[negated].negated {
			if got := ask(negated, tt.want, tt.have); got != answer(!tt.holds) {
				t.Errorf("%s: %q with %q: %v, want %v", negated, tt.want, tt.have, got, answer(!tt.holds))
			}
		}
	}
	for name := range operators {
		if !asked[name] && name != "Null" {
			t.Errorf("%s: no case", name)
		}
	}
}

// TestVariables: what a variable in a Resource or NotResource stands for, and
// what is not known of it.
func TestVariables(t *testing.T) {
	session := Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Night/42", Account: owner}
	pathUser := Principal{ARN: "arn:aws:iam::111122223333:user/ops/alice", Account: owner}
	unknown := Principal{Account: owner}
	tests := []struct {
		name, version, element string
		who                    Principal
		want                   Answer
	}{
		{"the user", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}/*"`, alice, Yes},
		{"a user below a path", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}/*"`, pathUser, Yes},
		{"a session is no user", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}/*"`, session, No},
		{"nobody knows who", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}/*"`, unknown, Maybe},
		{"not known, but another resource is it", "2012-10-17", `"Resource":["arn:aws:s3:::acme/*","arn:aws:s3:::acme/${aws:username}/*"]`, unknown, Yes},
		{"all but the user's", "2012-10-17", `"NotResource":"arn:aws:s3:::acme/${aws:username}/*"`, alice, No},
		{"all but others'", "2012-10-17", `"NotResource":"arn:aws:s3:::acme/bob/*"`, alice, Yes},
		{"all but those of whom nobody knows", "2012-10-17", `"NotResource":"arn:aws:s3:::acme/${aws:username}/*"`, unknown, Maybe},
		{"the older version has none", "2008-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}/*"`, alice, No},
		{"absent", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:PrincipalTag/team}*"`, alice, No},
		{"absent, with a default", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:PrincipalTag/team, 'alice'}/*"`, alice, Yes},
		{"absent, with another default", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:PrincipalTag/team, 'none'}/*"`, alice, No},
		{"a default is not for what is there", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username, 'bob'}/*"`, alice, Yes},
		{"not known, then absent", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username}${aws:PrincipalTag/team}*"`, unknown, Maybe},
		{"the account", "2012-10-17", `"Resource":"arn:aws:s3:::acme/*","Condition":{"StringEquals":{"s3:prefix":"${aws:PrincipalAccount}"}}`, alice, Yes},
		{"no service", "2012-10-17", `"Resource":"arn:aws:s3:::acme/*","Condition":{"Null":{"aws:PrincipalServiceName":"true"}}`, alice, Yes},
		{"a variable that does not end", "2012-10-17", `"Resource":"arn:aws:s3:::acme/${aws:username"`, alice, No},
	}
	for _, tt := range tests {
		d := must(t, Bucket, `{"Version":"`+tt.version+`","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*",`+tt.element+`}}`)
		r := Request{Principal: tt.who, Action: "s3:PutObject", Resource: bucket + "/alice/a", Context: map[string][]string{"s3:prefix": {owner}}}
		if got := d.Decide(&r).Deny; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
