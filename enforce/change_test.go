package enforce

import (
	"errors"
	"strings"
	"testing"

	"reseal/policy"
	"reseal/s3api"
)

// TestEnforceMalformed: a policy that S3 would not take is never built upon.
func TestEnforceMalformed(t *testing.T) {
	for _, text := range []string{`{"Statement":`, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other"}}`} {
		e := &Enforcer{Bucket: "acme", Remove: true}
		_, err := e.Plan(t.Context(), &Settings{Policy: []byte(text)})
		var malformed *policy.MalformedError
		if !errors.As(err, &malformed) {
			t.Errorf("policy %s: %v, want a malformed policy", text, err)
		}
	}
}

// Nothing is changed where no statement of reseal's is there to remove, and the default
// encryption is none of what is removed.
func TestRemoveNothing(t *testing.T) {
	theirs := []byte(`{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::acme"}]}`)
	before := &Settings{Policy: theirs, Encryption: s3api.DefaultEncryption{Algorithm: "aws:kms", KeyID: "k"}}
	c, err := (&Enforcer{Bucket: "acme", Remove: true}).Plan(t.Context(), before)
	if err != nil || !c.Nothing() {
		t.Errorf("%+v, %v", c, err)
	}
	ours := strings.Replace(string(theirs), "Theirs", "ResealOnlyKMS", 1)
	c, err = (&Enforcer{Bucket: "acme", Remove: true}).Plan(t.Context(), &Settings{Policy: []byte(ours)})
	if err != nil || c.Nothing() || c.After.Policy != nil {
		t.Errorf("of ours: %+v, %v; want no policy to be left", c, err)
	}
}

// The commands that set a bucket back by hand survive what is in its settings.
func TestByHand(t *testing.T) {
	e := &Enforcer{Bucket: "acme"}
	before := &Settings{Policy: []byte(`{"a":"it's"}`), Encryption: s3api.DefaultEncryption{Algorithm: "AES256"}}
	got := e.byHand(written{encryption: true, policy: true}, before)
	want := `aws s3api put-bucket-policy --bucket acme --policy '{"a":"it'\''s"}'; ` +
		`aws s3api put-bucket-encryption --bucket acme --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BucketKeyEnabled":false}]}'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	before.Policy = nil
	if got := e.byHand(written{policy: true}, before); got != "aws s3api delete-bucket-policy --bucket acme" {
		t.Errorf("without a policy before: %s", got)
	}
}
