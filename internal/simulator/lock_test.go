package simulator

import (
	"testing"
	"time"
)

// TestObjectLock: S3 User Guide, object-lock, object-lock-managing, object-lock-configure.
func TestObjectLock(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true}))
	soon, later := t0.AddDate(0, 0, 10), t0.AddDate(0, 0, 20)
	o := func(key string) *ObjectInput { return &ObjectInput{Request: in("lock"), Key: key} }
	put := func(key string, l Lock) string {
		return b.put("lock", key, "x", func(p *PutObjectInput) { p.Lock = l }).VersionID
	}
	remove := func(key, version string, bypass bool) *Error {
		_, err := b.DeleteObject(b.tick(), &DeleteObjectInput{Request: in("lock"), Key: key, VersionID: version, BypassGovernance: bypass})
		return err
	}
	gov, comp, hold := put("gov", Lock{Mode: "GOVERNANCE", RetainUntil: soon}), put("comp", Lock{Mode: "COMPLIANCE", RetainUntil: soon}), put("hold", Lock{LegalHold: "ON"})
	b.want(remove("gov", gov, false), 403, "AccessDenied")
	b.want(remove("comp", comp, true), 403, "AccessDenied")
	b.want(remove("hold", hold, true), 403, "AccessDenied")
	b.want(remove("comp", "", false), 0, "") // a delete marker on top is no removal

	retain := func(key, mode string, until time.Time, bypass bool) *Error {
		return b.PutObjectRetention(b.tick(), o(key), mode, until, bypass)
	}
	b.want(retain("gov", "GOVERNANCE", later, false), 0, "")
	b.want(retain("gov", "GOVERNANCE", soon, false), 403, "AccessDenied")
	b.want(retain("gov", "GOVERNANCE", soon, true), 0, "")
	b.want(retain("gov", "", time.Time{}, false), 403, "AccessDenied")
	comp2 := put("comp2", Lock{Mode: "COMPLIANCE", RetainUntil: soon})
	b.want(retain("comp2", "COMPLIANCE", later, false), 0, "")
	b.want(retain("comp2", "COMPLIANCE", soon, true), 403, "AccessDenied")
	b.want(retain("comp2", "GOVERNANCE", later.AddDate(1, 0, 0), true), 403, "AccessDenied")
	b.want(retain("comp2", "", time.Time{}, true), 403, "AccessDenied")
	b.want(retain("hold", "COMPLIANCE", t0, false), 400, "InvalidArgument")
	b.want(retain("hold", "FOREVER", later, false), 400, "MalformedXML")
	if l, err := b.GetObjectRetention(b.tick(), o("comp2")); err != nil || !l.RetainUntil.Equal(later) || l.Mode != "COMPLIANCE" {
		t.Errorf("retention %+v %v", l, err)
	}
	_, err := b.GetObjectRetention(b.tick(), o("hold"))
	b.want(err, 404, "NoSuchObjectLockConfiguration")
	_, err = b.GetObjectLegalHold(b.tick(), o("gov"))
	b.want(err, 404, "NoSuchObjectLockConfiguration")
	b.must(b.PutObjectLegalHold(b.tick(), o("hold"), "OFF"))
	if s, err := b.GetObjectLegalHold(b.tick(), o("hold")); err != nil || s != "OFF" {
		t.Errorf("legal hold %s %v", s, err)
	}
	b.want(b.PutObjectLegalHold(b.tick(), o("hold"), "on"), 400, "MalformedXML")
	b.want(remove("hold", hold, false), 0, "")
	b.want(remove("gov", gov, true), 0, "")
	b.now = later.Add(time.Second)
	b.want(remove("comp2", comp2, false), 0, "")

	b.put("bkt", "k", "x")
	_, err = b.GetObjectRetention(b.tick(), &ObjectInput{Request: in("bkt"), Key: "k"})
	b.want(err, 400, "InvalidRequest")
}

// TestLockHeaders: S3 API Reference, PutObject.
func TestLockHeaders(t *testing.T) {
	b := newBench(t, Config{})
	b.must(b.CreateBucket(b.tick(), &CreateBucketInput{Request: in("lock"), ObjectLockEnabled: true}))
	for _, l := range []Lock{{Mode: "GOVERNANCE"}, {RetainUntil: t0.AddDate(1, 0, 0)}, {Mode: "governance", RetainUntil: t0.AddDate(1, 0, 0)},
		{Mode: "GOVERNANCE", RetainUntil: t0}, {LegalHold: "on"}, {EventHold: "yes"}} {
		_, err := b.PutObject(b.tick(), &PutObjectInput{Request: in("lock"), Key: "k", WriteAttributes: WriteAttributes{Lock: l}})
		b.want(err, 400, "InvalidArgument")
	}
}

// TestACL: S3 User Guide, about-object-ownership and acl-overview.
func TestACL(t *testing.T) {
	me, other := CanonicalID(owner), CanonicalID(stranger)
	tests := []struct {
		ownership string
		account   string
		acl       ACL
		code      string
		owner     string
		grants    int // beyond the owner's
	}{
		{BucketOwnerEnforced, owner, ACL{}, "", me, 0},
		{BucketOwnerEnforced, stranger, ACL{Canned: "bucket-owner-full-control"}, "", me, 0},
		{BucketOwnerEnforced, owner, ACL{Canned: "public-read"}, "AccessControlListNotSupported", "", 0},
		{BucketOwnerEnforced, owner, ACL{Grants: []Grant{{canonicalUser, me, "FULL_CONTROL"}}}, "", me, 0},
		{BucketOwnerEnforced, owner, ACL{Grants: []Grant{{canonicalUser, me, "READ"}}}, "AccessControlListNotSupported", "", 0},
		{ObjectWriter, owner, ACL{Canned: "private"}, "", me, 0},
		{ObjectWriter, owner, ACL{Canned: "public-read-write"}, "", me, 2},
		{ObjectWriter, owner, ACL{Canned: "authenticated-read"}, "", me, 1},
		{ObjectWriter, owner, ACL{Canned: "bucket-owner-read"}, "", me, 0},
		{ObjectWriter, stranger, ACL{}, "", other, 0},
		{ObjectWriter, stranger, ACL{Canned: "bucket-owner-full-control"}, "", other, 1},
		{BucketOwnerPreferred, stranger, ACL{Canned: "bucket-owner-full-control"}, "", me, 0},
		{BucketOwnerPreferred, stranger, ACL{Canned: "bucket-owner-read"}, "", other, 1},
		{ObjectWriter, owner, ACL{Grants: []Grant{{canonicalUser, me, "FULL_CONTROL"}, {canonicalUser, other, "READ"}}}, "", me, 1},
		{ObjectWriter, owner, ACL{Canned: "private", Grants: []Grant{{canonicalUser, other, "READ"}}}, "InvalidRequest", "", 0},
		{ObjectWriter, owner, ACL{Canned: "everyone"}, "InvalidArgument", "", 0},
		{ObjectWriter, owner, ACL{Grants: []Grant{{canonicalUser, other, "EAT"}}}, "InvalidArgument", "", 0},
	}
	for _, tt := range tests {
		b := newBench(t, Config{})
		r := in("bkt")
		b.unblock("bkt")
		b.must(b.PutBucketOwnershipControls(b.tick(), &r, tt.ownership))
		p := &PutObjectInput{Request: r, Key: "k", WriteAttributes: WriteAttributes{ACL: tt.acl}}
		p.Principal.Account = tt.account
		_, err := b.PutObject(b.tick(), p)
		if tt.code != "" {
			b.want(err, 400, tt.code)
			continue
		}
		b.must(err)
		got, err := b.GetObjectAcl(b.tick(), &ObjectInput{Request: r, Key: "k"})
		b.must(err)
		if got.Owner != tt.owner || len(got.Grants) != tt.grants+1 || got.Grants[0] != (Grant{canonicalUser, tt.owner, "FULL_CONTROL"}) {
			t.Errorf("%+v: got %+v", tt, got)
		}
	}
	b := newBench(t, Config{})
	b.put("bkt", "k", "x")
	o := &ObjectInput{Request: in("bkt"), Key: "k"}
	b.want(b.PutObjectAcl(b.tick(), o, ACL{Canned: "public-read"}), 400, "AccessControlListNotSupported")
	b.must(b.DeleteBucketOwnershipControls(b.tick(), &o.Request))
	b.unblock("bkt")
	b.must(b.PutObjectAcl(b.tick(), o, ACL{Canned: "public-read"}))
	if got := b.head("bkt", "k", ""); len(got.Grants) != 1 {
		t.Errorf("grants %v", got.Grants)
	}
	b.must(b.PutObjectAcl(b.tick(), o, ACL{Canned: "private"}))
	if got := b.head("bkt", "k", ""); len(got.Grants) != 0 {
		t.Errorf("grants %v", got.Grants)
	}
}

// TestCopyChangesOwner: S3 User Guide, about-object-ownership: a copy belongs to who copied it, where ACLs count.
func TestCopyChangesOwner(t *testing.T) {
	b := newBench(t, Config{})
	r := in("bkt")
	b.must(b.PutBucketOwnershipControls(b.tick(), &r, ObjectWriter))
	p := &PutObjectInput{Request: r, Key: "k"}
	p.Principal.Account = stranger
	_, err := b.PutObject(b.tick(), p)
	b.must(err)
	b.mustCopy(selfCopy("bkt", "k"))
	if got := b.head("bkt", "k", "").Owner; got != CanonicalID(owner) {
		t.Errorf("owner %s", got)
	}
}
