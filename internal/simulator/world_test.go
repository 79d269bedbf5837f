package simulator

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	testKey  = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000001"
	otherKey = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000002"
	owner    = "111122223333"
	stranger = "444455556666"
)

var t0 = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// bench is a world with the bucket bkt, two keys, and short ways to call it. Each call is a second after the one before.
type bench struct {
	testing.TB
	*World
	now time.Time
}

func newBench(t testing.TB, c Config) *bench {
	t.Helper()
	b := &bench{TB: t, World: New(c), now: t0}
	b.bucket("bkt", "")
	for _, arn := range []string{testKey, otherKey} {
		if err := b.CreateKey(Key{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *bench) tick() time.Time {
	b.now = b.now.Add(time.Second)
	return b.now
}

func (b *bench) bucket(name, versioning string) {
	b.Helper()
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in(name)}))
	if versioning != "" {
		r := in(name)
		b.must(b.PutBucketVersioning(b.tick(), &r, versioning))
	}
}

// unblock takes Block Public Access off a bucket.
func (b *bench) unblock(name string) {
	b.Helper()
	r := in(name)
	b.must(b.DeletePublicAccessBlock(b.tick(), &r))
}

func (b *bench) must(err *Error) {
	b.Helper()
	if err != nil {
		b.Fatalf("unexpected error: %v", err)
	}
}

// want checks an error's status and code; code "" means no error.
func (b *bench) want(err *Error, status int, code string) {
	b.Helper()
	switch {
	case err == nil && code == "":
	case err == nil:
		b.Errorf("no error, want %d %s", status, code)
	case err.HTTPStatus != status || err.Code != code:
		b.Errorf("got %d %s (%s), want %d %s", err.HTTPStatus, err.Code, err.Message, status, code)
	}
}

func in(bucket string) Request {
	return Request{Bucket: bucket, Principal: Principal{ARN: "arn:aws:iam::111122223333:role/r"}}
}

func kmsHeaders(arn string) EncryptionHeaders {
	return EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: arn}
}

func ptr[T any](v T) *T { return &v }

func (b *bench) put(bucket, key, data string, set ...func(*PutObjectInput)) *WriteOutput {
	b.Helper()
	p := &PutObjectInput{Request: in(bucket), Key: key, Body: Bytes([]byte(data))}
	for _, f := range set {
		f(p)
	}
	out, err := b.PutObject(b.tick(), p)
	b.must(err)
	return out
}

// selfCopy is the copy in place under testKey that most tests are about.
func selfCopy(bucket, key string, set ...func(*CopyObjectInput)) *CopyObjectInput {
	c := &CopyObjectInput{Request: in(bucket), Key: key, Source: CopySource{Bucket: bucket, Key: key}}
	c.Encryption = kmsHeaders(testKey)
	for _, f := range set {
		f(c)
	}
	return c
}

func (b *bench) copy(c *CopyObjectInput) (*CopyObjectOutput, *Error) {
	p, err := b.BeginCopy(b.tick(), c)
	if err != nil {
		return nil, err
	}
	return p.Commit(b.tick())
}

func (b *bench) mustCopy(c *CopyObjectInput) *CopyObjectOutput {
	b.Helper()
	out, err := b.copy(c)
	b.must(err)
	return out
}

func (b *bench) head(bucket, key, version string) *GetObjectOutput {
	b.Helper()
	out, err := b.HeadObject(b.tick(), &GetObjectInput{Request: in(bucket), Key: key, VersionID: version})
	b.must(err)
	return out
}

func (b *bench) seed(bucket string, o ObjectInfo) {
	b.Helper()
	if err := b.SeedObject(bucket, o, Body{}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCopy(b *testing.B) {
	w := newBench(b, Config{KMSRequestsPerSecond: 100000, S3WritesPerSecond: 1e9, S3ReadsPerSecond: 1e9})
	const n = 100_000
	if err := w.Populate("bkt", Population{N: n, Seed: 1, MaxSize: 1 << 30}); err != nil {
		b.Fatal(err)
	}
	p := w.buckets["bkt"].objects.pops[0]
	inputs := make([]*CopyObjectInput, n)
	for i := range inputs {
		v := p.versions(int64(i))[0]
		inputs[i] = selfCopy("bkt", p.key(int64(i)), func(c *CopyObjectInput) {
			c.StorageClass = v.class
			c.Source.Conditions.IfMatch, c.Conditions.IfMatch = `"`+v.etag+`"`, `"`+v.etag+`"`
		})
	}
	now := w.now
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		now = now.Add(100 * time.Microsecond)
		c := inputs[i%n]
		if i >= n {
			c.Source.Conditions.IfMatch, c.Conditions.IfMatch = "*", "*"
		}
		p, err := w.BeginCopy(now, c)
		if err != nil {
			b.Fatal(i, err)
		}
		if _, err := p.Commit(now); err != nil {
			b.Fatal(i, err)
		}
	}
}

// The observer is told of every call with what it is counted by, and of the KMS
// requests that were made for it.
func TestObserve(t *testing.T) {
	w := newBench(t, Config{})
	var seen []Observed
	w.Observe(func(o Observed) { seen = append(seen, o) })
	put := &PutObjectInput{Request: Request{Bucket: "bkt", Agent: "me/1"}, Key: "a", Body: Bytes([]byte("x"))}
	put.Encryption = EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: testKey}
	if _, err := w.PutObject(w.tick(), put); err != nil {
		t.Fatal(err)
	}
	if _, err := w.HeadObject(w.tick(), &GetObjectInput{Request: in("bkt"), Key: "b"}); err == nil {
		t.Fatal("an object that is not there was found")
	}
	p, err := w.BeginCopy(w.tick(), selfCopy("bkt", "a", func(c *CopyObjectInput) { c.Encryption = put.Encryption }))
	if err != nil {
		t.Fatal(err)
	}
	p.Cancel()
	want := []Observed{
		{CallKey{OpPutObject, 200, ""}, "bkt", "a", "me/1", 1},
		{CallKey{OpHeadObject, 404, "NoSuchKey"}, "bkt", "b", "", 0},
		{CallKey{OpCopyObject, 0, "ClientClosedRequest"}, "bkt", "a", "", 2}, // read under the key, and written
	}
	if !slices.Equal(seen, want) {
		t.Errorf("observed %+v, want %+v", seen, want)
	}
	w.Observe(nil)
	_, _ = w.HeadObject(w.tick(), &GetObjectInput{Request: in("bkt"), Key: "a"})
	if len(seen) != len(want) {
		t.Errorf("still observed: %+v", seen[len(want):])
	}
}

func ExampleWorld() {
	w := New(Config{})
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	if err := w.CreateBucket(now, &CreateBucketInput{Request: Request{Bucket: "photos"}}); err != nil {
		panic(err)
	}
	out, err := w.PutObject(now, &PutObjectInput{Request: Request{Bucket: "photos"}, Key: "cat.jpg", Body: Bytes([]byte("meow"))})
	if err != nil {
		panic(err)
	}
	fmt.Println(out.ETag, out.Encryption.Algorithm())
	// Output: 4a4be40c96ac6314e91d93f38043a634 AES256
}
