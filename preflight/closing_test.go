package preflight

import (
	"encoding/json"
	"strings"
	"testing"

	"reseal/partition"
	"reseal/policy"
)

// TestClosing asks the statements of enforce about the requests that they are
// for, and about those of AWS services, which no bucket can do without.
func TestClosing(t *testing.T) {
	const arn = "arn:aws:s3:::acme"
	whole := Closing{Bucket: "acme", Partition: partition.OfARN(simKey), Key: simKey, Services: true, TLS: true, MinTLS: "1.2"}
	below, lenient, plain := whole, whole, whole
	below.Prefix, lenient.Unstated, plain.TLS = "secret/*$", true, false
	type keys map[string][]string
	sent := func(sse, key string) keys {
		k := keys{"aws:securetransport": {"true"}, "s3:tlsversion": {"1.3"}, "aws:principalisawsservice": {"false"}}
		if sse != "" {
			k[conditionSSE] = []string{sse}
		}
		if key != "" {
			k[conditionKey] = []string{key}
		}
		return k
	}
	with := func(k keys, name, value string) keys { k[name] = []string{value}; return k }
	service := keys{"aws:principalisawsservice": {"true"}} // without network keys and encryption headers
	tests := []struct {
		name     string
		closing  Closing
		action   string
		resource string
		keys     keys
		denied   bool
	}{
		{"under the key", whole, "s3:PutObject", arn + "/a", sent("aws:kms", simKey), false},
		{"under another key", whole, "s3:PutObject", arn + "/a", sent("aws:kms", otherKey), true},
		{"under aws/s3", whole, "s3:PutObject", arn + "/a", sent("aws:kms", ""), true},
		{"under SSE-S3", whole, "s3:PutObject", arn + "/a", sent("AES256", ""), true},
		{"nothing said, another default", whole, "s3:PutObject", arn + "/a", sent("", ""), true},
		{"nothing said, the key by default", whole, "s3:PutObject", arn + "/a", sent("", simKey), true},
		{"nothing said, let through", lenient, "s3:PutObject", arn + "/a", sent("", simKey), false},
		{"SSE-S3 said, no header is let through", lenient, "s3:PutObject", arn + "/a", sent("AES256", ""), true},
		{"another key said, no header is let through", lenient, "s3:PutObject", arn + "/a", sent("aws:kms", otherKey), true},
		{"outside of the prefix", below, "s3:PutObject", arn + "/a", sent("AES256", ""), false},
		{"within the prefix, whose star is one", below, "s3:PutObject", arn + "/secret/*$a", sent("AES256", ""), true},
		{"beside the prefix", below, "s3:PutObject", arn + "/secret/b$a", sent("AES256", ""), false},
		{"aws/s3 said, no header is let through", lenient, "s3:PutObject", arn + "/a", sent("aws:kms", ""), true},
		{"a key of the client's own, no header is let through", lenient, "s3:PutObject", arn + "/a", with(sent("", ""), conditionOwn, "AES256"), true},
		{"a read", whole, "s3:GetObject", arn + "/a", sent("", ""), false},
		{"a read without TLS", whole, "s3:GetObject", arn + "/a", with(sent("", ""), "aws:securetransport", "false"), true},
		{"an anonymous read without TLS", whole, "s3:GetObject", arn + "/a", with(sent("", ""), "aws:securetransport", "false"), true},
		{"an anonymous upload under SSE-S3", whole, "s3:PutObject", arn + "/a", sent("AES256", ""), true},
		{"a read by TLS 1.1", whole, "s3:GetObject", arn + "/a", with(sent("", ""), "s3:tlsversion", "1.1"), true},
		{"a list without TLS", whole, "s3:ListBucket", arn, with(sent("", ""), "aws:securetransport", "false"), true},
		{"without TLS, which is let", plain, "s3:GetObject", arn + "/a", with(sent("", ""), "aws:securetransport", "false"), false},
		{"a service delivers", whole, "s3:PutObject", arn + "/logs/a", service, false},
		{"a service reads", whole, "s3:GetObject", arn + "/a", service, false},
	}
	for _, tt := range tests {
		statements, err := tt.closing.Statements()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
		if err != nil {
			t.Fatal(err)
		}
		d, err := policy.Parse(policy.Bucket, text)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		who := policy.Principal{ARN: simUser, Account: simAccount}
		if strings.Contains(tt.name, "anonymous") {
			who = policy.Principal{Anonymous: true}
			delete(tt.keys, "aws:principalisawsservice")
		}
		got := d.Decide(&policy.Request{Principal: who, Action: tt.action, Resource: tt.resource, Context: tt.keys}).Deny
		if want := map[bool]policy.Answer{true: policy.Yes, false: policy.No}[tt.denied]; got != want {
			t.Errorf("%s: denied %v, want %v", tt.name, got, want)
		}
	}
}
