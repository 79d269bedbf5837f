package simulator

import (
	"fmt"
	"testing"
)

// TestBlockPublicAccess: new buckets have all four settings; what either the
// bucket or its account sets counts (S3 User Guide,
// access-control-block-public-access).
func TestBlockPublicAccess(t *testing.T) {
	public := ACL{Grants: []Grant{{grantGroup, allUsers, "READ"}}}
	policy := []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::acls/*"}}`)
	const refused = "403 AccessDenied"
	for _, tt := range []struct {
		name            string
		bucket, account *PublicAccessBlock
		acl, policy     string
	}{
		{"a new bucket", &blockAll, nil, refused, refused},
		{"no settings", nil, nil, "", ""},
		{"the account's", nil, &blockAll, refused, refused},
		{"ACLs only", &PublicAccessBlock{BlockPublicAcls: true}, nil, refused, ""},
		{"policies only", &PublicAccessBlock{BlockPublicPolicy: true}, nil, "", refused},
		{"existing ones only", &PublicAccessBlock{IgnorePublicAcls: true, RestrictPublicBuckets: true}, nil, "", ""},
	} {
		b := newBench(t, Config{})
		b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("acls"), ObjectOwnership: ObjectWriter}))
		r := in("acls")
		if tt.bucket == nil {
			b.unblock("acls")
		} else {
			b.must(b.PutPublicAccessBlock(b.tick(), &r, *tt.bucket))
		}
		if tt.account != nil {
			_, err := b.AccountPublicAccess(b.tick(), &AccountPublicAccessBlock{Principal: r.Principal, Account: owner, Set: tt.account})
			b.must(err)
		}
		check := func(what, want string, err *Error) {
			t.Helper()
			got := ""
			if err != nil {
				got = fmt.Sprint(err.HTTPStatus, " ", err.Code)
			}
			if got != want {
				t.Errorf("%s: %s: %q, want %q", tt.name, what, got, want)
			}
		}
		b.put("acls", "k", "x")
		_, err := b.PutObject(b.tick(), &PutObjectInput{Request: r, Key: "k", WriteAttributes: WriteAttributes{ACL: ACL{Canned: "public-read"}}})
		check("put", tt.acl, err)
		_, err = b.copy(selfCopy("acls", "k", func(c *CopyObjectInput) { c.ACL = public }))
		check("copy", tt.acl, err)
		_, err = b.CreateMultipartUpload(b.tick(), &CreateMultipartUploadInput{Request: r, Key: "k", WriteAttributes: WriteAttributes{ACL: public}})
		check("upload", tt.acl, err)
		check("object ACL", tt.acl, b.PutObjectAcl(b.tick(), &ObjectInput{Request: r, Key: "k"}, public))
		check("bucket ACL", tt.acl, b.PutBucketAcl(b.tick(), &r, public))
		check("private ACL", "", b.PutObjectAcl(b.tick(), &ObjectInput{Request: r, Key: "k"}, ACL{Canned: "private"}))
		check("policy", tt.policy, b.PutBucketConfig(b.tick(), &r, PolicyConfig, "", policy))
	}
}

// TestAnonymousByACL: what ACLs give to everybody, and what anonymous requests
// never can (S3 User Guide, acl-overview and UsingKMSEncryption).
func TestAnonymousByACL(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("acls"), ObjectOwnership: ObjectWriter}))
	b.unblock("acls")
	r := in("acls")
	nobody := Request{Bucket: "acls", Principal: Principal{Anonymous: true}, Unsigned: true}
	readable := func(p *PutObjectInput) { p.ACL.Canned = "public-read" }
	b.put("acls", "open", "x", readable)
	b.put("acls", "closed", "x")
	b.put("acls", "kms", "x", readable, func(p *PutObjectInput) { p.Encryption = kmsHeaders(testKey) })
	get := func(key string) *Error {
		_, err := b.GetObject(b.tick(), &GetObjectInput{Request: nobody, Key: key})
		return err
	}
	b.must(get("open"))
	b.want(get("closed"), 403, "AccessDenied")
	b.want(get("none"), 403, "AccessDenied")
	b.want(get("kms"), 400, "InvalidArgument")
	if m := get("kms").Message; m != "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4." {
		t.Errorf("under SSE-KMS: %q", m)
	}
	list := func() *Error {
		_, err := b.ListObjects(b.tick(), &ListObjectsInput{Request: nobody})
		return err
	}
	put := func() *Error {
		_, err := b.PutObject(b.tick(), &PutObjectInput{Request: nobody, Key: "new"})
		return err
	}
	b.want(list(), 403, "AccessDenied")
	b.want(put(), 403, "AccessDenied")
	b.must(b.PutBucketAcl(b.tick(), &r, ACL{Canned: "public-read-write"}))
	b.must(list())
	b.must(put())
	if got := b.head("acls", "new", "").Owner; got != anonymousOwner {
		t.Errorf("owner of what nobody wrote: %s", got)
	}
	_, err := b.copy(selfCopy("acls", "open", func(c *CopyObjectInput) { c.Request = nobody }))
	b.want(err, 403, "AccessDenied")
	_, err = b.CreateMultipartUpload(b.tick(), &CreateMultipartUploadInput{Request: nobody, Key: "k"})
	b.want(err, 403, "AccessDenied")
	b.want(b.CreateBucket(b.tick(), &CreateBucketInput{Request: Request{Bucket: "fresh", Principal: nobody.Principal}}), 403, "AccessDenied")
	_, err = b.ListBuckets(b.tick(), &ListBucketsInput{Principal: nobody.Principal})
	b.want(err, 403, "AccessDenied")

	b.must(b.PutPublicAccessBlock(b.tick(), &r, PublicAccessBlock{IgnorePublicAcls: true}))
	b.want(get("open"), 403, "AccessDenied")
	b.want(list(), 403, "AccessDenied")
	b.unblock("acls")
	b.must(b.PutBucketRequestPayment(b.tick(), &r, "Requester"))
	nobody.RequestPayer = "requester"
	b.want(get("open"), 403, "AccessDenied")
}

// TestCheckedUnderLock: uploads under retention or a hold need a checksum;
// copies do not (S3 API Reference, PutObject; text as users have seen it).
func TestCheckedUnderLock(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true}))
	r := in("lock")
	put := func(unchecked bool, lock Lock) *Error {
		_, err := b.PutObject(b.tick(), &PutObjectInput{Request: r, Key: "k", Unchecked: unchecked, WriteAttributes: WriteAttributes{Lock: lock}})
		return err
	}
	b.must(put(true, Lock{}))
	b.want(put(true, Lock{LegalHold: "ON"}), 400, "InvalidRequest")
	b.must(put(false, Lock{LegalHold: "ON"}))
	b.must(b.PutObjectLockConfiguration(b.tick(), &r, ObjectLockConfig{Enabled: true, Mode: "COMPLIANCE", Years: 7}))
	b.want(put(true, Lock{}), 400, "InvalidRequest")
	b.must(put(false, Lock{}))
	b.mustCopy(selfCopy("lock", "k"))
	if l := b.head("lock", "k", "").Lock; l.Mode != "COMPLIANCE" || l.RetainUntil.Year() != t0.Year()+7 {
		t.Errorf("the copy's lock: %+v", l)
	}
}
