package preflight

import (
	"fmt"
	"strings"
	"testing"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// TestLockedOutReaders: who reads by the bucket's policy, and cannot read what is
// under the key.
func TestLockedOutReaders(t *testing.T) {
	client := offline(t).Expecting(simAccount)
	const partner = "arn:aws:iam::999988887777:role/partner"
	allow := func(who string) string {
		return `{"Sid":"K","Effect":"Allow","Principal":` + who + `,"Action":"kms:Decrypt","Resource":"*"}`
	}
	const delegates = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	for _, tt := range []struct{ principal, condition, key, want string }{
		{`"*"`, ``, ``, "statement S lets everybody read, anonymous readers included"},
		{`"*"`, `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, ``, "lets everybody read that meets aws:SourceIp"},
		{`{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}`, ``, allow(`"*"`), "origin access identity read, which cannot read SSE-KMS"},
		{`{"CanonicalUser":"` + strings.Repeat("a", 64) + `"}`, ``, allow(`"*"`), "canonical user"},
		{`{"Service":"cloudfront.amazonaws.com"}`, ``, ``, "lets cloudfront.amazonaws.com read, which needs a statement"},
		{`{"Service":"cloudfront.amazonaws.com"}`, ``, allow(`{"Service":"cloudfront.amazonaws.com"}`), ""},
		{`{"AWS":"` + partner + `"}`, ``, ``, partner + " read: the key's policy could not be read"},
		{`{"AWS":"` + partner + `"}`, ``, delegates, partner + " read: nothing in the key's policy allows"},
		{`{"AWS":"` + partner + `"}`, ``, allow(`{"AWS":"` + partner + `"}`), ""},
		{`{"AWS":"999988887777"}`, ``, allow(`{"AWS":"arn:aws:iam::999988887777:root"}`), ""},
		{`{"AWS":"` + simUser + `"}`, ``, ``, simUser + " read: the key's policy could not be read"},
		{`{"AWS":"` + simUser + `"}`, ``, delegates, ""},
		{`{"AWS":"` + simUser + `"}`, ``, allow(`{"AWS":"` + simUser + `"}`), ""},
		{`{"AWS":"` + simUser + `"}`, ``, allow(`{"AWS":"` + partner + `"}`), simUser + " read: nothing in the key's policy allows"},
		{`{"AWS":"111122223333"}`, ``, delegates, ""},
		{`{"AWS":"AROAEXAMPLEID12345678"}`, ``, ``, ""},
		{`{"AWS":"AIDAEXAMPLEID12345678"}`, ``, allow(`{"AWS":"` + partner + `"}`), ""},
	} {
		d, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"Allow","Principal":`+tt.principal+`,"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/*"`+tt.condition+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		c := &Checker{Client: client, Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey, BucketKey: true}, key: s3api.KeyOfARN(simKey)}
		got := c.lockedOutByPolicy(d, func() *policy.Document {
			if tt.key == "" {
				return nil
			}
			k, err := policy.Parse(policy.Key, []byte(`{"Version":"2012-10-17","Statement":`+tt.key+`}`))
			if err != nil {
				t.Fatal(err)
			}
			return k
		})
		if said := fmt.Sprint(got); (tt.want == "") != (len(got) == 0) || !strings.Contains(said, tt.want) {
			t.Errorf("%s, key %s: %s, want %q", tt.principal, tt.key, said, tt.want)
		}
	}
}

// TestLockedOutAccount: users and roles that read by their own policies need the key's
// policy to leave it to their account.
func TestLockedOutAccount(t *testing.T) {
	const foreign = "arn:aws:kms:us-east-1:444455556666:key/5e5ea1de-0000-4000-8000-000000000002"
	to := func(who string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"kms:*","Resource":"*"}}`
	}
	for _, tt := range []struct{ key, policy, want string }{
		{simKey, to("arn:aws:iam::111122223333:root"), ""},
		{simKey, to("111122223333"), ""},
		{simKey, to(simUser), "does not leave it to account 111122223333"},
		{simKey, "", ""},
		{foreign, to("arn:aws:iam::111122223333:root"), ""},
		{foreign, to("arn:aws:iam::444455556666:root"), "does not leave it to account 111122223333"},
		{foreign, "", "of account 444455556666, and its policy cannot be read"},
	} {
		c := &Checker{Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: tt.key, BucketKey: true}, key: s3api.KeyOfARN(tt.key)}
		got := c.lockedOutAccount(simAccount, func() *policy.Document {
			if tt.policy == "" {
				return nil
			}
			d, err := policy.Parse(policy.Key, []byte(tt.policy))
			if err != nil {
				t.Fatal(err)
			}
			return d
		})
		if said := fmt.Sprint(got); (tt.want == "") != (len(got) == 0) || !strings.Contains(said, tt.want) {
			t.Errorf("%s, policy %s: %s, want %q", tt.key, tt.policy, said, tt.want)
		}
	}
}

// TestMFADeleteIsSaid: before a scratch object is made.
func TestMFADeleteIsSaid(t *testing.T) {
	for on, want := range map[plan.Answer]bool{plan.Yes: true, plan.No: false, plan.Unknown: false} {
		c := &Checker{Client: offline(t), Options: plan.Options{Bucket: "acme"}, Facts: plan.Facts{MFADelete: on}}
		c.bucket()
		said := false
		for _, f := range c.Findings {
			said = said || f.Name == "MFA delete" && f.Status == StatusWarning && strings.Contains(f.Why, "scratch versions")
		}
		if said != want {
			t.Errorf("MFA delete %s: said %v", on, said)
		}
	}
}

// TestLockedOutReplication: rules that leave out SSE-KMS, and a role that the key's
// policy does not name.
func TestLockedOutReplication(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/service-role/replicate"
	allow := func(who string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"kms:Decrypt","Resource":"*"}}`
	}
	c := &Checker{Client: offline(t), Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey, BucketKey: true}, key: s3api.KeyOfARN(simKey)}
	blind, sees := s3api.ReplicationRule{ID: "all"}, s3api.ReplicationRule{ID: "kms", KMS: true}
	for _, tt := range []struct {
		rules []s3api.ReplicationRule
		key   string
		want  []string
	}{
		{[]s3api.ReplicationRule{blind, sees}, "", []string{"replication by all leaves out", role + " needs kms:Decrypt"}},
		{[]s3api.ReplicationRule{sees}, allow("arn:aws:iam::111122223333:root"), []string{role + " needs kms:Decrypt"}}, // by its own policy, which is not read
		{[]s3api.ReplicationRule{sees}, allow(role), nil},
		{[]s3api.ReplicationRule{blind}, allow(role), []string{"replication by all leaves out"}},
	} {
		got := c.lockedOutReplication(role, tt.rules, func() *policy.Document {
			if tt.key == "" {
				return nil
			}
			d, err := policy.Parse(policy.Key, []byte(tt.key))
			if err != nil {
				t.Fatal(err)
			}
			return d
		})
		ok := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			ok = ok && strings.Contains(got[i], tt.want[i])
		}
		if !ok {
			t.Errorf("%v, key %s: %q, want %q", tt.rules, tt.key, got, tt.want)
		}
	}
}
