package preflight

import (
	"strings"
	"testing"

	"reseal/s3api"
)

// TestWritingServices: of services that deliver to the bucket, those that a
// statement of the key's policy helps are told from those that nothing helps.
func TestWritingServices(t *testing.T) {
	const stop = "no statement of the key's policy helps"
	for _, tt := range []struct{ principal, want, not string }{
		{`{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`, stop, "must let it use"},
		{`{"AWS":"arn:aws:iam::127311923021:root"}`, stop, ""},
		{`{"AWS":["arn:aws:iam::111122223333:role/x","156460612806"]}`, stop, ""},
		{`{"AWS":"arn:aws-us-gov:iam::048591011584:root"}`, stop, ""},
		{`{"Service":"delivery.logs.amazonaws.com"}`, "must let it use kms:GenerateDataKey", stop},
		{`{"Service":"logging.s3.amazonaws.com"}`, "server access logs", stop},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, "", stop},
	} {
		said := strings.Join(writingServices([]byte(`{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Principal":`+tt.principal+
			`,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/lb/*"}]}`)), "; ")
		if !strings.Contains(said, tt.want) || tt.not != "" && strings.Contains(said, tt.not) {
			t.Errorf("%s: said %q, want %q and not %q", tt.principal, said, tt.want, tt.not)
		}
	}
}

// TestUsersOfAnotherKey: those who write under the key of the default must be let
// by the new one.
func TestUsersOfAnotherKey(t *testing.T) {
	for _, tt := range []struct {
		by   s3api.DefaultEncryption
		want string
	}{
		{s3api.DefaultEncryption{Algorithm: "AES256"}, "needs kms:GenerateDataKey"},
		{s3api.DefaultEncryption{Algorithm: "aws:kms", KeyID: otherKey}, "was under " + otherKey},
		{s3api.DefaultEncryption{Algorithm: "aws:kms"}, "was aws/s3"},
		{s3api.DefaultEncryption{Algorithm: "aws:kms", KeyID: "alias/media"}, "was under alias/media"},
		{s3api.DefaultEncryption{Algorithm: "aws:kms:dsse", KeyID: otherKey}, "was under " + otherKey},
		{s3api.DefaultEncryption{Algorithm: "aws:kms", KeyID: simKey}, ""},
	} {
		c := &Closing{Bucket: "acme", Key: simKey}
		if said := c.users(tt.by); (said == "") != (tt.want == "") || !strings.Contains(said, tt.want) {
			t.Errorf("from %+v: said %q, want %q", tt.by, said, tt.want)
		}
	}
}
