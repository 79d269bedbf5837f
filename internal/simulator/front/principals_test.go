package front

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
	"reseal/internal/simulator/iam"
)

// TestPrincipalsThatDoNotExist: neither S3 nor KMS takes a policy with one; whoever is
// deleted later stands there by his unique id, which nobody may put again.
func TestPrincipalsThatDoNotExist(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	directory := iam.New(longLived.AccountID, rules)
	exists := func(name string) bool { return rules.Knows(name) || directory.Exists(name) }
	r := newRig(t, simulator.Config{Authorize: rules.Authorize, Exists: exists}, Config{Directory: directory})
	const role = "arn:aws:iam::111122223333:role/reader"
	bucketPolicy := func(who string) error {
		_, err := r.s3(longLived).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(testBucket), Policy: aws.String(`{"Version":"2012-10-17","Statement":` +
			`{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::` + testBucket + `/*"}}`)})
		return err
	}
	keyPolicy := func(admin, who string, bypass bool) error {
		_, err := r.kms(longLived).PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: aws.String(testKey), BypassPolicyLockoutSafetyCheck: bypass,
			Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + admin + `"},"Action":"kms:*","Resource":"*"},` +
				`{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"kms:Decrypt","Resource":"*"}]}`)})
		return err
	}
	stored := func() string {
		out, err := r.s3(longLived).GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String(testBucket)})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Policy
	}
	refused := func(who string) {
		t.Helper()
		if b, k := codeOf(bucketPolicy(who)), codeOf(keyPolicy(longLived.ARN, who, false)); b != "MalformedPolicy" || k != "MalformedPolicyDocumentException" {
			t.Errorf("%s: bucket %q, key %q", who, b, k)
		}
	}
	refused(role)
	refused("AROAEXAMPLEID12345678")
	must := func(form ...string) {
		t.Helper()
		if status, body := r.callIAM(t, longLived, form...); status != 200 {
			t.Fatalf("%s: %d %s", form[1], status, body)
		}
	}
	must("Action", "CreateRole", "RoleName", "reader",
		"AssumeRolePolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}`)
	for _, who := range []string{role, "111122223333", "arn:aws:iam::999988887777:role/partner"} {
		if b, k := bucketPolicy(who), keyPolicy(longLived.ARN, who, false); b != nil || k != nil {
			t.Errorf("%s: %v, %v", who, b, k)
		}
	}
	if err := bucketPolicy(role); err != nil {
		t.Fatal(err)
	}
	must("Action", "DeleteRole", "RoleName", "reader")
	if text := stored(); strings.Contains(text, role) || !strings.Contains(text, `"AROA`) {
		t.Errorf("after the role was deleted: %s", text)
	}
	refused(role)

	// A policy that its author could not change again needs to be asked for.
	const partner = "arn:aws:iam::999988887777:role/partner"
	if err := keyPolicy(partner, partner, false); codeOf(err) != "MalformedPolicyDocumentException" {
		t.Errorf("locked out without a word: %v", err)
	}
	if err := keyPolicy(partner, partner, true); err != nil {
		t.Errorf("asked for: %v", err)
	}
	_, err := r.kms(longLived).GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: aws.String(testKey)})
	if codeOf(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "no resource-based policy allows the kms:GetKeyPolicy") {
		t.Errorf("locked out: %v", err)
	}
}

// TestKeyPolicyIsOfItsAccount: nobody else reads it, whatever it says.
func TestKeyPolicyIsOfItsAccount(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	const foreign = "arn:aws:kms:eu-west-1:999988887777:key/5e5ea1de-0000-4000-8000-000000000009"
	r.front.Locked(func(w *simulator.World) {
		if err := w.CreateKey(simulator.Key{ARN: foreign}); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := r.kms(longLived).GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: aws.String(foreign)}); codeOf(err) != "AccessDeniedException" {
		t.Errorf("read: %v", err)
	}
}

// TestGrants: a grant lets its grantee where the key's policy does not, within its
// constraints, until it is revoked.
func TestGrants(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Directory: iam.New(longLived.AccountID, rules)})
	c := r.kms(longLived)
	const context = "arn:aws:s3:::acme"
	if _, err := c.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: aws.String(testKey), Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow",` +
		`"Principal":{"AWS":"` + longLived.ARN + `"},"Action":["kms:*Grant*","kms:PutKeyPolicy"],"Resource":"*"}}`)}); err != nil {
		t.Fatal(err)
	}
	use := func(about string) string {
		in := &kms.GenerateDataKeyInput{KeyId: aws.String(testKey), KeySpec: "AES_256"}
		if about != "" {
			in.EncryptionContext = map[string]string{"aws:s3:arn": about}
		}
		_, err := c.GenerateDataKey(t.Context(), in)
		return codeOf(err)
	}
	if got := use(context); got != "AccessDeniedException" {
		t.Errorf("before: %q", got)
	}
	made, err := c.CreateGrant(t.Context(), &kms.CreateGrantInput{KeyId: aws.String(testKey), GranteePrincipal: aws.String(longLived.ARN), Operations: []types.GrantOperation{"GenerateDataKey"},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: map[string]string{"aws:s3:arn": context}}})
	if err != nil {
		t.Fatal(err)
	}
	if with, without := use(context), use(""); with != "" || without != "AccessDeniedException" {
		t.Errorf("with the context %q, without %q", with, without)
	}
	list, err := c.ListGrants(t.Context(), &kms.ListGrantsInput{KeyId: aws.String(testKey)})
	if err != nil || len(list.Grants) != 1 || *list.Grants[0].GrantId != *made.GrantId {
		t.Errorf("list %+v, %v", list, err)
	}
	if _, err := c.RevokeGrant(t.Context(), &kms.RevokeGrantInput{KeyId: aws.String(testKey), GrantId: made.GrantId}); err != nil {
		t.Fatal(err)
	}
	if got := use(context); got != "AccessDeniedException" {
		t.Errorf("revoked: %q", got)
	}
}
