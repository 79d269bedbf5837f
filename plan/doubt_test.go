package plan

import (
	"testing"
	"time"

	"reseal/inventory"
)

// What a report does not say decides nothing: the object is looked at first, and no
// request but the look is certain.
func TestWhatRowsDoNotSay(t *testing.T) {
	type rowEdit = func(*inventory.Record)
	tiering := func(tier string, size int64) rowEdit {
		return func(r *inventory.Record) { r.StorageClass, r.Tier, r.Size = inventory.IntelligentTiering, tier, size }
	}
	for _, tt := range []struct {
		name   string
		row    rowEdit
		policy func(*Policy)
		action Action
		reason Reason
		head   bool
		doubts Doubts
	}{
		{name: "tier absent", row: tiering("", 128<<10), action: Copy, head: true, doubts: DoubtTier},
		{name: "tier absent, trusted", row: tiering("", 128<<10), policy: trust, action: Copy, head: true, doubts: DoubtTier},
		{name: "tier absent, size too", row: tiering("", -1), action: Copy, head: true, doubts: DoubtTier},
		{name: "tier of a later day", row: tiering("FROZEN", 1<<20), policy: trust, action: Copy, head: true, doubts: DoubtTier},
		{name: "tier absent, of an object that is too small for one", row: tiering("", 128<<10-1), action: Copy},
		{name: "tier absent, of an empty object", row: tiering("", 0), action: Copy},
		{name: "tier absent, updated in place", row: tiering("", 1<<20), policy: inPlaceTrusted, action: Update},
		{name: "tier frequent", row: tiering("FREQUENT", 1<<20), action: Copy},
		{name: "tier infrequent", row: tiering("INFREQUENT", 1<<20), action: Copy},
		{name: "tier archive instant", row: tiering("ARCHIVE_INSTANT", 1<<20), action: Copy},
		{name: "tier archive", row: tiering("ARCHIVE", 1<<20), reason: Archived},
		{name: "tier deep archive", row: tiering("DEEP_ARCHIVE", 1<<20), reason: Archived},

		{name: "IsLatest absent", row: lacks(inventory.ColIsLatest, func(r *inventory.Record) { r.IsLatest = false }), policy: trust,
			action: Copy, head: true, doubts: DoubtCurrent},
		{name: "IsLatest absent, all versions in place", row: lacks(inventory.ColIsLatest, func(r *inventory.Record) { r.IsLatest = false }),
			policy: func(p *Policy) { inPlaceTrusted(p); p.Options.AllVersions = true }, action: Update},

		{name: "encryption absent", row: lacks(inventory.ColEncryption, func(r *inventory.Record) { r.Encryption = "" }), policy: trust,
			action: Copy, head: true, doubts: DoubtEncryption},
		{name: "encryption of a later day", row: func(r *inventory.Record) { r.Encryption = "SSE-X" }, policy: trust,
			action: Copy, head: true, doubts: DoubtEncryption},
		{name: "encryption of a later day, in place", row: func(r *inventory.Record) { r.Encryption = "SSE-X" }, policy: inPlaceTrusted,
			action: Update, head: true, doubts: DoubtEncryption},
		{name: "encryption in another case", row: func(r *inventory.Record) { r.Encryption = "sse-kms" }, policy: trust,
			action: Copy, head: true, doubts: DoubtEncryption},

		{name: "class absent", row: lacks(inventory.ColStorageClass, func(r *inventory.Record) { r.StorageClass = "" }), policy: trust, action: Copy, head: true},
		{name: "class of a later day", row: func(r *inventory.Record) { r.StorageClass = "GLACIER_X" }, reason: UnknownClass},
		{name: "size absent", row: lacks(inventory.ColSize, func(r *inventory.Record) { r.Size = -1 }), policy: trust, action: Copy, head: true},
		{name: "ETag absent", row: lacks(inventory.ColETag, func(r *inventory.Record) { r.ETag = "" }), policy: trust, action: Copy, head: true},

		{name: "date absent", row: lacks(inventory.ColLastModified, nil), action: Copy},
		{name: "lock columns absent, object lock on", row: nil, policy: func(p *Policy) { p.Facts.ObjectLock = Yes }, action: Copy, head: true},
		{name: "lock columns absent, object lock on, in place", row: nil, policy: func(p *Policy) { p.Options.Method, p.Facts.ObjectLock = MethodUpdate, Yes }, action: Update, head: true},
		{name: "compliance without a date", row: func(r *inventory.Record) { r.LockMode = "COMPLIANCE" },
			policy: func(p *Policy) { p.Options.Method, p.Facts.ObjectLock = MethodUpdate, Yes }, action: Update, head: true},
		{name: "bucket key absent, re-keyed", row: func(r *inventory.Record) { r.Encryption = inventory.SSEKMS },
			policy: func(p *Policy) { p.Options.Rekey = true }, action: Copy, head: true},
		{name: "bucket key in another word, re-keyed", row: func(r *inventory.Record) { r.Encryption, r.BucketKey = inventory.SSEKMS, "ON" },
			policy: func(p *Policy) { p.Options.Rekey = true }, action: Copy, head: true},
		{name: "replication, checksum, ACL and owner in words of a later day",
			row: func(r *inventory.Record) {
				r.ReplicationStatus, r.Checksum, r.ACL, r.Owner = "HALF", "SUM9", "?", "?"
			}, action: Copy},
	} {
		p := policy(tt.policy)
		got := p.Decide(row(tt.row))
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead != tt.head || got.Doubts != tt.doubts {
			t.Errorf("%s: %s %s, look %v, doubts %b; want %s %s, %v, %b", tt.name, got.Action, got.Reason, got.NeedHead, got.Doubts, tt.action, tt.reason, tt.head, tt.doubts)
		}
		if d := got.Demand; tt.doubts != 0 && (d.Writes.Min != 0 || d.Reads.Min != 1 || d.Writes.Max == 0) {
			t.Errorf("%s: more than the look counts as certain: %+v", tt.name, d)
		}
	}
}

func trust(p *Policy) { p.Options.TrustInventory = true }

func inPlaceTrusted(p *Policy) {
	p.Options.Method, p.Options.TrustInventory = MethodUpdate, true
	p.Facts.Versioning = VersioningEnabled
}

// lacks takes a column out of a row.
func lacks(c inventory.Column, edit func(*inventory.Record)) func(*inventory.Record) {
	return func(r *inventory.Record) {
		without(r, c)
		if edit != nil {
			edit(r)
		}
	}
}

// The look decides: an archived object is left alone, another one is copied, and then
// nothing is in doubt.
func TestLookSettlesDoubts(t *testing.T) {
	p := policy(nil)
	r := row(func(r *inventory.Record) { r.StorageClass, r.Size = inventory.IntelligentTiering, 1<<20 })
	h := Head{ETag: "e", VersionID: "v1", Size: 1 << 20, StorageClass: inventory.IntelligentTiering, Encryption: inventory.SSES3, LastModified: time.Unix(1, 0)}
	if got := p.DecideHead(p.Decide(r), &h); got.Action != Copy || got.Doubts != 0 || got.Demand.Writes.Min != 1 {
		t.Errorf("not archived: %+v", got)
	}
	h.Archived = true
	if got := p.DecideHead(p.Decide(r), &h); got.Action != Skip || got.Reason != Archived || got.Doubts != 0 {
		t.Errorf("archived: %+v", got)
	}
}
