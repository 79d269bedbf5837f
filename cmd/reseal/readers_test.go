package main

import (
	"fmt"
	"strings"
	"testing"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// TestReaders asks key policies about those who read the bucket: with bucket
// keys the encryption context is the bucket's ARN, without it the object's.
func TestReaders(t *testing.T) {
	const (
		role     = "arn:aws:iam::111122223333:role/reader"
		stranger = "arn:aws:iam::999988887777:role/partner"
		account  = "111122223333"
	)
	allow := func(principal, condition string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%q},"Action":"kms:Decrypt","Resource":"*"%s}`, principal, condition)
	}
	onlyObjects := `,"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/*"}}`
	onlyBucket := `,"Condition":{"StringEquals":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme"}}`
	delegates := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	tests := []struct {
		name      string
		policy    string // statements
		bucketKey bool
		reader    string
		want      standing
		says      string
	}{
		{"named", allow(role, ""), true, role, standOK, "allows"},
		{"not named", allow(role, ""), true, stranger, standStop, "nothing in the key's policy allows"},
		{"for object ARNs, with bucket keys", allow(role, onlyObjects), true, role, standStop, "only for object ARNs"},
		{"for object ARNs, without", allow(role, onlyObjects), false, role, standOK, "allows"},
		{"for the bucket's ARN, with bucket keys", allow(role, onlyBucket), true, role, standOK, "allows"},
		{"for the bucket's ARN, without", allow(role, onlyBucket), false, role, standStop, "nothing"},
		{"the account decides", delegates, true, role, standUnknown, "leaves it to the policies of account 111122223333"},
		{"another account's policies do not", delegates, true, stranger, standStop, "nothing"},
		{"an account of the bucket's policy", delegates, true, account, standUnknown, "leaves it to"},
		{"denied", allow(role, "") + `,{"Sid":"No","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`, true, role, standStop, "statement No of the key's policy denies"},
		{"from some address", allow(role, `,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), true, role, standUnknown, "hinges"},
		{"only through S3", allow(role, `,"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), true, role, standOK, "allows"},
		{"only through another service", allow(role, `,"Condition":{"StringEquals":{"kms:ViaService":"ebs.us-east-1.amazonaws.com"}}`), true, role, standStop, "nothing"},
	}
	for _, tt := range tests {
		key, err := policy.Parse(policy.Key, []byte(`{"Version":"2012-10-17","Statement":[`+tt.policy+`]}`))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		c := &preflight{options: plan.Options{Bucket: "acme", BucketKey: tt.bucketKey}, key: s3api.Key{ARN: simKey, Region: simRegion}}
		c.reader(key, tt.reader)
		if len(c.checks) != 1 || c.checks[0].Status != tt.want || !strings.Contains(c.checks[0].Why, tt.says) {
			t.Errorf("%s: %+v, want %s and the words %q", tt.name, c.checks, tt.want, tt.says)
		}
	}
}
