package simulator

import (
	"slices"
	"testing"
)

// TestCreateBucket: S3 API Reference, CreateBucket; S3 User Guide, bucketnamingrules.
func TestCreateBucket(t *testing.T) {
	b := newBench(t, Config{})
	for name, code := range map[string]string{"my-bucket.1": "", "ab": "InvalidBucketName", "UPPER": "InvalidBucketName", "-x-": "InvalidBucketName",
		"a..b": "InvalidBucketName", "under_score": "InvalidBucketName"} {
		err := b.CreateBucket(b.tick(), &CreateBucketInput{Request: in(name)})
		if err == nil && code != "" || err != nil && err.Code != code {
			t.Errorf("%q: got %v, want %q", name, err, code)
		}
	}
	b.want(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("bkt"), Owner: stranger}), 409, "BucketAlreadyExists")
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("theirs"), Owner: stranger, Region: "eu-west-1"}))
	got, err := b.ListBuckets(b.tick(), &ListBucketsInput{})
	b.must(err)
	if list := got.Buckets; len(list) != 2 || list[0].Name != "bkt" || list[1].Name != "my-bucket.1" {
		t.Errorf("buckets %v", got)
	}
	r := in("theirs")
	if region, err := b.GetBucketLocation(b.tick(), &r); err != nil || region != "eu-west-1" {
		t.Errorf("location %s %v", region, err)
	}
	if info, err := b.HeadBucket(b.tick(), &r); err != nil || info.Owner != stranger {
		t.Errorf("head %+v %v", info, err)
	}
	r.ExpectedBucketOwner = owner
	_, err = b.HeadBucket(b.tick(), &r)
	b.want(err, 403, "AccessDenied")
	b.put("bkt", "k", "x")
	r = in("bkt")
	b.want(b.DeleteBucket(b.tick(), &r), 409, "BucketNotEmpty")
}

// TestCreateBucketAgain: us-east-1 gives a bucket to its owner again, with its ACL as new, and other Regions do not (S3
// API Reference, CreateBucket).
func TestCreateBucketAgain(t *testing.T) {
	for region, code := range map[string]string{"us-east-1": "", "eu-west-1": "BucketAlreadyOwnedByYou"} {
		b := newBench(t, Config{Region: region})
		r := in("bkt")
		b.must(b.DeletePublicAccessBlock(b.tick(), &r))
		b.must(b.PutBucketOwnershipControls(b.tick(), &r, ObjectWriter))
		b.must(b.PutBucketAcl(b.tick(), &r, ACL{Canned: "public-read"}))
		err := b.CreateBucket(b.tick(), &CreateBucketInput{Request: r})
		if err == nil && code != "" || err != nil && err.Code != code {
			t.Errorf("%s: got %v, want %q", region, err, code)
		}
		acl, err := b.GetBucketAcl(b.tick(), &r)
		b.must(err)
		if reset := len(acl.Grants) == 1; reset != (code == "") {
			t.Errorf("%s: grants %v", region, acl.Grants)
		}
	}
}

// TestDocuments: each configuration has its own error for "there is none" (S3 API Reference, ErrorResponses).
func TestDocuments(t *testing.T) {
	missing := map[ConfigKind]string{LifecycleConfig: "NoSuchLifecycleConfiguration", WebsiteConfig: "NoSuchWebsiteConfiguration",
		ReplicationConfig: "ReplicationConfigurationNotFoundError", PolicyConfig: "NoSuchBucketPolicy", InventoryConfig: "NoSuchConfiguration",
		CORSConfig: "NoSuchCORSConfiguration", TaggingConfig: "NoSuchTagSet", NotificationConfig: "", LoggingConfig: ""}
	for kind, code := range missing {
		b := newBench(t, Config{})
		b.bucket("ver", Enabled)
		r := in("ver")
		doc, err := b.GetBucketConfig(b.tick(), &r, kind, "")
		b.want(err, 404, code)
		if doc != nil {
			t.Errorf("%s: %q", kind, doc)
		}
		want := "<x/>"
		if kind == PolicyConfig {
			want = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::ver/*"}}`
		}
		b.must(b.PutBucketConfig(b.tick(), &r, kind, "", []byte(want)))
		if doc, err := b.GetBucketConfig(b.tick(), &r, kind, ""); err != nil || string(doc) != want {
			t.Errorf("%s: %q %v", kind, doc, err)
		}
		b.must(b.DeleteBucketConfig(b.tick(), &r, kind, ""))
		_, err = b.GetBucketConfig(b.tick(), &r, kind, "")
		b.want(err, 404, code)
	}
	b := newBench(t, Config{})
	r := in("bkt")
	b.want(b.PutBucketConfig(b.tick(), &r, ReplicationConfig, "", nil), 400, "InvalidRequest")
	for _, id := range []string{"z", "a"} {
		b.must(b.PutBucketConfig(b.tick(), &r, InventoryConfig, id, []byte(id)))
	}
	if ids, err := b.ListBucketConfigs(b.tick(), &r, InventoryConfig); err != nil || !slices.Equal(ids, []string{"a", "z"}) {
		t.Errorf("ids %v %v", ids, err)
	}
	b.want(b.DeleteBucketConfig(b.tick(), &r, InventoryConfig, "none"), 404, "NoSuchConfiguration")
}

// TestBucketEncryption: S3 API Reference, PutBucketEncryption: the key is not looked at; the whole is replaced.
func TestBucketEncryption(t *testing.T) {
	b := newBench(t, Config{})
	r := in("bkt")
	if got, err := b.GetBucketEncryption(b.tick(), &r); err != nil || got.Algorithm != "AES256" || got.BucketKeyEnabled {
		t.Errorf("default %+v %v", got, err)
	}
	b.must(b.PutBucketEncryption(b.tick(), &r, BucketEncryption{Algorithm: "aws:kms", KMSKeyID: "no-such-key", BucketKeyEnabled: true, BlockedTypes: []string{"SSE-C"}}))
	b.must(b.PutBucketEncryption(b.tick(), &r, BucketEncryption{Algorithm: "aws:kms", KMSKeyID: testKey}))
	if got, err := b.GetBucketEncryption(b.tick(), &r); err != nil || got.KMSKeyID != testKey || got.BucketKeyEnabled || len(got.BlockedTypes) != 0 {
		t.Errorf("got %+v %v", got, err)
	}
	b.want(b.PutBucketEncryption(b.tick(), &r, BucketEncryption{Algorithm: "rot13"}), 400, "MalformedXML")
	b.want(b.PutBucketEncryption(b.tick(), &r, BucketEncryption{Algorithm: "AES256", KMSKeyID: "x"}), 400, "InvalidArgument")
	b.want(b.PutBucketEncryption(b.tick(), &r, BucketEncryption{Algorithm: "AES256", BlockedTypes: []string{"SSE-S3"}}), 400, "InvalidRequest")
	b.must(b.DeleteBucketEncryption(b.tick(), &r))
	b.put("bkt", "k", "x")
	if e := b.head("bkt", "k", "").Encryption; e.Type != SSES3 {
		t.Errorf("encryption %+v after the default was deleted", e)
	}
}

// TestBucketSettings: S3 API Reference, PutBucketVersioning, PutObjectLockConfiguration and the ownership calls.
func TestBucketSettings(t *testing.T) {
	b := newBench(t, Config{})
	r := in("bkt")
	_, err := b.GetObjectLockConfiguration(b.tick(), &r)
	b.want(err, 404, "ObjectLockConfigurationNotFoundError")
	b.want(b.PutObjectLockConfiguration(b.tick(), &r, ObjectLockConfig{Enabled: true}), 409, "InvalidBucketState")
	b.want(b.PutBucketVersioning(b.tick(), &r, "On"), 400, "IllegalVersioningConfigurationException")
	b.must(b.PutBucketVersioning(b.tick(), &r, Enabled))
	for _, l := range []ObjectLockConfig{{}, {Enabled: true, Mode: "GOVERNANCE"}, {Enabled: true, Mode: "GOVERNANCE", Days: 1, Years: 1}, {Enabled: true, Days: 1}} {
		b.want(b.PutObjectLockConfiguration(b.tick(), &r, l), 400, "MalformedXML")
	}
	want := ObjectLockConfig{Enabled: true, Mode: "GOVERNANCE", Years: 1}
	b.must(b.PutObjectLockConfiguration(b.tick(), &r, want))
	if got, err := b.GetObjectLockConfiguration(b.tick(), &r); err != nil || got != want {
		t.Errorf("got %+v %v", got, err)
	}
	b.want(b.PutBucketVersioning(b.tick(), &r, Suspended), 409, "InvalidBucketState")
	if got, err := b.GetBucketVersioning(b.tick(), &r); err != nil || got != Enabled {
		t.Errorf("versioning %s %v", got, err)
	}
	if got, err := b.GetBucketOwnershipControls(b.tick(), &r); err != nil || got != BucketOwnerEnforced {
		t.Errorf("ownership %s %v", got, err)
	}
	b.must(b.DeleteBucketOwnershipControls(b.tick(), &r))
	_, err = b.GetBucketOwnershipControls(b.tick(), &r)
	b.want(err, 404, "OwnershipControlsNotFoundError")
	b.want(b.PutBucketOwnershipControls(b.tick(), &r, "Mine"), 400, "MalformedXML")
	b.want(b.PutBucketRequestPayment(b.tick(), &r, "Nobody"), 400, "MalformedXML")
	if got, err := b.GetBucketRequestPayment(b.tick(), &r); err != nil || got != "BucketOwner" {
		t.Errorf("payer %s %v", got, err)
	}
}
