package preflight

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
		want      Status
		says      string
	}{
		{"named", allow(role, ""), true, role, StatusOK, "allows"},
		{"not named", allow(role, ""), true, stranger, StatusHazard, "nothing in the key's policy allows"},
		{"for object ARNs, with bucket keys", allow(role, onlyObjects), true, role, StatusHazard, "only for object ARNs"},
		{"for object ARNs, without", allow(role, onlyObjects), false, role, StatusOK, "allows"},
		{"for the bucket's ARN, with bucket keys", allow(role, onlyBucket), true, role, StatusOK, "allows"},
		{"for the bucket's ARN, without", allow(role, onlyBucket), false, role, StatusHazard, "nothing"},
		{"the account decides", delegates, true, role, StatusUnknown, "leaves it to the policies of account 111122223333"},
		{"another account's policies do not", delegates, true, stranger, StatusHazard, "nothing"},
		{"an account of the bucket's policy", delegates, true, account, StatusUnknown, "leaves it to"},
		{"deleted", delegates, true, "AROAEXAMPLEID12345678", StatusWarning, "deleted: nobody reads by it"},
		{"an origin access identity", delegates, true, "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", StatusHazard, "cannot read SSE-KMS"},
		{"denied", allow(role, "") + `,{"Sid":"No","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`, true, role, StatusHazard, "statement No of the key's policy denies"},
		{"from some address", allow(role, `,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), true, role, StatusUnknown, "hinges"},
		{"only through S3", allow(role, `,"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), true, role, StatusOK, "allows"},
		{"only through another service", allow(role, `,"Condition":{"StringEquals":{"kms:ViaService":"ebs.us-east-1.amazonaws.com"}}`), true, role, StatusHazard, "nothing"},
	}
	for _, tt := range tests {
		key, err := policy.Parse(policy.Key, []byte(`{"Version":"2012-10-17","Statement":[`+tt.policy+`]}`))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		c := &Checker{Options: plan.Options{Bucket: "acme", BucketKey: tt.bucketKey}, key: s3api.Key{ARN: simKey, Region: simRegion}}
		c.reader(key, tt.reader)
		if len(c.Findings) != 1 || c.Findings[0].Status != tt.want || !strings.Contains(c.Findings[0].Why, tt.says) ||
			(c.Findings[0].Accept == readers) != (tt.want == StatusHazard) {
			t.Errorf("%s: %+v, want %s and the words %q", tt.name, c.Findings, tt.want, tt.says)
		}
	}
}

// TestReaderRemedies: what is printed can be typed by somebody.
func TestReaderRemedies(t *testing.T) {
	delegates := func(account string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"}}`
	}
	const simulate = "aws iam simulate-principal-policy --action-names kms:Decrypt --resource-arns " + simKey + " --policy-source-arn "
	for _, tt := range []struct{ key, policy, reader, want string }{
		{simKey, delegates(simAccount), simUser, simulate + simUser},
		{simKey, delegates(simAccount), "arn:aws:sts::111122223333:assumed-role/etl/s1", simulate + "$(aws iam get-role --role-name etl --query Role.Arn --output text)"},
		{simKey, delegates(simAccount), simAccount, "reseal preflight --readers FILE, with the ARNs of the users and roles of account 111122223333 that read"},
		{simKey, delegates("999988887777"), "arn:aws:iam::999988887777:role/partner", "in account 999988887777: " + simulate + "arn:aws:iam::999988887777:role/partner"},
		{simKey, "", simUser, "aws kms get-key-policy --key-id " + simKey + " --policy-name default"},
		{"arn:aws:kms:us-east-1:444455556666:key/k", "", simUser, "in account 444455556666: aws kms get-key-policy --key-id arn:aws:kms:us-east-1:444455556666:key/k --policy-name default"},
	} {
		var key *policy.Document
		if tt.policy != "" {
			d, err := policy.Parse(policy.Key, []byte(tt.policy))
			if err != nil {
				t.Fatal(err)
			}
			key = d
		}
		c := &Checker{Options: plan.Options{Bucket: "acme", KMSKeyID: tt.key}, key: s3api.KeyOfARN(tt.key), caller: s3api.Identity{ARN: simUser, Account: simAccount}}
		c.key.Region = simRegion
		c.reader(key, tt.reader)
		if got := c.Findings[0].Mend; got != tt.want {
			t.Errorf("%s under %s: %q, want %q", tt.reader, tt.key, got, tt.want)
		}
	}
}
