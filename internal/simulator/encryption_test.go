package simulator

import (
	"encoding/base64"
	"testing"
	"time"
)

// TestEncryptionOfWrites: S3 User Guide, bucket-encryption, specifying-kms-encryption, configuring-bucket-key-object.
func TestEncryptionOfWrites(t *testing.T) {
	managed := New(Config{}).awsManagedKey(owner, "us-east-1").ARN
	kmsDefault := &BucketEncryption{Algorithm: "aws:kms", KMSKeyID: otherKey, BucketKeyEnabled: true}
	tests := []struct {
		name   string
		config *BucketEncryption
		h      EncryptionHeaders
		want   Encryption
		code   string
	}{
		{"nothing said", nil, EncryptionHeaders{}, Encryption{Type: SSES3}, ""},
		{"bucket default", kmsDefault, EncryptionHeaders{}, Encryption{Type: SSEKMS, KMSKeyARN: otherKey, BucketKeyEnabled: true}, ""},
		{"header over default", kmsDefault, EncryptionHeaders{Algorithm: "AES256"}, Encryption{Type: SSES3}, ""},
		{"flag inherited", kmsDefault, kmsHeaders(testKey), Encryption{Type: SSEKMS, KMSKeyARN: testKey, BucketKeyEnabled: true}, ""},
		{"flag sent", kmsDefault, EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: testKey, BucketKeyEnabled: ptr(false)}, Encryption{Type: SSEKMS, KMSKeyARN: testKey}, ""},
		{"no key id means aws/s3, not the default", kmsDefault, EncryptionHeaders{Algorithm: "aws:kms"}, Encryption{Type: SSEKMS, KMSKeyARN: managed, BucketKeyEnabled: true}, ""},
		{"bare id", nil, kmsHeaders(testKey[len(testKey)-36:]), Encryption{Type: SSEKMS, KMSKeyARN: testKey}, ""},
		{"alias", nil, kmsHeaders("alias/data"), Encryption{Type: SSEKMS, KMSKeyARN: testKey}, ""},
		{"alias ARN", nil, kmsHeaders("arn:aws:kms:us-east-1:111122223333:alias/data"), Encryption{Type: SSEKMS, KMSKeyARN: testKey}, ""},
		{"dsse", nil, EncryptionHeaders{Algorithm: "aws:kms:dsse", KMSKeyID: testKey}, Encryption{Type: DSSEKMS, KMSKeyARN: testKey}, ""},
		{"dsse with bucket key", nil, EncryptionHeaders{Algorithm: "aws:kms:dsse", BucketKeyEnabled: ptr(true)}, Encryption{}, "InvalidArgument"},
		{"sse-c", nil, EncryptionHeaders{CustomerAlgorithm: "AES256", CustomerKeyMD5: "m"}, Encryption{Type: SSEC, CustomerKeyMD5: "m"}, ""},
		{"sse-c blocked", &BucketEncryption{Algorithm: "AES256", BlockedTypes: []string{"SSE-C"}}, EncryptionHeaders{CustomerAlgorithm: "AES256", CustomerKeyMD5: "m"}, Encryption{}, "AccessDenied"},
		{"sse-c and kms", nil, EncryptionHeaders{CustomerAlgorithm: "AES256", CustomerKeyMD5: "m", Algorithm: "aws:kms"}, Encryption{}, "InvalidArgument"},
		{"key without algorithm", nil, EncryptionHeaders{KMSKeyID: testKey}, Encryption{}, "InvalidArgument"},
		{"key with AES256", nil, EncryptionHeaders{Algorithm: "AES256", KMSKeyID: testKey}, Encryption{}, "InvalidArgument"},
		{"unknown algorithm", nil, EncryptionHeaders{Algorithm: "rot13"}, Encryption{}, "InvalidEncryptionAlgorithmError"},
		{"context", nil, EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: testKey, Context: base64.StdEncoding.EncodeToString([]byte(`{"a":"b"}`))}, Encryption{Type: SSEKMS, KMSKeyARN: testKey, Context: "eyJhIjoiYiJ9"}, ""},
		{"bad context", nil, EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: testKey, Context: "e30"}, Encryption{}, "InvalidArgument"},
		{"no such key", nil, kmsHeaders("arn:aws:kms:us-east-1:111122223333:key/none"), Encryption{}, "KMS.NotFoundException"},
		{"key of another Region", nil, kmsHeaders("arn:aws:kms:eu-west-1:111122223333:key/none"), Encryption{}, "KMS.NotFoundException"},
		{"no such default key", &BucketEncryption{Algorithm: "aws:kms", KMSKeyID: "none"}, EncryptionHeaders{}, Encryption{}, "KMS.NotFoundException"},
	}
	for _, tt := range tests {
		for _, copies := range []bool{false, true} {
			b := newBench(t, Config{})
			if err := b.PutAlias("alias/data", testKey); err != nil {
				t.Fatal(err)
			}
			b.put("bkt", "k", "x")
			if r := in("bkt"); tt.config != nil {
				b.must(b.PutBucketEncryption(b.tick(), &r, *tt.config))
			}
			var err *Error
			if copies {
				_, err = b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) {
					c.Encryption, c.MetadataDirective = tt.h, "REPLACE"
				}))
			} else {
				p := &PutObjectInput{Request: in("bkt"), Key: "k", Body: Bytes([]byte("x"))}
				p.Encryption = tt.h
				_, err = b.PutObject(b.tick(), p)
			}
			if tt.code != "" {
				if err == nil || err.Code != tt.code {
					t.Errorf("%s (copy %v): got %v, want %s", tt.name, copies, err, tt.code)
				}
				continue
			}
			if b.must(err); b.buckets["bkt"].current("k").enc != tt.want {
				t.Errorf("%s (copy %v): got %+v, want %+v", tt.name, copies, b.buckets["bkt"].current("k").enc, tt.want)
			}
		}
	}
}

// TestKeyStates: S3 API Reference, ErrorResponses; KMS Developer Guide, key-state.
func TestKeyStates(t *testing.T) {
	me := "arn:aws:iam::111122223333:role/r"
	tests := []struct {
		key     Key
		status  int
		code    string
		message string
	}{
		{Key{}, 0, "", ""},
		{Key{State: KeyDisabled}, 400, "KMS.DisabledException", testKey + " is disabled."},
		{Key{State: KeyPendingDeletion}, 400, "KMS.KMSInvalidStateException", testKey + " is pending deletion."},
		{Key{State: KeyPendingImport}, 400, "KMS.KMSInvalidStateException", testKey + " is pending import."},
		{Key{State: KeyUnavailable}, 400, "KMS.KMSInvalidStateException", testKey + " is unavailable."},
		{Key{Spec: "RSA_2048"}, 400, "KMS.InvalidKeyUsageException", ""},
		{Key{Usage: "SIGN_VERIFY"}, 400, "KMS.InvalidKeyUsageException", ""},
		{Key{DeniedTo: []string{me}}, 403, "AccessDenied", "User: " + me + " is not authorized to perform: kms:GenerateDataKey on resource: " + testKey + " because no resource-based policy allows the kms:GenerateDataKey action"},
		{Key{DeniedTo: []string{"arn:aws:iam::111122223333:role/other"}}, 0, "", ""},
	}
	for _, tt := range tests {
		b := newBench(t, Config{})
		tt.key.ARN = testKey
		if err := b.CreateKey(tt.key); err != nil {
			t.Fatal(err)
		}
		b.put("bkt", "k", "x")
		_, err := b.copy(selfCopy("bkt", "k"))
		b.want(err, tt.status, tt.code)
		if err != nil && tt.message != "" && err.Message != tt.message {
			t.Errorf("message %q, want %q", err.Message, tt.message)
		}
		if n := b.Rewrites("bkt", "k"); (n == 1) == (tt.code == "") {
			t.Errorf("%v: %d writes", tt.key, n)
		}
	}
}

// TestKMSNeedsTLSAndSigV4: S3 User Guide, UsingKMSEncryption.
func TestKMSNeedsTLSAndSigV4(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "plain", "x")
	b.put("bkt", "kms", "x", func(p *PutObjectInput) { p.Encryption = kmsHeaders(testKey) })
	for _, weaken := range []func(*Request){func(r *Request) { r.Plaintext = true }, func(r *Request) { r.Unsigned = true }} {
		for key, code := range map[string]string{"plain": "", "kms": "InvalidArgument"} {
			g := &GetObjectInput{Request: in("bkt"), Key: key}
			weaken(&g.Request)
			_, err := b.GetObject(b.tick(), g)
			b.want(err, 400, code)
		}
		c := selfCopy("bkt", "plain")
		weaken(&c.Request)
		_, err := b.copy(c)
		b.want(err, 400, "InvalidArgument")
	}
}

// TestCustomerKeys: S3 User Guide, ServerSideEncryptionCustomerKeys; API Reference, HeadObject.
func TestCustomerKeys(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "x", func(p *PutObjectInput) {
		p.Encryption = EncryptionHeaders{CustomerAlgorithm: "AES256", CustomerKeyMD5: "right"}
	})
	for md5, want := range map[string]string{"": "InvalidRequest", "wrong": "AccessDenied", "right": ""} {
		code := func(err *Error) string {
			if err == nil {
				return ""
			}
			return err.Code
		}
		g := &GetObjectInput{Request: in("bkt"), Key: "k", CustomerKeyMD5: md5}
		if _, err := b.GetObject(b.tick(), g); code(err) != want {
			t.Errorf("GET with key %q: %v", md5, err)
		}
		if _, err := b.HeadObject(b.tick(), g); code(err) != want {
			t.Errorf("HEAD with key %q: %v", md5, err)
		}
		if _, err := b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Key, c.Source.CustomerKeyMD5 = "to", md5 })); code(err) != want {
			t.Errorf("copy with key %q: %v", md5, err)
		}
	}
	_, err := b.HeadObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "to", Encryption: EncryptionHeaders{Algorithm: "aws:kms"}})
	b.want(err, 400, "InvalidArgument")
}

// TestKMSCalls: KMS Developer Guide, services-s3; S3 User Guide, UsingKMSEncryption and bucket-key.
func TestKMSCalls(t *testing.T) {
	count := func(name string, prepare, do func(*bench), generate, decrypt, cached int64) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{})
			b.put("bkt", "plain", "x")
			b.put("bkt", "kms", "x", func(p *PutObjectInput) { p.Encryption = kmsHeaders(otherKey) })
			b.put("bkt", "bk", "x", func(p *PutObjectInput) {
				p.Encryption = kmsHeaders(otherKey)
				p.Encryption.BucketKeyEnabled = ptr(true)
			})
			prepare(b)
			b.ResetCounters()
			do(b)
			c := b.Counters().KMS
			if c.Calls["GenerateDataKey"] != generate || c.Calls["Decrypt"] != decrypt || c.Cached != cached || c.Total != generate+decrypt {
				t.Errorf("got %v and %d cached, want %d GenerateDataKey, %d Decrypt, %d cached", c.Calls, c.Cached, generate, decrypt, cached)
			}
		})
	}
	nothing := func(*bench) {}
	bucketKey := func(c *CopyObjectInput) { c.Encryption.BucketKeyEnabled = ptr(true) }
	count("copy to KMS", nothing, func(b *bench) { b.mustCopy(selfCopy("bkt", "plain")) }, 1, 0, 0)
	count("copy KMS to KMS", nothing, func(b *bench) { b.mustCopy(selfCopy("bkt", "kms")) }, 1, 1, 0)
	count("copy KMS to SSE-S3", nothing, func(b *bench) {
		b.mustCopy(selfCopy("bkt", "kms", func(c *CopyObjectInput) { c.Encryption = EncryptionHeaders{Algorithm: "AES256"} }))
	}, 0, 1, 0)
	count("get", nothing, func(b *bench) {
		_, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "kms"})
		b.must(err)
	}, 0, 1, 0)
	count("head", nothing, func(b *bench) { b.head("bkt", "kms", "") }, 0, 0, 0)
	count("head for a checksum", nothing, func(b *bench) { b.headSum("bkt", "kms") }, 0, 1, 0)
	count("ten copies with a bucket key", nothing, func(b *bench) {
		for range 10 {
			b.mustCopy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key = "to" }))
		}
	}, 1, 0, 9)
	count("bucket keys end", nothing, func(b *bench) {
		for range 2 {
			b.mustCopy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key = "to" }))
			b.now = b.now.Add(5 * time.Minute)
		}
	}, 2, 0, 0)
	count("bucket keys are per requester", nothing, func(b *bench) {
		for _, arn := range []string{"a", "b", "a", "b"} {
			b.mustCopy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key, c.Principal.ARN = "to", arn }))
		}
	}, 2, 0, 2)
	count("bucket keys hide a disabled key", func(b *bench) {
		b.mustCopy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key = "to" }))
		if err := b.SetKeyState(testKey, KeyDisabled); err != nil {
			b.Fatal(err)
		}
	}, func(b *bench) {
		b.mustCopy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key = "to" }))
		b.now = b.now.Add(5 * time.Minute)
		_, err := b.copy(selfCopy("bkt", "plain", bucketKey, func(c *CopyObjectInput) { c.Key = "to" }))
		b.want(err, 400, "KMS.DisabledException")
	}, 0, 0, 1)
	count("refused conditions cost nothing", nothing, func(b *bench) {
		_, err := b.copy(selfCopy("bkt", "kms", func(c *CopyObjectInput) { c.Conditions.IfMatch = "x" }))
		b.want(err, 412, "PreconditionFailed")
	}, 0, 0, 0)
}

// TestIgnoredEncryption: servers were seen to answer 200 and leave the object as it was.
func TestIgnoredEncryption(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "x")
	b.SetKnobs(Knobs{IgnoreEncryptionHeaders: true})
	out := b.mustCopy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.StorageClass = Standard }))
	if out.Encryption.Type == SSEKMS || b.head("bkt", "k", "").Encryption.Type != SSES3 {
		t.Errorf("encryption was not ignored: %+v", out.Encryption)
	}
	b.SetKnobs(Knobs{SilentSSE: true})
	out = b.mustCopy(selfCopy("bkt", "k"))
	if out.Encryption != (Encryption{}) || b.head("bkt", "k", "").Encryption.Type != SSEKMS {
		t.Errorf("the answer is not silent, or nothing was encrypted: %+v", out.Encryption)
	}
}

// TestUpdateObjectEncryption: S3 API Reference, UpdateObjectEncryption; S3 User Guide, update-sse-encryption.
func TestUpdateObjectEncryption(t *testing.T) {
	type seeds = ObjectInfo
	kms := Encryption{Type: SSEKMS, KMSKeyARN: otherKey}
	tests := []struct {
		name   string
		seed   seeds
		change func(*UpdateObjectEncryptionInput)
		status int
		code   string
		calls  int64
	}{
		{"from SSE-S3", seeds{}, nil, 0, "", 1},
		{"from SSE-KMS", seeds{Encryption: kms}, nil, 0, "", 2},
		{"archived", seeds{StorageClass: DeepArchive}, nil, 0, "", 1},
		{"huge", seeds{Size: 40e12, ETag: "x-9000"}, nil, 0, "", 1},
		{"unencrypted", seeds{Encryption: Encryption{Type: NotSSE}}, nil, 400, "InvalidRequest", 0},
		{"DSSE", seeds{Encryption: Encryption{Type: DSSEKMS, KMSKeyARN: otherKey}}, nil, 400, "InvalidRequest", 0},
		{"SSE-C", seeds{Encryption: Encryption{Type: SSEC}}, nil, 400, "InvalidRequest", 0},
		{"to SSE-S3", seeds{}, func(u *UpdateObjectEncryptionInput) { u.Target = SSES3 }, 400, "InvalidRequest", 0},
		{"bare key id", seeds{}, func(u *UpdateObjectEncryptionInput) { u.KMSKeyARN = "0a1b2c3d-0000-4000-8000-000000000001" }, 400, "InvalidRequest", 0},
		{"alias", seeds{}, func(u *UpdateObjectEncryptionInput) { u.KMSKeyARN = "arn:aws:kms:us-east-1:111122223333:alias/x" }, 400, "InvalidRequest", 0},
		{"key of another account", seeds{}, func(u *UpdateObjectEncryptionInput) { u.KMSKeyARN = "arn:aws:kms:us-east-1:444455556666:key/x" }, 403, "AccessDenied", 0},
		{"no such key", seeds{}, func(u *UpdateObjectEncryptionInput) { u.KMSKeyARN = "arn:aws:kms:us-east-1:111122223333:key/none" }, 400, "KMS.NotFoundException", 0},
		{"retention", seeds{Lock: Lock{Mode: "GOVERNANCE", RetainUntil: t0.AddDate(1, 0, 0)}}, nil, 403, "AccessDenied", 0},
		{"legal hold", seeds{Lock: Lock{LegalHold: "ON"}}, nil, 403, "AccessDenied", 0},
		{"event hold", seeds{Lock: Lock{EventHold: "ON"}}, nil, 403, "AccessDenied", 0},
		{"retention that is over", seeds{Lock: Lock{Mode: "COMPLIANCE", RetainUntil: t0.AddDate(-1, 0, 0)}}, nil, 0, "", 1},
		{"no such key name", seeds{}, func(u *UpdateObjectEncryptionInput) { u.Key = "none" }, 404, "NoSuchKey", 0},
		{"no such version", seeds{}, func(u *UpdateObjectEncryptionInput) { u.VersionID = "none" }, 404, "NoSuchKey", 0},
		{"not SigV4", seeds{}, func(u *UpdateObjectEncryptionInput) { u.Unsigned = true }, 400, "InvalidRequest", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, Config{})
			b.bucket("ver", Enabled)
			o := tt.seed
			o.Key, o.LastModified, o.Tags, o.Metadata = "k", t0.AddDate(-1, 0, 0), []Tag{{"a", "b"}}, &Metadata{Expires: "never"}
			if o.Size == 0 {
				o.Size = 10
			}
			b.seed("ver", o)
			before := b.Digest("ver", func(o *ObjectInfo) { o.Encryption = Encryption{} })
			b.ResetCounters()
			u := &UpdateObjectEncryptionInput{Request: in("ver"), Key: "k", Target: SSEKMS, KMSKeyARN: testKey, BucketKeyEnabled: true}
			if tt.change != nil {
				tt.change(u)
			}
			_, err := b.UpdateObjectEncryption(b.tick(), u)
			b.want(err, tt.status, tt.code)
			if got := b.Counters().KMS.Total; got != tt.calls {
				t.Errorf("%d KMS calls, want %d", got, tt.calls)
			}
			if b.Digest("ver", func(o *ObjectInfo) { o.Encryption = Encryption{} }) != before {
				t.Error("more than the encryption changed")
			}
			want := Encryption{Type: SSEKMS, KMSKeyARN: testKey, BucketKeyEnabled: true}
			if got := b.buckets["ver"].current("k").enc; (got == want) != (tt.code == "") {
				t.Errorf("encryption afterwards: %+v", got)
			}
		})
	}
}

// TestUpdateOldVersion: the named version is changed, without a new one; a delete marker is no object.
func TestUpdateOldVersion(t *testing.T) {
	b := newBench(t, Config{})
	r := in("bkt")
	b.must(b.PutBucketVersioning(b.tick(), &r, Enabled))
	one, two := b.put("bkt", "k", "one"), b.put("bkt", "k", "two")
	u := &UpdateObjectEncryptionInput{Request: r, Key: "k", VersionID: one.VersionID, Target: SSEKMS, KMSKeyARN: testKey}
	_, err := b.UpdateObjectEncryption(b.tick(), u)
	b.must(err)
	b.checkVersions("k", two.VersionID, one.VersionID)
	if e := b.head("bkt", "k", one.VersionID).Encryption; e.Type != SSEKMS || e.BucketKeyEnabled {
		t.Errorf("old version: %+v, want SSE-KMS without a bucket key", e)
	}
	if e := b.head("bkt", "k", "").Encryption; e.Type != SSES3 {
		t.Errorf("current version: %+v, want it untouched", e)
	}
	b.del("bkt", "k", "")
	u.VersionID = ""
	_, err = b.UpdateObjectEncryption(b.tick(), u)
	b.want(err, 404, "NoSuchKey")
}

// TestForeignUpdate: servers that do not know the call were seen to take it for a PutObject.
func TestForeignUpdate(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "precious", func(p *PutObjectInput) { p.Tags = manyTags(1) })
	u := &UpdateObjectEncryptionInput{Request: in("bkt"), Key: "k", Target: SSEKMS, KMSKeyARN: testKey, RawBody: []byte("<xml/>")}
	b.SetKnobs(Knobs{Update: UpdateNotImplemented})
	_, err := b.UpdateObjectEncryption(b.tick(), u)
	b.want(err, 501, "NotImplemented")
	b.SetKnobs(Knobs{Update: UpdateAsPut})
	_, err = b.UpdateObjectEncryption(b.tick(), u)
	b.must(err)
	out, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k"})
	if b.must(err); string(out.Body.Data()) != "<xml/>" || len(out.Tags) != 0 {
		t.Errorf("content %q, tags %v, want the request and none", out.Body.Data(), out.Tags)
	}
}

// TestKMSAPI: KMS API Reference, DescribeKey and GenerateDataKey; AWS General Reference, kms.
func TestKMSAPI(t *testing.T) {
	b := newBench(t, Config{KMSRequestsPerSecond: 3})
	p := in("bkt").Principal
	if err := b.PutAlias("alias/data", testKey); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{testKey, testKey[len(testKey)-36:], "alias/data", "arn:aws:kms:us-east-1:111122223333:alias/data"} {
		if k, err := b.DescribeKey(b.tick(), p, id); err != nil || k.ARN != testKey || k.State != KeyEnabled || k.Manager != "CUSTOMER" {
			t.Errorf("describe %s: %+v %v", id, k, err)
		}
	}
	_, err := b.DescribeKey(b.tick(), p, "alias/none")
	b.want(err, 400, "NotFoundException")
	if got, err := b.ListAliases(b.tick(), p, testKey); err != nil || len(got) != 1 || got["alias/data"] != testKey {
		t.Errorf("aliases %v %v", got, err)
	}
	b.tick()
	for range 3 {
		_, err = b.UseKey(b.now, &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: testKey, DryRun: true})
		b.want(err, 412, "DryRunOperationException")
	}
	_, err = b.UseKey(b.now, &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: testKey, DryRun: true})
	b.want(err, 400, "ThrottlingException")
	if err := b.SetKeyState(testKey, KeyDisabled); err != nil {
		t.Fatal(err)
	}
	_, err = b.UseKey(b.tick(), &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: testKey, DryRun: true})
	b.want(err, 400, "DisabledException")
	if k, err := b.DescribeKey(b.tick(), p, testKey); err != nil || k.State != KeyDisabled {
		t.Errorf("describe a disabled key: %+v %v", k, err)
	}
}

func TestServiceQuotas(t *testing.T) {
	tests := []struct {
		c          Config
		awsDefault bool
		want       float64
		code       string
	}{
		{Config{}, false, 100_000, ""},
		{Config{Region: "eu-central-1"}, false, 20_000, ""},
		{Config{Region: "sa-east-1"}, true, 10_000, ""},
		{Config{KMSRequestsPerSecond: 500}, false, 500, ""},
		{Config{KMSRequestsPerSecond: 500}, true, 100_000, ""},
		{Config{ServiceQuotaApplied: 7}, false, 7, ""},
		{Config{ServiceQuotaApplied: -1}, false, 0, "NoSuchResourceException"},
		{Config{ServiceQuotaApplied: -1}, true, 100_000, ""},
	}
	for _, tt := range tests {
		q, err := New(tt.c).GetServiceQuota(t0, Principal{}, "kms", "L-6E3AF000", tt.awsDefault)
		if code := ""; err != nil && err.Code != tt.code || err == nil && code != tt.code || q.Value != tt.want {
			t.Errorf("%+v default %v: got %v %v, want %v %s", tt.c, tt.awsDefault, q.Value, err, tt.want, tt.code)
		}
	}
	if _, err := New(Config{}).GetServiceQuota(t0, Principal{}, "kms", "L-0", false); err == nil {
		t.Error("an unknown quota has a value")
	}
}
