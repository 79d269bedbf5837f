package plan

import (
	"testing"
	"time"

	"reseal/inventory"
)

var evaluated = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// updating is the policy of a bucket that keeps versions and has no object lock.
func updating(edits ...func(*Policy)) *Policy {
	return policy(func(p *Policy) {
		p.Options.Method, p.Facts.Versioning, p.Now = MethodUpdate, VersioningEnabled, evaluated
		for _, edit := range edits {
			edit(p)
		}
	})
}

func auto(p *Policy)        { p.Options.Method = MethodAuto }
func inParts(p *Policy)     { p.Options.Method, p.Options.CopyVia = MethodCopy, ViaMultipart }
func allVersions(p *Policy) { p.Options.AllVersions = true }
func lockOn(p *Policy)      { p.Facts.ObjectLock = Yes }
func unversioned(p *Policy) { p.Facts.Versioning = Unversioned }
func foreignKey(p *Policy)  { p.Facts.ForeignKey = Yes }
func suspended(p *Policy)   { p.Facts.Versioning = VersioningSuspended }

func TestMethod(t *testing.T) {
	type edit = func(*inventory.Record)
	class := func(c inventory.StorageClass) edit { return func(r *inventory.Record) { r.StorageClass = c } }
	sse := func(e inventory.Encryption) edit { return func(r *inventory.Record) { r.Encryption = e } }
	old := func(r *inventory.Record) { r.IsLatest = false }
	null := func(r *inventory.Record) { r.VersionID = "" }
	lock := func(mode string, until time.Time) edit {
		return func(r *inventory.Record) { r.LockMode, r.LockRetainUntil = mode, until }
	}
	later, earlier := evaluated.Add(time.Hour), evaluated.Add(-time.Hour)
	tests := []struct {
		name   string
		policy *Policy
		row    edit
		action Action
		reason Reason
		head   bool
	}{
		{"a named version needs no look", updating(), nil, Update, "", false},
		{"nor with columns missing that only copies need", updating(), func(r *inventory.Record) { without(r, inventory.ColStorageClass) }, Update, "", false},
		{"parts, size not in the report", updating(inParts), func(r *inventory.Record) { r.Size = -1 }, MultipartCopy, "", true},
		{"parts, an empty object", updating(inParts), func(r *inventory.Record) { r.Size = 0 }, MultipartCopy, "", true},
		{"encryption not in the report", updating(), func(r *inventory.Record) { r.Encryption = ""; without(r, inventory.ColEncryption) }, Update, "", true},
		{"no version in the report", updating(), func(r *inventory.Record) { r.VersionID = ""; without(r, inventory.ColVersionID) }, Update, "", true},
		{"unversioned bucket", updating(unversioned), null, Update, "", true},
		{"null version where versions are kept", updating(), null, Update, "", false},
		{"null version where they are suspended", updating(suspended), null, Update, "", true},
		{"an id where they are suspended", updating(suspended), nil, Update, "", false},
		{"inventory trusted", updating(unversioned, func(p *Policy) { p.Options.TrustInventory = true }), null, Update, "", false},
		{"inspect all", updating(func(p *Policy) { p.Options.InspectAll = true }), nil, Update, "", true},
		{"lifecycle and ACLs do not matter in place", updating(func(p *Policy) { p.Facts.Transitions, p.Facts.ACLs = Yes, Yes }), nil, Update, "", false},
		{"archived", updating(), class(inventory.DeepArchive), Update, "", false},
		{"archive tier", updating(), func(r *inventory.Record) { r.Tier = "ARCHIVE" }, Update, "", false},
		{"a class nobody knows", updating(), class("MOON_BASE"), Update, "", false},
		{"5 TiB", updating(), func(r *inventory.Record) { r.Size = 5 << 40 }, Update, "", false},
		{"not encrypted", updating(), sse(inventory.NotSSE), Skip, Unencrypted, false},
		{"not encrypted, auto", updating(auto), sse(inventory.NotSSE), Copy, "", false},
		{"not encrypted, auto without copies", updating(auto, func(p *Policy) { p.NoCopies = true }), sse(inventory.NotSSE), Skip, Unencrypted, false},
		{"key of another account", updating(foreignKey), nil, Update, "", false},
		{"key of another account, auto", updating(auto, foreignKey), nil, Copy, "", false},
		{"key of another account, auto without copies", updating(auto, foreignKey, func(p *Policy) { p.NoCopies = true }), nil, Skip, ForeignKey, false},
		{"key of another account, auto, an old version", updating(allVersions, auto, foreignKey), old, Skip, ForeignKey, false},
		{"SSE-KMS", updating(), sse(inventory.SSEKMS), Skip, AlreadyEncrypted, false},
		{"SSE-KMS with rekey", updating(rekey), sse(inventory.SSEKMS), Update, "", true},
		{"SSE-C", updating(auto), sse(inventory.SSEC), Skip, SSECustomer, false},
		{"DSSE-KMS", updating(auto), sse(inventory.DSSEKMS), Skip, DualLayer, false},
		{"compliance retention in force", updating(lockOn), lock("COMPLIANCE", later), Skip, Locked, false},
		{"compliance retention, auto", updating(lockOn, auto), lock("COMPLIANCE", later), Copy, "", true},
		{"compliance retention that has run out", updating(lockOn), lock("COMPLIANCE", earlier), Update, "", true},
		{"governance retention may be lifted: look", updating(lockOn), lock("GOVERNANCE", later), Update, "", true},
		{"a hold may be lifted: look", updating(lockOn), func(r *inventory.Record) { r.LegalHold = "ON" }, Update, "", true},
		{"noncurrent", updating(), old, Skip, Noncurrent, false},
		{"noncurrent, all versions", updating(allVersions), old, Update, "", false},
		{"noncurrent, all versions, auto", updating(allVersions, auto), old, Update, "", false},
		{"noncurrent, not encrypted: a copy would become current", updating(allVersions, auto),
			func(r *inventory.Record) { old(r); r.Encryption = inventory.NotSSE }, Skip, Unencrypted, false},
		{"noncurrent and locked, auto", updating(allVersions, auto, lockOn),
			func(r *inventory.Record) { old(r); r.LockMode, r.LockRetainUntil = "COMPLIANCE", later }, Skip, Locked, false},
		{"delete marker, all versions", updating(allVersions), func(r *inventory.Record) { r.IsDeleteMarker = true }, Skip, DeleteMarker, false},
		{"copies by parts only", policy(func(p *Policy) { p.Options.CopyVia = ViaMultipart }), func(r *inventory.Record) { r.Size = 0 }, MultipartCopy, "", true},
	}
	for _, tt := range tests {
		got := tt.policy.Decide(row(tt.row))
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead != tt.head {
			t.Errorf("%s: action %v, reason %q, HEAD %v; want %v, %q, %v",
				tt.name, got.Action, got.Reason, got.NeedHead, tt.action, tt.reason, tt.head)
		}
	}
}

// What HeadObject shows decides anew, and keeps the method that was chosen.
func TestMethodAfterHead(t *testing.T) {
	later, earlier := evaluated.Add(time.Hour), evaluated.Add(-time.Hour)
	tests := []struct {
		name   string
		policy *Policy
		row    func(*inventory.Record)
		head   Head
		action Action
		reason Reason
	}{
		{"as reported", updating(), nil, Head{Encryption: inventory.SSES3}, Update, ""},
		{"archived meanwhile", updating(), nil, Head{Encryption: inventory.SSES3, StorageClass: inventory.Glacier, Archived: true}, Update, ""},
		{"done meanwhile", updating(), nil, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Skip, AlreadyEncrypted},
		{"legal hold", updating(), nil, Head{Encryption: inventory.SSES3, LegalHold: "ON"}, Skip, Locked},
		{"event hold", updating(), nil, Head{Encryption: inventory.SSES3, EventHold: "ON"}, Skip, Locked},
		{"retention", updating(), nil, Head{Encryption: inventory.SSES3, LockMode: "GOVERNANCE", LockRetainUntil: later}, Skip, Locked},
		{"retention that has run out", updating(), nil, Head{Encryption: inventory.SSES3, LockMode: "GOVERNANCE", LockRetainUntil: earlier}, Update, ""},
		{"retention, auto", updating(auto), nil, Head{Encryption: inventory.SSES3, LegalHold: "ON"}, Copy, ""},
		{"retention of an old version, auto", updating(auto, allVersions), func(r *inventory.Record) { r.IsLatest = false },
			Head{Encryption: inventory.SSES3, LegalHold: "ON"}, Skip, Locked},
		{"not encrypted", updating(), nil, Head{Encryption: inventory.NotSSE}, Skip, Unencrypted},
		{"not encrypted, auto", updating(auto), nil, Head{Encryption: inventory.NotSSE}, Copy, ""},
		{"not encrypted and archived, auto", updating(auto), nil,
			Head{Encryption: inventory.NotSSE, StorageClass: inventory.Glacier, Archived: true}, Skip, Archived},
		{"rekey, other key", updating(rekey), nil, Head{Encryption: inventory.SSEKMS, KMSKeyID: otherARN, BucketKey: true}, Update, ""},
		{"rekey, no bucket key", updating(rekey), nil, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Update, ""},
		{"rekey, all as wanted", updating(rekey), nil, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, Skip, AlreadyEncrypted},
	}
	for _, tt := range tests {
		if tt.head.StorageClass == "" {
			tt.head.StorageClass = inventory.Standard
		}
		got := tt.policy.DecideHead(tt.policy.Decide(row(tt.row)), &tt.head)
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead {
			t.Errorf("%s: action %v, reason %q, HEAD again %v; want %v, %q, false", tt.name, got.Action, got.Reason, got.NeedHead, tt.action, tt.reason)
		}
	}
}

func TestUpdateDemand(t *testing.T) {
	one := Exactly(1)
	unconfirmed := func(p *Policy) { p.Options.Unconfirmed = 1e6 }
	for _, tt := range []struct {
		name string
		p    *Policy
		want Demand
	}{
		{"update and proof", updating(), Demand{one, one, Range{1, 2}}},
		{"look, update and proof", updating(unversioned), Demand{one, Exactly(2), Range{1, 2}}},
		{"nothing proven", updating(unconfirmed), Demand{one, Exactly(0), Range{1, 2}}},
		{"a weight that was measured", updating(func(p *Policy) { p.Weights.Update = Exactly(3) }), Demand{one, one, Exactly(3)}},
	} {
		null := func(r *inventory.Record) { r.VersionID = "" }
		if got := tt.p.Decide(row(null)).Demand; got != tt.want {
			t.Errorf("%s: demand %+v, want %+v", tt.name, got, tt.want)
		}
	}
	p := updating(func(p *Policy) { p.Options.Unconfirmed = 900_000 })
	var proven int64
	for i := range int64(10_000) {
		task := p.Decide(row(func(r *inventory.Record) { r.Pos.Row = i }))
		if !task.Unconfirmed {
			proven++
		}
		if task.Demand.Reads.Max == 1 == task.Unconfirmed {
			t.Fatalf("row %d: unconfirmed %t, demand %+v", i, task.Unconfirmed, task.Demand)
		}
	}
	if proven < 900 || proven > 1100 {
		t.Errorf("--confirm 10%%: %d of 10000 updates are proven", proven)
	}
}
