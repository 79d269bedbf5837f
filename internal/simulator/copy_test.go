package simulator

import (
	"strings"
	"testing"
	"time"
)

// TestSelfCopyRule: S3 API Reference, CopyObject; the message is quoted because clients match it.
func TestSelfCopyRule(t *testing.T) {
	set := func(f func(*CopyObjectInput)) func(*CopyObjectInput) { return f }
	tests := []struct {
		name    string
		change  func(*CopyObjectInput)
		config  *BucketEncryption
		refused bool
	}{
		{"nothing", set(func(c *CopyObjectInput) {}), nil, true},
		{"tags replaced", set(func(c *CopyObjectInput) { c.TaggingDirective = "REPLACE" }), nil, true},
		{"metadata sent but not replaced", set(func(c *CopyObjectInput) { c.Metadata = &Metadata{ContentType: "x/y"} }), nil, true},
		{"metadata replaced", set(func(c *CopyObjectInput) { c.MetadataDirective = "REPLACE" }), nil, false},
		{"STANDARD said aloud", set(func(c *CopyObjectInput) { c.StorageClass = Standard }), nil, false},
		{"redirect", set(func(c *CopyObjectInput) { c.WebsiteRedirect = "/x" }), nil, false},
		{"same encryption said aloud", set(func(c *CopyObjectInput) { c.Encryption.Algorithm = "AES256" }), nil, false},
		{"kms", set(func(c *CopyObjectInput) { c.Encryption = kmsHeaders(testKey) }), nil, false},
		{"other key", set(func(c *CopyObjectInput) { c.Key = "elsewhere" }), nil, false},
		{"explicit bucket default", set(func(c *CopyObjectInput) {}), &BucketEncryption{Algorithm: "AES256"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, Config{})
			if r := in("bkt"); tt.config != nil {
				b.must(b.PutBucketEncryption(b.tick(), &r, *tt.config))
			}
			b.put("bkt", "k", "data")
			_, err := b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Encryption = EncryptionHeaders{} }, tt.change))
			if !tt.refused {
				b.want(err, 0, "")
				return
			}
			b.want(err, 400, "InvalidRequest")
			if want := "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."; err != nil && err.Message != want {
				t.Errorf("message %q", err.Message)
			}
		})
	}
}

// TestSelfCopyOfOldVersion: bringing an old version back is a change (S3 User Guide, RestoringPreviousVersions).
func TestSelfCopyOfOldVersion(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	old := b.put("ver", "k", "one")
	b.put("ver", "k", "two")
	c := selfCopy("ver", "k", func(c *CopyObjectInput) { c.Encryption, c.Source.VersionID = EncryptionHeaders{}, old.VersionID })
	out := b.mustCopy(c)
	if got := b.head("ver", "k", ""); got.ETag != old.ETag || got.VersionID != out.VersionID || out.SourceVersionID != old.VersionID {
		t.Errorf("current is %s %s, want the content of %s as %s", got.VersionID, got.ETag, old.VersionID, out.VersionID)
	}
}

// TestCopyCarriesAndResets: S3 API Reference, CopyObject; S3 User Guide, copy-object.
func TestCopyCarriesAndResets(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true, ObjectOwnership: ObjectWriter}))
	b.unblock("lock")
	until := t0.AddDate(1, 0, 0)
	meta := &Metadata{ContentType: "a/b", CacheControl: "c", ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "f",
		Expires: "never", User: map[string]string{"x": "y"}}
	before := b.put("lock", "k", "data", func(p *PutObjectInput) {
		p.Metadata, p.Tags, p.StorageClass = meta, []Tag{{"t", "1"}}, StandardIA
		p.ACL.Canned, p.WebsiteRedirect = "public-read", "/r"
		p.Lock = Lock{Mode: "GOVERNANCE", RetainUntil: until, LegalHold: "ON"}
		p.Checksum.Algorithm = "SHA256"
	})
	sum := b.headSum("lock", "k")
	b.mustCopy(selfCopy("lock", "k"))
	got := b.head("lock", "k", "")

	if got.Metadata.Expires != "never" || got.Metadata.User["x"] != "y" || got.Metadata.ContentType != "a/b" {
		t.Errorf("metadata %+v, want it carried over", got.Metadata)
	}
	if len(got.Tags) != 1 || got.Tags[0] != (Tag{"t", "1"}) {
		t.Errorf("tags %v, want them carried over", got.Tags)
	}
	if after := b.headSum("lock", "k"); after != sum || after.Algorithm != "SHA256" {
		t.Errorf("checksum %+v, want %+v", after, sum)
	}
	if got.StorageClass != Standard || len(got.Grants) != 0 || got.WebsiteRedirect != "" || got.Lock != (Lock{}) {
		t.Errorf("class %s, grants %v, redirect %q, lock %+v, want all of them reset", got.StorageClass, got.Grants, got.WebsiteRedirect, got.Lock)
	}
	if got.ETag == before.ETag || got.Encryption.Type != SSEKMS || got.Encryption.KMSKeyARN != testKey || !got.LastModified.After(before.LastModified) {
		t.Errorf("after the copy: %s %+v %s", got.ETag, got.Encryption, got.LastModified)
	}

	b.mustCopy(selfCopy("lock", "k", func(c *CopyObjectInput) {
		c.StorageClass, c.ACL.Canned, c.WebsiteRedirect = StandardIA, "public-read", "/r"
		c.Lock = Lock{Mode: "GOVERNANCE", RetainUntil: until, LegalHold: "ON"}
		c.TaggingDirective, c.Tags = "REPLACE", []Tag{{"new", "2"}}
		c.MetadataDirective, c.Metadata = "REPLACE", &Metadata{ContentType: "n/n"}
	}))
	got = b.head("lock", "k", "")
	if got.StorageClass != StandardIA || len(got.Grants) != 1 || got.WebsiteRedirect != "/r" || got.Lock.LegalHold != "ON" || !got.Lock.RetainUntil.Equal(until) {
		t.Errorf("re-sent attributes came out as %+v", got.ObjectInfo)
	}
	if got.Metadata.ContentType != "n/n" || got.Metadata.User != nil || got.Tags[0].Key != "new" {
		t.Errorf("replaced metadata %+v, tags %v", got.Metadata, got.Tags)
	}
}

func (b *bench) headSum(bucket, key string) Checksum {
	b.Helper()
	out, err := b.HeadObject(b.tick(), &GetObjectInput{Request: in(bucket), Key: key, ChecksumMode: true})
	b.must(err)
	return out.Checksum
}

// TestCopyDefaultRetention: S3 API Reference, CopyObject: the lock is not copied, the bucket's default applies.
func TestCopyDefaultRetention(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true}))
	b.put("lock", "k", "x")
	r := in("lock")
	b.must(b.PutObjectLockConfiguration(b.tick(), &r, ObjectLockConfig{Enabled: true, Mode: "COMPLIANCE", Days: 30}))
	b.mustCopy(selfCopy("lock", "k"))
	if l := b.head("lock", "k", "").Lock; l.Mode != "COMPLIANCE" || !l.RetainUntil.Equal(b.now.Add(-time.Second).AddDate(0, 0, 30)) {
		t.Errorf("lock %+v at %s, want 30 days of COMPLIANCE", l, b.now)
	}
}

// TestCopySizes: S3 API Reference, CopyObject: more than 5 GB take a multipart copy.
func TestCopySizes(t *testing.T) {
	b := newBench(t, Config{})
	for size, code := range map[int64]string{5 << 30: "", 5<<30 + 1: "InvalidRequest", 50e12: "InvalidRequest"} {
		b.seed("bkt", ObjectInfo{Key: "big", Size: size})
		_, err := b.copy(selfCopy("bkt", "big"))
		b.want(err, 400, code)
		if err != nil && !strings.Contains(err.Message, "larger than the maximum allowable size for a copy source: 5368709120") {
			t.Errorf("message %q", err.Message)
		}
	}
}

// TestCopyArchived: S3 API Reference, CopyObject; S3 User Guide, restoring-objects.
func TestCopyArchived(t *testing.T) {
	tests := []struct {
		class StorageClass
		tier  string
		code  string
	}{
		{Standard, "", ""},
		{GlacierIR, "", ""},
		{IntelligentTiering, "", ""},
		{IntelligentTiering, "ARCHIVE_ACCESS", "ObjectNotInActiveTierError"},
		{IntelligentTiering, "DEEP_ARCHIVE_ACCESS", "ObjectNotInActiveTierError"},
		{Glacier, "", "ObjectNotInActiveTierError"},
		{DeepArchive, "", "ObjectNotInActiveTierError"},
	}
	for _, tt := range tests {
		b := newBench(t, Config{RestoreDelay: time.Hour})
		b.seed("bkt", ObjectInfo{Key: "k", Size: 1, StorageClass: tt.class, AccessTier: tt.tier})
		_, err := b.copy(selfCopy("bkt", "k"))
		b.want(err, 403, tt.code)
		if tt.code == "" {
			continue
		}
		b.SetKnobs(Knobs{ArchivedCopyInvalidState: true})
		_, err = b.copy(selfCopy("bkt", "k"))
		b.want(err, 403, "InvalidObjectState")
		_, err = b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k"})
		b.want(err, 403, "InvalidObjectState")
		b.head("bkt", "k", "")

		o := &ObjectInput{Request: in("bkt"), Key: "k"}
		if already, err := b.RestoreObject(b.tick(), o, 3); err != nil || already {
			t.Errorf("restore %s: %v %v", tt.class, already, err)
		}
		_, err = b.RestoreObject(b.tick(), o, 3)
		b.want(err, 409, "RestoreAlreadyInProgress")
		if !b.head("bkt", "k", "").RestoreOngoing {
			t.Errorf("restore of %s is not under way", tt.class)
		}
		b.now = b.now.Add(time.Hour)
		if b.head("bkt", "k", "").RestoredUntil.IsZero() {
			t.Errorf("%s was not restored", tt.class)
		}
		b.mustCopy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.StorageClass = Glacier }))
		if got := b.head("bkt", "k", ""); got.StorageClass != Glacier || !got.RestoredUntil.IsZero() {
			t.Errorf("copy of a restored object: %s until %s, want archived", got.StorageClass, got.RestoredUntil)
		}
		b.seed("bkt", ObjectInfo{Key: "k", Size: 1, StorageClass: tt.class, AccessTier: tt.tier, RestoredUntil: b.now.Add(time.Hour)})
		b.now = b.now.Add(2 * time.Hour)
		_, err = b.copy(selfCopy("bkt", "k"))
		b.want(err, 403, "InvalidObjectState")
	}
	b := newBench(t, Config{})
	b.put("bkt", "k", "x")
	_, err := b.RestoreObject(b.tick(), &ObjectInput{Request: in("bkt"), Key: "k"}, 1)
	b.want(err, 403, "InvalidObjectState")
}

// TestCopyMarkers: S3 API Reference, CopyObject: a current delete marker is 404, a named one 400.
func TestCopyMarkers(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	b.put("ver", "k", "x")
	d, err := b.DeleteObject(b.tick(), &DeleteObjectInput{Request: in("ver"), Key: "k"})
	b.must(err)
	_, err = b.copy(selfCopy("ver", "k"))
	b.want(err, 404, "NoSuchKey")
	_, err = b.copy(selfCopy("ver", "k", func(c *CopyObjectInput) { c.Source.VersionID = d.VersionID }))
	b.want(err, 400, "InvalidRequest")
	_, err = b.copy(selfCopy("ver", "k", func(c *CopyObjectInput) { c.Source.VersionID = "nonsense" }))
	b.want(err, 404, "NoSuchVersion")
	_, err = b.copy(selfCopy("ver", "other"))
	b.want(err, 404, "NoSuchKey")
	_, err = b.copy(selfCopy("none", "k"))
	b.want(err, 404, "NoSuchBucket")
}

// TestCopyPhases: what other clients do between the read and the commit of a copy.
func TestCopyPhases(t *testing.T) {
	tests := []struct {
		name     string
		between  func(*bench)
		ifMatch  bool
		knobs    Knobs
		status   int
		code     string
		wantData string
	}{
		{"nothing", func(b *bench) {}, true, Knobs{}, 0, "", "old"},
		{"put, no condition: the copy wins", func(b *bench) { b.put("bkt", "k", "new") }, false, Knobs{}, 0, "", "old"},
		{"put", func(b *bench) { b.put("bkt", "k", "new") }, true, Knobs{}, 412, "PreconditionFailed", "new"},
		{"put, condition ignored", func(b *bench) { b.put("bkt", "k", "new") }, true, Knobs{IgnoreDestinationConditions: true}, 0, "", "old"},
		{"put, conflict", func(b *bench) { b.put("bkt", "k", "new") }, true, Knobs{ConflictOnConcurrentWrite: true}, 409, "ConditionalRequestConflict", "new"},
		{"same bytes put: ETags can not tell", func(b *bench) { b.put("bkt", "k", "old") }, true, Knobs{}, 0, "", "old"},
		{"delete", func(b *bench) { b.del("bkt", "k", "") }, true, Knobs{}, 409, "ConditionalRequestConflict", ""},
		{"delete, no condition: the object is back", func(b *bench) { b.del("bkt", "k", "") }, false, Knobs{}, 0, "", "old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, Config{})
			b.SetKnobs(tt.knobs)
			etag := b.put("bkt", "k", "old", func(p *PutObjectInput) { p.Tags = []Tag{{"a", "1"}} }).ETag
			c := selfCopy("bkt", "k")
			if tt.ifMatch {
				c.Conditions.IfMatch = etag
			}
			p, err := b.BeginCopy(b.tick(), c)
			b.must(err)
			tt.between(b)
			_, err = p.Commit(b.tick())
			b.want(err, tt.status, tt.code)
			out, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k"})
			if tt.wantData == "" {
				b.want(err, 404, "NoSuchKey")
				return
			}
			b.must(err)
			if got := string(out.Body.Data()); got != tt.wantData {
				t.Errorf("content %q, want %q", got, tt.wantData)
			}
		})
	}
}

// TestCopySnapshotsSource: tags put after the read phase are not in the copy, which is the window clients must know of.
func TestCopySnapshotsSource(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "x", func(p *PutObjectInput) { p.Tags = []Tag{{"a", "1"}} })
	p, err := b.BeginCopy(b.tick(), selfCopy("bkt", "k"))
	b.must(err)
	_, err = b.PutObjectTagging(b.tick(), &ObjectInput{Request: in("bkt"), Key: "k"}, []Tag{{"a", "2"}})
	b.must(err)
	_, err = p.Commit(b.tick())
	b.must(err)
	if got := b.head("bkt", "k", "").Tags[0].Value; got != "1" {
		t.Errorf("tag %s, want the one that was read", got)
	}
	n := b.Counters().Ops(OpCopyObject)
	p, err = b.BeginCopy(b.tick(), selfCopy("bkt", "k"))
	b.must(err)
	p.Cancel()
	if c := b.Counters(); c.Ops(OpCopyObject) != n+1 || c.OK(OpCopyObject) != 1 || b.Rewrites("bkt", "k") != 2 {
		t.Errorf("a cancelled copy: %v, %d rewrites", c.Calls, b.Rewrites("bkt", "k"))
	}
}

// TestAnnotations: S3 API Reference, CopyObject and PutObjectAnnotation.
func TestAnnotations(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "x")
	o := &ObjectInput{Request: in("bkt"), Key: "k"}
	b.must(b.PutObjectAnnotation(b.tick(), o, "n", []byte("v"), ""))
	b.want(b.PutObjectAnnotation(b.tick(), o, "n", []byte("\xff"), ""), 415, "UnsupportedMediaType")
	p, err := b.BeginCopy(b.tick(), selfCopy("bkt", "k"))
	b.must(err)
	b.must(b.PutObjectAnnotation(b.tick(), o, "late", []byte("v"), ""))
	_, err = p.Commit(b.tick())
	b.want(err, 409, "OperationAborted")
	b.mustCopy(selfCopy("bkt", "k"))
	if names, err := b.ListObjectAnnotations(b.tick(), o); err != nil || len(names) != 2 {
		t.Errorf("annotations %v %v, want both copied", names, err)
	}
	if v, err := b.GetObjectAnnotation(b.tick(), o, "n"); err != nil || string(v) != "v" {
		t.Errorf("annotation %q %v", v, err)
	}
	b.must(b.DeleteObjectAnnotation(b.tick(), o, "late"))
	b.mustCopy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.AnnotationDirective = "EXCLUDE" }))
	if n := b.head("bkt", "k", "").Annotations; n != 0 {
		t.Errorf("%d annotations after EXCLUDE", n)
	}
}

// TestCopyETag: S3 API Reference, Object: an MD5 under SSE-S3, not under SSE-KMS; and back.
func TestCopyETag(t *testing.T) {
	b := newBench(t, Config{})
	plain := b.put("bkt", "k", "data").ETag
	if plain != "8d777f385d3dfec8815d20f7496026dc" {
		t.Errorf("ETag %s is not the MD5", plain)
	}
	one := b.mustCopy(selfCopy("bkt", "k")).ETag
	two := b.mustCopy(selfCopy("bkt", "k")).ETag
	if one == plain || two == one || len(two) != 32 {
		t.Errorf("ETags %s, %s, %s, want three different", plain, one, two)
	}
	back := b.mustCopy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Encryption = EncryptionHeaders{Algorithm: "AES256"} })).ETag
	if back != plain {
		t.Errorf("ETag %s after the way back, want %s", back, plain)
	}
}

// TestDropOnCopy: each knob loses its attribute, and no other.
func TestDropOnCopy(t *testing.T) {
	all := []Attribute{AttrContentType, AttrCacheControl, AttrContentDisposition, AttrContentEncoding, AttrContentLanguage,
		AttrExpires, AttrUserMetadata, AttrTags, AttrStorageClass, AttrACL, AttrWebsiteRedirect, AttrLock, AttrBucketKey, AttrAnnotations}
	lost := func(o *GetObjectOutput) []Attribute {
		m := o.Metadata
		gone := map[Attribute]bool{AttrContentType: m.ContentType == "", AttrCacheControl: m.CacheControl == "",
			AttrContentDisposition: m.ContentDisposition == "", AttrContentEncoding: m.ContentEncoding == "",
			AttrContentLanguage: m.ContentLanguage == "", AttrExpires: m.Expires == "", AttrUserMetadata: m.User == nil,
			AttrTags: o.Tags == nil, AttrStorageClass: o.StorageClass == Standard, AttrACL: o.Grants == nil,
			AttrWebsiteRedirect: o.WebsiteRedirect == "", AttrLock: o.Lock == (Lock{}), AttrBucketKey: !o.Encryption.BucketKeyEnabled,
			AttrAnnotations: o.Annotations == 0}
		var out []Attribute
		for _, a := range all {
			if gone[a] {
				out = append(out, a)
			}
		}
		return out
	}
	for _, drop := range append([]Attribute{""}, all...) {
		b := newBench(t, Config{})
		b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true, ObjectOwnership: ObjectWriter}))
		b.unblock("lock")
		attrs := WriteAttributes{Tags: []Tag{{"t", "1"}}, StorageClass: StandardIA, ACL: ACL{Canned: "public-read"}, WebsiteRedirect: "/r",
			Lock: Lock{LegalHold: "ON"}, Encryption: kmsHeaders(testKey), Metadata: &Metadata{ContentType: "a/b", CacheControl: "c",
				ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "f", Expires: "g", User: map[string]string{"x": "y"}}}
		attrs.Encryption.BucketKeyEnabled = ptr(true)
		b.put("lock", "k", "x", func(p *PutObjectInput) { p.WriteAttributes = attrs })
		b.must(b.PutObjectAnnotation(b.tick(), &ObjectInput{Request: in("lock"), Key: "k"}, "n", []byte("v"), ""))
		if drop != "" {
			b.SetKnobs(Knobs{DropOnCopy: []Attribute{drop}})
		}
		b.mustCopy(selfCopy("lock", "k", func(c *CopyObjectInput) { c.WriteAttributes = attrs }))
		got := lost(b.head("lock", "k", ""))
		if drop == "" && len(got) != 0 || drop != "" && (len(got) != 1 || got[0] != drop) {
			t.Errorf("with %q dropped, %v got lost", drop, got)
		}
	}
}
