package preflight

import (
	"encoding/json"
	"strings"
	"testing"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// TestKeyStatements: the statements let those read whom the bucket's policy lets, as
// S3 asks for them, and nobody else; who cannot be let is said.
func TestKeyStatements(t *testing.T) {
	const (
		partner = "arn:aws:iam::999988887777:role/partner"
		stream  = "arn:aws:cloudfront::111122223333:distribution/E1"
	)
	through := map[string][]string{"kms:viaservice": {"s3." + simRegion + ".amazonaws.com"}}
	from := func(key, value string) map[string][]string { return map[string][]string{key: {value}} }
	for _, tt := range []struct {
		statement string // of the bucket's policy, without effect and resource
		who       policy.Principal
		context   map[string][]string
		action    string
		want      policy.Answer
		note      string
	}{
		{`"Principal":{"AWS":"` + partner + `"},"Action":"s3:GetObject"`, policy.Principal{ARN: partner, Role: partner, Account: "999988887777"}, through, "kms:Decrypt", policy.Yes, "in its own policy, too"},
		{`"Principal":{"AWS":"` + partner + `"},"Action":"s3:GetObject"`, policy.Principal{ARN: partner, Role: partner, Account: "999988887777"}, from("kms:viaservice", "ec2.us-east-1.amazonaws.com"), "kms:Decrypt", policy.No, ""},
		{`"Principal":{"AWS":"` + partner + `"},"Action":"s3:PutObject"`, policy.Principal{ARN: partner, Role: partner, Account: "999988887777"}, through, "kms:Decrypt", policy.No, ""},
		{`"Principal":"*","Action":"s3:GetObject"`, policy.Principal{ARN: simUser, Account: simAccount}, through, "kms:Decrypt", policy.No, "anonymous readers"},
		{`"Principal":"*","Action":"s3:GetObject","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, policy.Principal{ARN: partner, Account: "999988887777"},
			map[string][]string{"kms:viaservice": through["kms:viaservice"], "aws:principalorgid": {"o-1"}}, "kms:Decrypt", policy.Yes, ""},
		{`"Principal":"*","Action":"s3:GetObject","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, policy.Principal{ARN: partner, Account: "999988887777"},
			map[string][]string{"kms:viaservice": through["kms:viaservice"], "aws:principalorgid": {"o-2"}}, "kms:Decrypt", policy.No, ""},
		{`"Principal":"*","Action":"s3:GetObject","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, policy.Principal{ARN: simUser, Account: simAccount}, through, "kms:Decrypt", policy.No, "anonymous readers"},
		{`"Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},"Action":"s3:GetObject"`, policy.Principal{}, through, "kms:Decrypt", policy.No, "origin access control"},
		{`"Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Condition":{"StringEquals":{"aws:SourceArn":"` + stream + `"}}`,
			policy.Principal{Service: "cloudfront.amazonaws.com"}, from("aws:sourcearn", stream), "kms:Decrypt", policy.Yes, ""},
		{`"Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Condition":{"StringEquals":{"aws:SourceArn":"` + stream + `"}}`,
			policy.Principal{Service: "cloudfront.amazonaws.com"}, from("aws:sourcearn", stream+"0"), "kms:Decrypt", policy.No, ""},
		{`"Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject"`, policy.Principal{Service: "cloudfront.amazonaws.com"}, from("aws:sourcearn", stream), "kms:Decrypt", policy.Yes, ""},
		{`"Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject"`, policy.Principal{Service: "cloudfront.amazonaws.com"}, from("aws:sourcearn", strings.Replace(stream, simAccount, "999988887777", 1)), "kms:Decrypt", policy.No, ""},
		{`"Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject"`, policy.Principal{Service: "s3.amazonaws.com"}, from("aws:sourceaccount", simAccount), "kms:GenerateDataKey", policy.Yes, ""},
		{`"Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject"`, policy.Principal{Service: "logging.s3.amazonaws.com"}, from("aws:sourceaccount", simAccount), "kms:GenerateDataKey", policy.No, "server access logs"},
		{`"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject"`, policy.Principal{Service: "logdelivery.elasticloadbalancing.amazonaws.com"},
			from("aws:sourceaccount", simAccount), "kms:GenerateDataKey", policy.No, "no statement of the key's policy helps"},
		{`"Principal":{"AWS":"arn:aws:iam::127311923021:root"},"Action":"s3:PutObject"`, policy.Principal{ARN: "arn:aws:iam::127311923021:root", Account: "127311923021"},
			through, "kms:GenerateDataKey", policy.No, "no statement of the key's policy helps"},
		{`"Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject"`, policy.Principal{Service: "delivery.logs.amazonaws.com"},
			from("aws:sourceaccount", simAccount), "kms:GenerateDataKey", policy.Yes, ""},
		{`"NotPrincipal":{"AWS":"` + partner + `"},"Action":"s3:GetObject"`, policy.Principal{ARN: simUser, Account: simAccount}, through, "kms:Decrypt", policy.No, "NotPrincipal"},
	} {
		d, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"Allow",`+tt.statement+`,"Resource":"arn:aws:s3:::acme/*"}}`))
		if err != nil {
			t.Fatal(err)
		}
		c := &Checker{Client: offline(t), Options: plan.Options{Bucket: "acme", KMSKeyID: simKey}, key: s3api.KeyOfARN(simKey), Facts: plan.Facts{Region: simRegion}}
		w := &keyWriter{c: c, account: simAccount, via: conditions{"StringEquals": {"kms:ViaService": "s3." + simRegion + ".amazonaws.com"}}}
		w.fromPolicy(d)
		got := policy.No
		if all := append(w.out.Readers, w.out.Services...); len(all) > 0 {
			text, err := json.Marshal(Grants{Version: "2012-10-17", Statement: all})
			if err != nil {
				t.Fatal(err)
			}
			k, err := policy.Parse(policy.Key, text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			got = k.Decide(&policy.Request{Principal: tt.who, Action: tt.action, Resource: simKey, Context: tt.context}).Allow
		}
		if said := strings.Join(w.notes, "; "); got != tt.want || !strings.Contains(said, tt.note) {
			t.Errorf("%s: %s for %+v from %v, want %s; notes %q, want %q", tt.statement, got, tt.who, tt.context, tt.want, said, tt.note)
		}
	}
}

// TestKeyStatementOfReplication: the role that replicates may decrypt through S3, and
// what its rules lack is said.
func TestKeyStatementOfReplication(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/mirror"
	c := &Checker{Options: plan.Options{Bucket: "acme", KMSKeyID: simKey}, key: s3api.KeyOfARN(simKey), Facts: plan.Facts{Region: simRegion}}
	w := &keyWriter{c: c, account: simAccount, via: conditions{"StringEquals": {"kms:ViaService": "s3." + simRegion + ".amazonaws.com"}}}
	w.replication(role, []s3api.ReplicationRule{{ID: "all"}, {ID: "kms", KMS: true, ReplicaKey: otherKey}})
	text, err := json.Marshal(w.out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Services":[{"Sid":"ResealReplication","Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":["kms:Decrypt"],"Resource":["*"],"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}]}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if said := strings.Join(w.notes, "; "); !strings.Contains(said, "rule all leaves out") || !strings.Contains(said, "rule kms writes under "+otherKey) {
		t.Errorf("notes: %s", said)
	}
}
