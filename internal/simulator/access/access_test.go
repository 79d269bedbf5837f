package access

import (
	"fmt"
	"testing"
	"time"

	"reseal/internal/simulator"
)

const (
	account = "111122223333"
	admin   = "arn:aws:iam::111122223333:user/admin"
	reader  = "arn:aws:iam::111122223333:user/reader"
	keyA    = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-0000-4000-8000-000000000001"
	keyB    = "arn:aws:kms:us-east-1:111122223333:key/bbbbbbbb-0000-4000-8000-000000000001"
	sse     = `"s3:x-amz-server-side-encryption"`
	sseKey  = `"s3:x-amz-server-side-encryption-aws-kms-key-id"`
)

// stage is a world with two keys, a bucket and two users: an administrator,
// and one with all of S3 but no key.
type stage struct {
	*simulator.World
	t     *testing.T
	now   time.Time
	rules *Rules
}

func newStage(t *testing.T) *stage {
	t.Helper()
	rules := New()
	rules.Admin(admin)
	if err := rules.Grant(reader, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)); err != nil {
		t.Fatal(err)
	}
	s := &stage{simulator.New(simulator.Config{Authorize: rules.Authorize}), t, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), rules}
	for _, arn := range []string{keyA, keyB} {
		if err := s.CreateKey(simulator.Key{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CreateBucket(s.now, &simulator.CreateBucketInput{Request: s.as(admin)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) as(arn string) simulator.Request {
	return simulator.Request{Bucket: "acme", Principal: simulator.Principal{ARN: arn, Account: account}}
}

func (s *stage) policy(text string) {
	s.t.Helper()
	r := s.as(admin)
	if err := s.PutBucketConfig(s.now, &r, simulator.PolicyConfig, "", []byte(text)); err != nil {
		s.t.Fatalf("put policy: %v", err)
	}
}

func (s *stage) put(key string, e simulator.EncryptionHeaders, change ...func(*simulator.Request)) (simulator.Encryption, string) {
	r := s.as(admin)
	for _, c := range change {
		c(&r)
	}
	in := &simulator.PutObjectInput{Request: r, Key: key, Body: simulator.Synthetic(10, 1)}
	in.Encryption = e
	out, err := s.PutObject(s.now, in)
	if err != nil {
		return simulator.Encryption{}, err.Code
	}
	return out.Encryption, ""
}

// TestWorkshop replays what S3 does with uploads with and without headers under
// default encryption and a policy on one prefix (S3 User Guide,
// "UsingKMSEncryption": the policy is about the request's headers, and the
// default is applied after it).
func TestWorkshop(t *testing.T) {
	s := newStage(t)
	r := s.as(admin)
	if err := s.PutBucketEncryption(s.now, &r, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: keyA, BucketKeyEnabled: true}); err != nil {
		t.Fatal(err)
	}
	s.policy(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/ssekms-only/*","Condition":{"StringNotEquals":{` + sse + `:"aws:kms"}}}}`)
	tests := []struct {
		key, algorithm, want, refused string
	}{
		{"text03", "", "aws:kms", ""},
		{"text04", "AES256", "AES256", ""},
		{"text05", "aws:kms", "aws:kms", ""},
		{"ssekms-only/text06", "", "", "AccessDenied"},
		{"ssekms-only/text07", "AES256", "", "AccessDenied"},
		{"ssekms-only/text08", "aws:kms", "aws:kms", ""},
	}
	for _, tt := range tests {
		got, refused := s.put(tt.key, simulator.EncryptionHeaders{Algorithm: tt.algorithm})
		if got.Algorithm() != tt.want || refused != tt.refused {
			t.Errorf("put %s with %q: %q, %q; want %q, %q", tt.key, tt.algorithm, got.Algorithm(), refused, tt.want, tt.refused)
		}
	}
}

// TestOneKeyOnly: a condition on the key id is about the key that S3 ends up
// using, the default one included (S3 User Guide, "UsingKMSEncryption").
func TestOneKeyOnly(t *testing.T) {
	demand := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"ArnNotEquals":{` + sseKey + `:"` + keyA + `"}}}}`
	tests := []struct {
		name, byDefault string
		headers         simulator.EncryptionHeaders
		want            string
	}{
		{"AES256", keyA, simulator.EncryptionHeaders{Algorithm: "AES256"}, "AccessDenied"},
		{"no headers, default key", keyA, simulator.EncryptionHeaders{}, ""},
		{"no headers, another default key", keyB, simulator.EncryptionHeaders{}, "AccessDenied"},
		{"no headers, no default", "", simulator.EncryptionHeaders{}, "AccessDenied"},
		{"aws:kms without an id is aws/s3", keyA, simulator.EncryptionHeaders{Algorithm: "aws:kms"}, "AccessDenied"},
		{"the key", "", simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyA}, ""},
		{"another key", keyA, simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyB}, "AccessDenied"},
	}
	for _, tt := range tests {
		s := newStage(t)
		r := s.as(admin)
		if tt.byDefault != "" {
			if err := s.PutBucketEncryption(s.now, &r, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: tt.byDefault}); err != nil {
				t.Fatal(err)
			}
		}
		s.policy(demand)
		if _, got := s.put("k", tt.headers); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTransport: "security-best-practices" and "amazon-s3-policy-keys" of the S3
// User Guide: aws:SecureTransport and s3:TlsVersion.
func TestTransport(t *testing.T) {
	s := newStage(t)
	s.policy(`{"Version":"2012-10-17","Statement":[
		{"Sid":"A","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},
		{"Sid":"B","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"NumericLessThan":{"s3:TlsVersion":"1.3"}}}]}`)
	for _, tt := range []struct {
		plain   bool
		version string
		want    string
	}{{true, "", "AccessDenied"}, {false, "1.2", "AccessDenied"}, {false, "1.3", ""}} {
		_, got := s.put("k", simulator.EncryptionHeaders{}, func(r *simulator.Request) { r.Plaintext, r.TLSVersion = tt.plain, tt.version })
		if got != tt.want {
			t.Errorf("put, plain %v, TLS %s: %q, want %q", tt.plain, tt.version, got, tt.want)
		}
	}
}

// TestReaderWithoutKey: whoever has all of S3 but no key reads objects under
// SSE-S3 and not under SSE-KMS, unless the key's policy names him for requests
// through S3 (KMS Developer Guide, "services-s3", "conditions-kms").
func TestReaderWithoutKey(t *testing.T) {
	s := newStage(t)
	read := func() string {
		if _, err := s.GetObject(s.now, &simulator.GetObjectInput{Request: s.as(reader), Key: "k"}); err != nil {
			return fmt.Sprint(err.HTTPStatus, " ", err.Code)
		}
		return "read"
	}
	s.put("k", simulator.EncryptionHeaders{Algorithm: "AES256"})
	if got := read(); got != "read" {
		t.Errorf("under SSE-S3: %s", got)
	}
	yes := true
	s.put("k", simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyA, BucketKeyEnabled: &yes})
	if got := read(); got != "403 AccessDenied" {
		t.Errorf("under SSE-KMS: %s, want S3's 403 AccessDenied", got)
	}
	for _, tt := range []struct{ context, want string }{
		{"arn:aws:s3:::acme/*", "403 AccessDenied"}, // a bucket key's context is the bucket's ARN
		{"arn:aws:s3:::acme", "read"},
	} {
		text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
			{"Effect":"Allow","Principal":{"AWS":"` + reader + `"},"Action":"kms:Decrypt","Resource":"*","Condition":{
			"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"},"StringLike":{"kms:EncryptionContext:aws:s3:arn":"` + tt.context + `"}}}]}`
		if err := s.PutKeyPolicy(s.now, s.as(admin).Principal, keyA, []byte(text), true); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != tt.want {
			t.Errorf("key policy for context %s: %s, want %s", tt.context, got, tt.want)
		}
	}
}

// TestMultipartUnderPolicy: parts go by what their upload began with.
func TestMultipartUnderPolicy(t *testing.T) {
	s := newStage(t)
	s.policy(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"StringNotEquals":{` + sse + `:"aws:kms"}}}}`)
	begin := func(algorithm string) (string, *simulator.Error) {
		in := &simulator.CreateMultipartUploadInput{Request: s.as(admin), Key: "k"}
		in.Encryption.Algorithm = algorithm
		out, err := s.CreateMultipartUpload(s.now, in)
		if err != nil {
			return "", err
		}
		return out.UploadID, nil
	}
	if _, err := begin(""); err == nil || err.Code != "AccessDenied" {
		t.Errorf("upload without headers: %v, want AccessDenied", err)
	}
	id, err := begin("aws:kms")
	if err != nil {
		t.Fatal(err)
	}
	part := &simulator.UploadPartInput{PartNumber: 1, Body: simulator.Synthetic(10, 1)}
	part.Request, part.Key, part.UploadID = s.as(admin), "k", id
	if _, err := s.UploadPart(s.now, part); err != nil {
		t.Errorf("part: %v", err)
	}
}

func TestPolicyIsChecked(t *testing.T) {
	s := newStage(t)
	r := s.as(admin)
	for _, text := range []string{`{}`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}}`} {
		if err := s.PutBucketConfig(s.now, &r, simulator.PolicyConfig, "", []byte(text)); err == nil || err.Code != "MalformedPolicy" {
			t.Errorf("put policy %s: %v, want MalformedPolicy", text, err)
		}
	}
}

// TestAnonymousByPolicy: a policy that names everybody opens a bucket to
// requests that nobody signed, until RestrictPublicBuckets takes that away from
// all but the owner's account (S3 User Guide,
// access-control-block-public-access).
func TestAnonymousByPolicy(t *testing.T) {
	const abroad = "arn:aws:iam::444455556666:user/partner"
	s := newStage(t)
	r := s.as(admin)
	s.put("k", simulator.EncryptionHeaders{Algorithm: "AES256"})
	if err := s.rules.Grant(abroad, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)); err != nil {
		t.Fatal(err)
	}
	requesters := []simulator.Request{
		{Bucket: "acme", Principal: simulator.Principal{Anonymous: true}, Unsigned: true},
		{Bucket: "acme", Principal: simulator.Principal{ARN: abroad, Account: "444455556666"}},
		s.as(reader),
	}
	read := func() (out [3]bool) {
		for i, r := range requesters {
			_, err := s.GetObject(s.now, &simulator.GetObjectInput{Request: r, Key: "k"})
			out[i] = err == nil
		}
		return out
	}
	if got := read(); got != [3]bool{false, false, true} {
		t.Errorf("without a policy: %v", got)
	}
	if err := s.DeletePublicAccessBlock(s.now, &r); err != nil {
		t.Fatal(err)
	}
	s.policy(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/*"}}`)
	if got := read(); got != [3]bool{true, true, true} {
		t.Errorf("with a public policy: %v", got)
	}
	if public, err := s.GetBucketPolicyStatus(s.now, &r); err != nil || !public {
		t.Errorf("policy status: %v, %v", public, err)
	}
	if err := s.PutPublicAccessBlock(s.now, &r, simulator.PublicAccessBlock{RestrictPublicBuckets: true}); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != [3]bool{false, false, true} {
		t.Errorf("restricted: %v", got)
	}
	s.policy(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/*"}}`)
	if got := read(); got != [3]bool{false, true, true} {
		t.Errorf("restricted, with a policy for one account: %v", got)
	}
}

// TestKeyOnlyThroughS3: a key policy with kms:ViaService, kms:CallerAccount or a
// condition on the encryption context refuses the direct call, and allows the
// same through S3 (KMS Developer Guide, conditions-kms).
func TestKeyOnlyThroughS3(t *testing.T) {
	s := newStage(t)
	for _, tt := range []struct {
		name, condition string
		want            bool
	}{
		{"through S3 of this Region", `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"111122223333"}`, true},
		{"through S3 of another", `"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}`, false},
		{"of another account", `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"444455556666"}`, false},
		{"the object", `"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/k"}`, true},
		{"another object", `"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/other"}`, false},
		{"context keys", `"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["aws:s3:arn"]},"Null":{"kms:EncryptionContextKeys":"false"}`, true},
	} {
		text := `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:PutKeyPolicy","Resource":"*"},
			{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"*","Condition":{` + tt.condition + `}}]}`
		if err := s.PutKeyPolicy(s.now, s.as(admin).Principal, keyA, []byte(text), true); err != nil {
			t.Fatal(err)
		}
		if _, err := s.UseKey(s.now, &simulator.KeyUse{Principal: s.as(admin).Principal, Op: simulator.OpGenerateDataKey, KeyID: keyA, DryRun: true}); err == nil || err.Code != "AccessDeniedException" {
			t.Errorf("%s: directly: %v, want AccessDeniedException", tt.name, err)
		}
		no := false
		_, code := s.put("k", simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyA, BucketKeyEnabled: &no})
		if (code == "") != tt.want {
			t.Errorf("%s: through S3: %q", tt.name, code)
		}
	}
}
