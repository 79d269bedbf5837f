package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPopulationKeys: keys sort like their indexes, and each is found again.
func TestPopulationKeys(t *testing.T) {
	for _, n := range []int64{1, 15, 1000, 9_999_999} {
		for _, plain := range []bool{false, true} {
			b := newBench(t, Config{})
			if err := b.Populate("bkt", Population{N: n, Seed: 7, Prefix: "pre/", Plain: plain}); err != nil {
				t.Fatal(err)
			}
			p := b.buckets["bkt"].objects.pops[0]
			last := ""
			step := max(1, n/5000)
			for i := int64(0); i < n; i += step {
				key := p.key(i)
				if key <= last || len(key) > maxKeyLength {
					t.Fatalf("key %d %q follows %q", i, key, last)
				}
				if at, ok := p.find(key); !ok || at != i {
					t.Fatalf("key %q of %d is found at %d %v", key, i, at, ok)
				}
				if at := p.search(key); at != i {
					t.Fatalf("search(%q) = %d, want %d", key, at, i)
				}
				last = key
			}
			for _, key := range []string{"", "pre/", p.key(0) + "x", strings.TrimPrefix(p.key(0), "pre/"), "pre/a/99999999999999999999"} {
				if _, ok := p.find(key); ok {
					t.Errorf("key %q is found", key)
				}
			}
		}
	}
}

// TestPopulationIsMixed: the generated objects have what copies can lose.
func TestPopulationIsMixed(t *testing.T) {
	b := newBench(t, Config{})
	p := Population{N: 20_000, Seed: 3, Big: true, Archived: true, KMSKeyARN: otherKey, EncryptedShare: 0.25}
	if err := b.Populate("bkt", p); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for o, body := range b.Walk("bkt") {
		seen["all"]++
		seen["class "+string(o.StorageClass)]++
		seen["type "+string(o.Encryption.Type)]++
		seen["sum "+o.Checksum.Algorithm]++
		for name, has := range map[string]bool{"tags": len(o.Tags) > 0, "user": len(o.Metadata.User) > 0, "expires": o.Metadata.Expires != "",
			"never": o.Metadata.Expires == "never", "redirect": o.WebsiteRedirect != "", "big": o.Size > 5<<30, "empty": o.Size == 0,
			"space": strings.Contains(o.Key, " "), "plus": strings.Contains(o.Key, "+"), "percent": strings.Contains(o.Key, "%"),
			"slash end": strings.HasSuffix(o.Key, "/"), "newline": strings.Contains(o.Key, "\n"), "long": len(o.Key) > 900} {
			if has {
				seen[name]++
			}
		}
		if body.Size() != o.Size || o.Size > 5<<30 && !strings.Contains(o.ETag, "-") {
			t.Fatalf("%q has %d bytes, its content %d; ETag %s", o.Key, o.Size, body.Size(), o.ETag)
		}
		// What looks like an MD5 is one, wherever S3 says so (S3 API Reference, Object, read 2026-11-21).
		if plain := o.Encryption.Type != SSEKMS && len(o.ETag) == 32; plain != (o.Encryption.Type != SSEKMS && o.PartsCount == 0) {
			t.Fatalf("%q, %d bytes: ETag %s and %d parts", o.Key, o.Size, o.ETag, o.PartsCount)
		} else if plain {
			sum := md5.New()
			_, _ = io.Copy(sum, body.Reader(0, body.Size()))
			if got := hex.EncodeToString(sum.Sum(nil)); got != o.ETag {
				t.Fatalf("%q, %d bytes: ETag %s, and its content has MD5 %s", o.Key, o.Size, o.ETag, got)
			}
			seen["hashed"]++
		}
	}
	for name, want := range map[string]int{"all": 20_000, "class GLACIER": 150, "class STANDARD": 17_200, "class GLACIER_IR": 600,
		"type SSE-KMS": 5000, "sum CRC32": 2500, "tags": 5000, "user": 5000, "expires": 1250, "never": 156, "redirect": 156, "big": 78, "empty": 1600, "hashed": 8000,
		"space": 2000, "plus": 2000, "percent": 2000, "slash end": 200, "newline": 100, "long": 100} {
		if got := seen[name]; got < want/2 || got > want*2 {
			t.Errorf("%d objects with %s, want about %d", got, name, want)
		}
	}
}

// TestPopulationLikeStored: a generated bucket behaves like one with the same objects stored: the same random requests
// give the same answers and leave the same state, apart from made-up ids.
func TestPopulationLikeStored(t *testing.T) {
	for _, versioning := range []string{"", Enabled, Suspended} {
		generated, stored := newBench(t, Config{}), newBench(t, Config{})
		r := in("bkt")
		for _, b := range []*bench{generated, stored} {
			if versioning != "" {
				b.must(b.PutBucketVersioning(b.tick(), &r, versioning))
			}
		}
		if err := generated.Populate("bkt", Population{N: 150, Seed: 5, MaxSize: 500, KMSKeyARN: otherKey, EncryptedShare: 0.3, Archived: true}); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for o, body := range generated.Walk("bkt") {
			keys = append(keys, o.Key)
			if err := stored.SeedObject("bkt", o, body); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, generated, stored)
		rng := rand.New(rand.NewPCG(9, 9))
		for step := range 4000 {
			key, dice, class := keys[rng.IntN(len(keys))], rng.IntN(20), []StorageClass{"", StandardIA}[rng.IntN(2)]
			arn, old := []string{testKey, otherKey}[rng.IntN(2)], rng.IntN(4) == 0
			answers := [2]string{}
			for i, b := range []*bench{generated, stored} {
				answers[i] = randomRequest(b, key, dice, class, arn, old)
			}
			if answers[0] != answers[1] {
				t.Fatalf("%s, step %d on %q (%d): generated answers %s, stored %s", versioning, step, key, dice, answers[0], answers[1])
			}
			if step%250 == 0 {
				compare(t, generated, stored)
			}
		}
		compare(t, generated, stored)
		for _, key := range keys {
			if x, y := generated.Rewrites("bkt", key), stored.Rewrites("bkt", key); x != y {
				t.Errorf("%q was rewritten %d and %d times", key, x, y)
			}
		}
		if x, y := generated.RewriteHistogram("bkt"), stored.RewriteHistogram("bkt"); len(x) != len(y) || x[1] != y[1] || x[2] != y[2] {
			t.Errorf("histograms %v and %v", x, y)
		}
	}
}

func randomRequest(b *bench, key string, dice int, class StorageClass, arn string, old bool) string {
	o := &ObjectInput{Request: in("bkt"), Key: key}
	if versions := b.buckets["bkt"].objects.get(key); old && len(versions) > 1 {
		o.VersionID = versions[1].id
	}
	var err *Error
	switch {
	case dice < 10:
		_, err = b.copy(selfCopy("bkt", key, func(c *CopyObjectInput) {
			c.StorageClass, c.Encryption.KMSKeyID, c.Source.VersionID = class, arn, o.VersionID
			switch dice {
			case 9:
				c.Encryption = EncryptionHeaders{Algorithm: "AES256"}
			case 8:
				c.Checksum.Algorithm = "SHA256"
			case 7:
				c.WebsiteRedirect = "/elsewhere"
			}
		}))
	case dice < 14:
		_, err = b.UpdateObjectEncryption(b.tick(), &UpdateObjectEncryptionInput{Request: o.Request, Key: key, VersionID: o.VersionID,
			Target: SSEKMS, KMSKeyARN: arn, BucketKeyEnabled: class == ""})
	case dice == 14:
		_, err = b.PutObjectTagging(b.tick(), o, []Tag{{"new", arn[len(arn)-3:]}})
	case dice == 15:
		_, err = b.DeleteObject(b.tick(), &DeleteObjectInput{Request: o.Request, Key: key, VersionID: o.VersionID})
	case dice == 16:
		_, err = b.PutObject(b.tick(), &PutObjectInput{Request: o.Request, Key: key, Body: Bytes([]byte("new"))})
	default:
		var out *GetObjectOutput
		if out, err = b.HeadObject(b.tick(), &GetObjectInput{Request: o.Request, Key: key, VersionID: o.VersionID, ChecksumMode: true}); err == nil {
			v := b.buckets["bkt"].current(key)
			return fmt.Sprint(out.Checksum.Value, out.LastModified, out.Encryption, v.etag == v.body.etag())
		}
	}
	if err != nil {
		return err.Code
	}
	return "ok"
}

// compare checks all visible state but version ids and the ETags of SSE-KMS, which are made up in another way.
func compare(t *testing.T, x, y *bench) {
	t.Helper()
	edit := func(o *ObjectInfo) {
		o.VersionID = ""
		if len(o.ETag) == 32 && o.Encryption.Type == SSEKMS {
			o.ETag = ""
		}
		o.Checksum.Value = ""
	}
	if x.Digest("bkt", edit) == y.Digest("bkt", edit) {
		return
	}
	next, stop := pull(y)
	defer stop()
	for o := range x.Walk("bkt") {
		other, _ := next()
		edit(&o)
		edit(&other)
		if h, k := digestOne(o), digestOne(other); h != k {
			t.Fatalf("generated %+v\nstored    %+v", o, other)
		}
	}
	t.Fatal("the digests differ")
}

func TestPopulateRefuses(t *testing.T) {
	b := newBench(t, Config{})
	if err := b.Populate("bkt", Population{N: 1, Prefix: "a/"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Population{{N: 1}, {N: 1, Prefix: "a/b"}, {N: -1, Prefix: "x"}, {N: 1, Prefix: "x", EncryptedShare: 1}} {
		if b.Populate("bkt", p) == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
	if b.Populate("none", Population{N: 1}) == nil {
		t.Error("no such bucket was accepted")
	}
}

// TestPopulationMemory: ten million objects that were all copied take less than 2 GB: here at most 120
// bytes each, with what is counted.
func TestPopulationMemory(t *testing.T) {
	const n = 100_000
	b := newBench(t, Config{})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	if err := b.Populate("bkt", Population{N: n, Seed: 1, MaxSize: 64}); err != nil { // what is hashed takes time, and no memory
		t.Fatal(err)
	}
	p := b.buckets["bkt"].objects.pops[0]
	var now = b.now
	for i := range int64(n) {
		now = now.Add(2 * time.Second)
		pending, err := b.BeginCopy(now, selfCopy("bkt", p.key(i)))
		b.must(err)
		_, err = pending.Commit(now)
		b.must(err)
	}
	// One in 128 has a redirect, which a copy without it loses: those become stored objects. And each call's second is
	// counted.
	got := float64(heap()-before) / n
	t.Logf("%.0f bytes an object", got)
	if got > 120 {
		t.Errorf("%.0f bytes an object", got)
	}
	if len(b.buckets["bkt"].objects.entries) > n/100 {
		t.Errorf("%d of %d became stored objects", len(b.buckets["bkt"].objects.entries), n)
	}
	if got := b.RewriteHistogram("bkt"); got[1] != n {
		t.Errorf("rewrites %v", got)
	}
}

// TestSeed: an inventory report's values are kept as they are.
func TestSeed(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	when := time.Date(2019, 2, 3, 4, 5, 6, 0, time.UTC)
	b.seed("ver", ObjectInfo{Key: "k", VersionID: "old", Size: 50e12, ETag: "abc-9999", StorageClass: "FUTURE", LastModified: when,
		Encryption: Encryption{Type: NotSSE}, Replication: "REPLICA", Owner: "someone", PartsCount: 9999})
	b.seed("ver", ObjectInfo{Key: "k", VersionID: "newer", Size: 1})
	b.seed("ver", ObjectInfo{Key: "k", VersionID: "marker", DeleteMarker: true, LastModified: when})
	got := b.head("ver", "k", "old")
	if got.Size != 50e12 || got.ETag != "abc-9999" || got.StorageClass != "FUTURE" || !got.LastModified.Equal(when) ||
		got.Encryption.Type != NotSSE || got.Replication != "REPLICA" || got.Owner != "someone" || got.PartsCount != 9999 {
		t.Errorf("came back as %+v", got.ObjectInfo)
	}
	if got := b.head("ver", "k", "newer"); len(got.ETag) != 32 || got.StorageClass != Standard || got.Encryption.Type != SSES3 {
		t.Errorf("made up %+v", got.ObjectInfo)
	}
	_, err := b.HeadObject(b.tick(), &GetObjectInput{Request: in("ver"), Key: "k"})
	b.want(err, 404, "NoSuchKey")
	if n := b.Rewrites("ver", "k"); n != 0 {
		t.Errorf("%d rewrites by seeding", n)
	}
	for _, o := range []ObjectInfo{{}, {Key: "k", Size: -1}, {Key: strings.Repeat("k", 2000)}} {
		if b.SeedObject("ver", o, Body{}) == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestKeyIndex: listing between writes and deletes finds exactly the keys that are there.
func TestKeyIndex(t *testing.T) {
	b := newBench(t, Config{})
	rng := rand.New(rand.NewPCG(4, 4))
	there := map[string]bool{}
	for step := range 6000 {
		key := string(rune('a'+rng.IntN(26))) + string(rune('a'+rng.IntN(26))) + string(rune('a'+rng.IntN(10)))
		if rng.IntN(5) < 3 {
			b.put("bkt", key, "")
			there[key] = true
		} else {
			b.del("bkt", key, "")
			delete(there, key)
		}
		if step%200 != 0 {
			continue
		}
		var got []string
		for o := range b.Walk("bkt") {
			got = append(got, o.Key)
		}
		if len(got) != len(there) || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("step %d: %d keys listed, %d there", step, len(got), len(there))
		}
		for _, k := range got {
			if !there[k] {
				t.Fatalf("%q is listed", k)
			}
		}
	}
	for key := range there {
		b.del("bkt", key, "")
	}
	r := in("bkt")
	b.must(b.DeleteBucket(b.tick(), &r))
}
