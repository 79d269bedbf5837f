package access

import (
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestConditionsOnCopies: policies see what a copy says of itself, apart from its
// encryption (S3 User Guide, "amazon-s3-policy-keys").
func TestConditionsOnCopies(t *testing.T) {
	copyOf := func(s *stage, etag string) *simulator.CopyObjectInput {
		in := &simulator.CopyObjectInput{Request: s.as(admin), Key: "k", MetadataDirective: "COPY",
			Source: simulator.CopySource{Bucket: "acme", Key: "k", Sent: "acme/k"}}
		in.StorageClass, in.Encryption = "STANDARD_IA", simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyA}
		in.Conditions.IfMatch = `"` + etag + `"`
		return in
	}
	tests := []struct {
		condition string
		change    func(*simulator.CopyObjectInput)
		refused   bool
	}{
		{`"StringEquals":{"s3:x-amz-copy-source":"acme/k"}`, nil, true},
		{`"StringNotLike":{"s3:x-amz-copy-source":"acme/*"}`, nil, false},
		{`"StringNotEquals":{"s3:x-amz-metadata-directive":"COPY"}`, nil, false},
		{`"Null":{"s3:x-amz-metadata-directive":"true"}`, nil, false},
		{`"Null":{"s3:if-match":"true"}`, nil, false},
		{`"Null":{"s3:if-match":"true"}`, func(in *simulator.CopyObjectInput) { in.Conditions.IfMatch = "" }, true},
		{`"StringNotEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}`, nil, false},
		{`"StringNotEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}`, nil, true},
		{`"Null":{"s3:x-amz-grant-read":"false"}`, nil, false},
		{`"Null":{"s3:x-amz-grant-read":"false"}`, func(in *simulator.CopyObjectInput) {
			in.ACL.Grants = []simulator.Grant{{Type: "CanonicalUser", Grantee: "cccc", Permission: "READ"}}
		}, true},
		{`"StringEquals":{"s3:x-amz-grant-full-control":"id=\"cccc\""}`, func(in *simulator.CopyObjectInput) {
			in.ACL.Grants = []simulator.Grant{{Type: "CanonicalUser", Grantee: "cccc", Permission: "FULL_CONTROL"}}
		}, true},
		{`"Null":{"s3:x-amz-website-redirect-location":"false"}`, func(in *simulator.CopyObjectInput) { in.WebsiteRedirect = "/x" }, true},
		{`"NumericLessThan":{"s3:object-lock-remaining-retention-days":"30"}`, func(in *simulator.CopyObjectInput) {
			in.Lock = simulator.Lock{Mode: "GOVERNANCE", RetainUntil: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
		}, true},
		{`"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}`, func(in *simulator.CopyObjectInput) {
			in.Lock = simulator.Lock{Mode: "GOVERNANCE", RetainUntil: time.Date(2027, 11, 23, 0, 0, 0, 0, time.UTC)}
		}, true},
		{`"StringEquals":{"s3:RequestObjectTag/team":"x"}`, func(in *simulator.CopyObjectInput) {
			in.TaggingDirective, in.Tags = "REPLACE", []simulator.Tag{{Key: "team", Value: "x"}}
		}, true},
		{`"StringNotEquals":{"s3:signatureversion":"AWS4-HMAC-SHA256"}`, nil, false},
		{`"StringNotEquals":{"s3:ResourceAccount":"` + account + `"}`, nil, false},
	}
	for _, tt := range tests {
		s, etag := newLockStage(t)
		s.policy(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{` + tt.condition + `}}}`)
		in := copyOf(s, etag)
		if tt.change != nil {
			tt.change(in)
		}
		p, err := s.BeginCopy(s.now, in)
		if err == nil {
			p.Cancel()
		}
		if refused := err != nil && err.Code == "AccessDenied"; refused != tt.refused || err != nil && !refused {
			t.Errorf("%s: %v, want refused %v", tt.condition, err, tt.refused)
		}
	}
}

// newLockStage is a stage whose bucket has object lock and ACLs, and an object.
func newLockStage(t *testing.T) (s *stage, etag string) {
	t.Helper()
	s = newStage(t)
	r := s.as(admin)
	if err := s.DeleteBucket(s.now, &r); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateBucket(s.now, &simulator.CreateBucketInput{Request: r, ObjectLockEnabled: true, ObjectOwnership: simulator.ObjectWriter}); err != nil {
		t.Fatal(err)
	}
	out, err := s.PutObject(s.now, &simulator.PutObjectInput{Request: r, Key: "k", Body: simulator.Synthetic(10, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return s, out.ETag
}
