package simulator

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func (b *bench) create(bucket, key string, set ...func(*CreateMultipartUploadInput)) UploadInput {
	b.Helper()
	c := &CreateMultipartUploadInput{Request: in(bucket), Key: key}
	for _, f := range set {
		f(c)
	}
	out, err := b.CreateMultipartUpload(b.tick(), c)
	b.must(err)
	return UploadInput{Request: in(bucket), Key: key, UploadID: out.UploadID}
}

func (b *bench) part(u UploadInput, n int, body Body) CompletedPart {
	b.Helper()
	out, err := b.UploadPart(b.tick(), &UploadPartInput{UploadInput: u, PartNumber: n, Body: body})
	b.must(err)
	return CompletedPart{PartNumber: n, ETag: `"` + out.ETag + `"`, Checksum: out.Checksum}
}

func (b *bench) partCopy(u UploadInput, n int, source CopySource, rng string) (*PartOutput, *Error) {
	p, err := b.BeginPartCopy(b.tick(), &UploadPartCopyInput{UploadInput: u, PartNumber: n, Source: source, Range: rng})
	if err != nil {
		return nil, err
	}
	return p.Commit(b.tick())
}

func (b *bench) complete(u UploadInput, parts []CompletedPart, set ...func(*CompleteMultipartUploadInput)) (*WriteOutput, *Error) {
	c := &CompleteMultipartUploadInput{UploadInput: u, Parts: parts, ObjectSize: -1}
	for _, f := range set {
		f(c)
	}
	return b.CompleteMultipartUpload(b.tick(), c)
}

// TestMultipartComplete: S3 API Reference, CompleteMultipartUpload; S3 User Guide, qfacts.
func TestMultipartComplete(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name  string
		sizes []int64
		parts func([]CompletedPart) []CompletedPart
		set   func(*CompleteMultipartUploadInput)
		code  string
	}{
		{"good", []int64{5 * mib, 5 * mib, 1}, nil, nil, ""},
		{"one small part", []int64{1}, nil, nil, ""},
		{"a small part in the middle", []int64{5 * mib, 5*mib - 1, 1}, nil, nil, "EntityTooSmall"},
		{"no parts", []int64{1}, func([]CompletedPart) []CompletedPart { return nil }, nil, "MalformedXML"},
		{"parts left out", []int64{5 * mib, 5 * mib, 5 * mib}, func(p []CompletedPart) []CompletedPart { return p[1:2] }, nil, ""},
		{"wrong order", []int64{5 * mib, 5 * mib}, func(p []CompletedPart) []CompletedPart { return []CompletedPart{p[1], p[0]} }, nil, "InvalidPartOrder"},
		{"wrong ETag", []int64{1}, func(p []CompletedPart) []CompletedPart { return []CompletedPart{{PartNumber: 1, ETag: "x"}} }, nil, "InvalidPart"},
		{"unknown part", []int64{1}, func(p []CompletedPart) []CompletedPart { return []CompletedPart{{PartNumber: 2, ETag: p[0].ETag}} }, nil, "InvalidPart"},
		{"right size", []int64{5 * mib, 7}, nil, func(c *CompleteMultipartUploadInput) { c.ObjectSize = 5*mib + 7 }, ""},
		{"wrong size", []int64{5 * mib, 7}, nil, func(c *CompleteMultipartUploadInput) { c.ObjectSize = 5 * mib }, "InvalidRequest"},
		{"condition", []int64{1}, nil, func(c *CompleteMultipartUploadInput) { c.Conditions.IfMatch = "x" }, "NoSuchKey"},
		{"condition that holds", []int64{1}, nil, func(c *CompleteMultipartUploadInput) { c.Conditions.IfNoneMatch = "*" }, ""},
		{"other key", []int64{1}, nil, func(c *CompleteMultipartUploadInput) { c.Key = "other" }, "NoSuchUpload"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, Config{})
			u := b.create("bkt", "k")
			var parts []CompletedPart
			for i, n := range tt.sizes {
				parts = append(parts, b.part(u, i+1, Synthetic(n, uint64(i))))
			}
			if tt.parts != nil {
				parts = tt.parts(parts)
			}
			set := func(c *CompleteMultipartUploadInput) {}
			if tt.set != nil {
				set = tt.set
			}
			out, err := b.complete(u, parts, set)
			code := ""
			if err != nil {
				code = err.Code
			}
			if code != tt.code {
				t.Fatalf("got %v, want %q", err, tt.code)
			}
			if err != nil {
				return
			}
			if got := b.head("bkt", "k", ""); got.PartsCount != len(parts) || !strings.HasSuffix(out.ETag, "-"+string(rune('0'+len(parts)))) || got.Size != out.Size {
				t.Errorf("%d parts, %d bytes, ETag %s", got.PartsCount, got.Size, out.ETag)
			}
			_, err = b.complete(u, parts)
			b.want(err, 404, "NoSuchUpload")
		})
	}
}

// TestMultipartETag: MD5 of the parts' MD5s. The value was computed with Python's hashlib.
func TestMultipartETag(t *testing.T) {
	b := newBench(t, Config{})
	u := b.create("bkt", "k")
	parts := []CompletedPart{b.part(u, 1, Bytes(bytes.Repeat([]byte("a"), 5<<20))), b.part(u, 2, Bytes([]byte("b")))}
	out, err := b.complete(u, parts)
	if b.must(err); out.ETag != "e5a8c5272b26fc10581a21089559b006-2" {
		t.Errorf("ETag %s", out.ETag)
	}
	got, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", PartNumber: 2})
	if b.must(err); got.Offset != 5<<20 || got.Length != 1 || got.Body.Data()[got.Offset] != 'b' {
		t.Errorf("part 2 is %d+%d", got.Offset, got.Length)
	}
}

// TestMultipartCopy: a copy in parts takes nothing along; what Create said counts. S3 API Reference, UploadPartCopy and
// CreateMultipartUpload.
func TestMultipartCopy(t *testing.T) {
	b := newBench(t, Config{})
	const size = 12<<30 + 5
	b.seed("bkt", ObjectInfo{Key: "big", Size: size, ETag: "src-1000", Tags: manyTags(2), Metadata: &Metadata{ContentType: "a/b"}, StorageClass: StandardIA})
	before := b.buckets["bkt"].current("big").body
	src := CopySource{Bucket: "bkt", Key: "big", Conditions: ReadConditions{IfMatch: "src-1000"}}
	u := b.create("bkt", "big", func(c *CreateMultipartUploadInput) {
		c.Encryption, c.Tags = kmsHeaders(testKey), manyTags(1)
		c.Checksum = Checksum{Algorithm: "CRC64NVME"}
	})
	var parts []CompletedPart
	for i, rng := range []string{"bytes=0-5368709119", "bytes=5368709120-10737418239", "bytes=10737418240-12884901892"} {
		out, err := b.partCopy(u, i+1, src, rng)
		b.must(err)
		parts = append(parts, CompletedPart{PartNumber: i + 1, ETag: out.ETag})
	}
	if _, err := b.partCopy(u, 4, src, ""); err == nil || err.Code != "InvalidRequest" {
		t.Errorf("a part of 12 GiB: %v", err)
	}
	out, err := b.complete(u, parts, func(c *CompleteMultipartUploadInput) { c.Conditions.IfMatch, c.ObjectSize = `"src-1000"`, size })
	b.must(err)
	got := b.head("bkt", "big", "")
	after := b.buckets["bkt"].current("big").body
	if got.Size != size || !after.equal(&before) {
		t.Errorf("%d bytes, same content %v", got.Size, after.equal(&before))
	}
	if got.Encryption.KMSKeyARN != testKey || len(got.Tags) != 1 || got.Metadata.ContentType != "" || got.StorageClass != Standard || got.ETag != out.ETag {
		t.Errorf("came out as %+v", got.ObjectInfo)
	}
	if n := b.Counters().KMS.Total; n != 5 {
		t.Errorf("%d KMS calls, want one for create, each part and complete", n)
	}
	if b.Rewrites("bkt", "big") != 1 {
		t.Errorf("%d rewrites", b.Rewrites("bkt", "big"))
	}
}

func TestPartCopyRange(t *testing.T) {
	b := newBench(t, Config{})
	b.seed("bkt", ObjectInfo{Key: "small", Size: 5 << 20})
	b.seed("bkt", ObjectInfo{Key: "large", Size: 5<<20 + 1})
	u := b.create("bkt", "k")
	for _, tt := range []struct{ key, rng, code string }{
		{"large", "bytes=0-0", ""}, {"large", "bytes=1-5242880", ""}, {"large", "bytes=1-5242881", "InvalidArgument"}, {"large", "bytes=1-", "InvalidArgument"},
		{"large", "bytes=-1", "InvalidArgument"}, {"large", "0-1", "InvalidArgument"}, {"large", "bytes=2-1", "InvalidArgument"},
		{"small", "bytes=0-1", "InvalidRequest"}, {"small", "", ""}, {"none", "", "NoSuchKey"},
	} {
		_, err := b.partCopy(u, 1, CopySource{Bucket: "bkt", Key: tt.key}, tt.rng)
		if err == nil && tt.code != "" || err != nil && err.Code != tt.code {
			t.Errorf("%s %s: got %v, want %q", tt.key, tt.rng, err, tt.code)
		}
	}
	_, err := b.partCopy(u, 10001, CopySource{Bucket: "bkt", Key: "small"}, "")
	b.want(err, 400, "InvalidArgument")
	_, err = b.UploadPart(b.tick(), &UploadPartInput{UploadInput: u, PartNumber: 0})
	b.want(err, 400, "InvalidArgument")
	_, err = b.partCopy(u, 1, CopySource{Bucket: "bkt", Key: "large", Conditions: ReadConditions{IfMatch: "x"}}, "")
	b.want(err, 412, "PreconditionFailed")

	p, err := b.BeginPartCopy(b.tick(), &UploadPartCopyInput{UploadInput: u, PartNumber: 1, Source: CopySource{Bucket: "bkt", Key: "small"}})
	b.must(err)
	b.must(b.AbortMultipartUpload(b.tick(), &u))
	_, err = p.Commit(b.tick())
	b.want(err, 404, "NoSuchUpload")
	b.want(b.AbortMultipartUpload(b.tick(), &u), 404, "NoSuchUpload")
}

// TestMultipartCurrentVersion: S3 User Guide, mpuoverview: the beginning of the upload decides.
func TestMultipartCurrentVersion(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	for _, bucket := range []string{"ver", "bkt"} {
		b.put(bucket, "k", "first")
		u := b.create(bucket, "k")
		began := b.now
		parts := []CompletedPart{b.part(u, 1, Bytes([]byte("upload")))}
		b.put(bucket, "k", "between")
		out, err := b.complete(u, parts)
		b.must(err)
		if !out.LastModified.Equal(began) {
			t.Errorf("LastModified %s, want that of the beginning, %s", out.LastModified, began)
		}
		got, err := b.GetObject(b.tick(), &GetObjectInput{Request: in(bucket), Key: "k"})
		b.must(err)
		if want := map[string]string{"ver": "between", "bkt": "upload"}[bucket]; string(got.Body.Data()) != want {
			t.Errorf("current content in %s is %q, want %q", bucket, got.Body.Data(), want)
		}
	}
	// With If-Match, the put between is safe in the unversioned bucket, too.
	etag := b.put("bkt", "k", "first").ETag
	u := b.create("bkt", "k")
	parts := []CompletedPart{b.part(u, 1, Bytes([]byte("upload")))}
	b.put("bkt", "k", "between")
	_, err := b.complete(u, parts, func(c *CompleteMultipartUploadInput) { c.Conditions.IfMatch = etag })
	b.want(err, 412, "PreconditionFailed")
	u = b.create("ver", "k")
	parts = []CompletedPart{b.part(u, 1, Bytes([]byte("upload")))}
	b.del("ver", "k", "")
	_, err = b.complete(u, parts, func(c *CompleteMultipartUploadInput) { c.Conditions.IfMatch = etag })
	b.want(err, 409, "ConditionalRequestConflict")
}

// TestMultipartLists: S3 API Reference, ListParts and ListMultipartUploads.
func TestMultipartLists(t *testing.T) {
	b := newBench(t, Config{})
	u := b.create("bkt", "a/k", func(c *CreateMultipartUploadInput) { c.StorageClass = GlacierIR })
	for _, n := range []int{7, 1, 3} {
		b.part(u, n, Bytes([]byte("x")))
	}
	b.part(u, 3, Bytes([]byte("again")))
	var got []int
	for marker := 0; ; {
		out, err := b.ListParts(b.tick(), &ListPartsInput{UploadInput: u, Marker: marker, Max: 2})
		b.must(err)
		for _, p := range out.Parts {
			got = append(got, p.Number, int(p.Size))
		}
		if marker = out.NextMarker; !out.Truncated {
			break
		}
	}
	if len(got) != 6 || got[0] != 1 || got[2] != 3 || got[3] != 5 || got[4] != 7 {
		t.Errorf("parts and sizes %v", got)
	}
	second := b.create("bkt", "a/k")
	b.create("bkt", "b")
	b.create("bkt", "c/1")
	b.create("bkt", "c/2")
	for _, page := range []int{1, 2, 1000} {
		var got []string
		in := &ListMultipartUploadsInput{Request: in("bkt"), Max: page}
		for range 20 {
			out, err := b.ListMultipartUploads(b.tick(), in)
			b.must(err)
			for _, u := range out.Uploads {
				got = append(got, u.Key)
			}
			if in.KeyMarker, in.UploadIDMarker = out.NextKeyMarker, out.NextUploadIDMarker; !out.Truncated {
				break
			}
		}
		if s := strings.Join(got, " "); s != "a/k a/k b c/1 c/2" {
			t.Errorf("pages of %d: %s", page, s)
		}
	}
	out, err := b.ListMultipartUploads(b.tick(), &ListMultipartUploadsInput{Request: in("bkt"), Delimiter: "/"})
	if b.must(err); len(out.Uploads) != 1 || strings.Join(out.CommonPrefixes, " ") != "a/ c/" {
		t.Errorf("with a delimiter: %v %v", out.Uploads, out.CommonPrefixes)
	}
	b.must(b.AbortMultipartUpload(b.tick(), &second))
}

// TestMultipartChecksums: S3 User Guide, checking-object-integrity; a copy makes a composite one whole.
func TestMultipartChecksums(t *testing.T) {
	for _, tt := range []struct {
		sum  Checksum
		want string
		end  string
	}{
		{Checksum{}, "CRC64NVME FULL_OBJECT", "="},
		{Checksum{Algorithm: "CRC32"}, "CRC32 COMPOSITE", "-2"},
		{Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT"}, "CRC32 FULL_OBJECT", "="},
		{Checksum{Algorithm: "SHA256"}, "SHA256 COMPOSITE", "-2"},
	} {
		b := newBench(t, Config{})
		u := b.create("bkt", "k", func(c *CreateMultipartUploadInput) { c.Checksum = tt.sum })
		parts := []CompletedPart{b.part(u, 1, Bytes(make([]byte, 5<<20))), b.part(u, 2, Bytes([]byte("x")))}
		_, err := b.complete(u, parts)
		b.must(err)
		got := b.headSum("bkt", "k")
		if got.Algorithm+" "+got.Type != tt.want || !strings.HasSuffix(got.Value, tt.end) {
			t.Errorf("%+v: got %+v", tt.sum, got)
		}
		b.mustCopy(selfCopy("bkt", "k"))
		if after := b.headSum("bkt", "k"); after.Algorithm != got.Algorithm || after.Type != "FULL_OBJECT" || strings.Contains(after.Value, "-") || after.Value == "" {
			t.Errorf("%+v after a copy", after)
		}
	}
	_, err := newBench(t, Config{}).CreateMultipartUpload(t0.Add(time.Hour), &CreateMultipartUploadInput{Request: in("bkt"), Key: "k",
		WriteAttributes: WriteAttributes{Checksum: Checksum{Algorithm: "CRC64NVME", Type: "COMPOSITE"}}})
	if err == nil || err.Code != "InvalidRequest" {
		t.Errorf("composite CRC64NVME: %v", err)
	}
}

// TestBody: slices and joins of bodies read like slices and joins of their bytes.
func TestBody(t *testing.T) {
	read := func(b Body) []byte {
		data, err := io.ReadAll(b.Reader(0, b.Size()))
		if err != nil || int64(len(data)) != b.Size() {
			t.Fatalf("read %d of %d: %v", len(data), b.Size(), err)
		}
		return data
	}
	whole := Synthetic(1000, 42)
	data := read(whole)
	for off := int64(-3); off < 1010; off += 37 {
		for _, n := range []int64{-1, 0, 1, 7, 8, 9, 500, 2000} {
			lo := min(max(off, 0), 1000)
			hi := min(lo+max(n, 0), 1000)
			cut := whole.Slice(off, n)
			if !bytes.Equal(read(cut), data[lo:hi]) {
				t.Fatalf("slice %d+%d differs", off, n)
			}
			joined := Join([]Body{whole.Slice(0, lo), Bytes([]byte("--")), cut}, 0)
			if want := string(data[:lo]) + "--" + string(data[lo:hi]); string(read(joined)) != want {
				t.Fatalf("join at %d+%d differs", off, n)
			}
			if mid := joined.Slice(1, joined.Size()-2); !bytes.Equal(read(mid), read(joined)[1:joined.Size()-1]) {
				t.Fatalf("slice of a join at %d+%d differs", off, n)
			}
		}
	}
	if again := Join([]Body{whole.Slice(0, 10), whole.Slice(10, 300), whole.Slice(310, 690)}, 0); !again.equal(&whole) {
		t.Error("the parts of a body do not join to the body")
	}
	if other := Join([]Body{whole.Slice(0, 10), Synthetic(1000, 43).Slice(10, 990)}, 0); other.equal(&whole) || bytes.Equal(read(other), data) {
		t.Error("pieces of different seeds join as if they were of one")
	}
	if small := Join([]Body{Bytes([]byte("a")), Bytes([]byte("b"))}, 10); string(small.Data()) != "ab" {
		t.Errorf("small bodies join to %q", small.Data())
	}
	a, b, c := Synthetic(1<<30, 1), Synthetic(1<<30, 2), Synthetic(1<<30, 1)
	if a.contentMD5() == b.contentMD5() || a.contentMD5() != c.contentMD5() {
		t.Error("the made-up MD5 does not depend on the content alone")
	}
	d, e := Synthetic(100, 1), Bytes(read(Synthetic(100, 1)))
	if d.contentMD5() != e.contentMD5() || d.checksum("CRC32", &checksums{}) != e.checksum("CRC32", &checksums{}) {
		t.Error("generated and real bytes have different hashes")
	}
}

// TestChecksumValues: check values of the catalogue of CRC algorithms for "123456789", in base64.
func TestChecksumValues(t *testing.T) {
	b := Bytes([]byte("123456789"))
	for algorithm, want := range map[string]string{"CRC64NVME": "rosUhgp5mIg=", "CRC32": "y/Q5Jg==", "CRC32C": "4waSgw==",
		"SHA1": "98O8HYCOBHMq32eZZczDTKeuNEE=", "XXHASH3": ""} {
		if got := b.checksum(algorithm, &checksums{}); got != want {
			t.Errorf("%s: %s, want %s", algorithm, got, want)
		}
	}
}
