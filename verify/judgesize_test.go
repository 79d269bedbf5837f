package verify

import (
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// The size is that of the object when it was done, where the line has it, and else
// that of the report. An empty object has a size, too.
func TestJudgeOfSizes(t *testing.T) {
	t.Parallel()
	const unknown = -1
	for _, tt := range []struct {
		row, line, now int64
		want           Verdict
	}{
		{1000, 1000, 1000, Proven},
		{unknown, 1000, 999, LostAttribute},
		{unknown, 0, 5, LostAttribute},
		{0, unknown, 5, LostAttribute},
		{900, 1000, 1000, Proven},
		{1000, unknown, 999, LostAttribute},
		{unknown, unknown, 7, Proven},
	} {
		row := aRow(func(r *inventory.Record) { r.Size = tt.row })
		p, promise := aPolicy(), done("after", "")
		promise.Size = tt.line
		task, j := p.Decide(&row), Judge{Policy: p}
		if f := j.Look(&task, &promise, aHead(func(h *plan.Head) { h.Size = tt.now })); f.Verdict != tt.want {
			t.Errorf("%d bytes in the row, %d in the line, %d now: %s (%s), want %s", tt.row, tt.line, tt.now, f.Verdict, f.Why, tt.want)
		}
	}
	// An ETag that the answer did not say, and an object that is no more empty: a client's.
	row, p := aRow(func(r *inventory.Record) { r.Size = 0 }), aPolicy()
	task, promise := p.Decide(&row), at(done("wrong", ""), began.Add(time.Minute))
	promise.Size = 0
	j := Judge{Policy: p}
	if f := j.Look(&task, &promise, aHead(func(h *plan.Head) { h.Size = 7 })); f.Verdict != ChangedUnderKey {
		t.Errorf("an empty object that was written since: %s (%s)", f.Verdict, f.Why)
	}
}

// A row that names a version was left alone as noncurrent where another one is current.
func TestJudgeOfANewerVersion(t *testing.T) {
	t.Parallel()
	row := aRow(func(r *inventory.Record) {
		r.VersionID, r.Known = "v1", r.Known.Without(inventory.ColumnsOf(inventory.ColIsLatest))
	})
	p, promise := aPolicy(), skipped(plan.Noncurrent)
	task, j := p.Decide(&row), Judge{Policy: p}
	for version, want := range map[string]Verdict{"v2": LeftAlone, "v1": NotDone} {
		head := aHead(func(h *plan.Head) {
			inPlace(h)
			h.ETag, h.VersionID, h.LastModified = "before", version, began.Add(-time.Hour)
		})
		if f := j.Look(&task, &promise, head); f.Verdict != want {
			t.Errorf("%s is current: %s (%s), want %s", version, f.Verdict, f.Why, want)
		}
	}
}

// Under which key an object is that was left alone for it is told, and of no other.
func TestKeysOfWhatWasLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		row  func(*inventory.Record)
		head func(*plan.Head)
		key  string
	}{
		{"under another key", func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, func(h *plan.Head) { h.ETag, h.KMSKeyID = "before", otherKey }, otherKey},
		{"archived, under a key", func(r *inventory.Record) { r.StorageClass = inventory.Glacier },
			func(h *plan.Head) { inPlace(h); h.ETag, h.StorageClass, h.Archived = "before", inventory.Glacier, true }, ""},
		{"an old version", func(r *inventory.Record) { r.IsLatest, r.VersionID = false, "v1" }, func(h *plan.Head) { h.KMSKeyID = otherKey }, ""},
	} {
		row, p := aRow(tt.row), aPolicy()
		task, j := p.Decide(&row), Judge{Policy: p}
		f := j.Look(&task, &Promise{State: Settled, Size: -1}, aHead(tt.head))
		var tally Tally
		tally.Add(&f)
		want := int64(0)
		if tt.key != "" {
			want = 1
		}
		if f.Verdict != LeftAlone || f.Key != tt.key || tally.UnderKey(otherKey) != want || len(tally.OtherKeys) != int(want) {
			t.Errorf("%s: %s, under %q, counted %v; want %q", tt.name, f.Verdict, f.Key, tally.OtherKeys, tt.key)
		}
	}
}

// What is not as it was is told apart from what is not as was asked for.
func TestWhatIsNotAsBefore(t *testing.T) {
	t.Parallel()
	tag := plan.Saw([]plan.Tag{{Key: "a", Value: "b"}})
	for _, tt := range []struct {
		tags, bucketKey bool // lost
		want            string
	}{
		{true, false, "not as before: tags"},
		{false, true, "not as asked for: bucket key"},
		{true, true, "not as before: tags; not as asked for: bucket key"},
	} {
		before := &plan.Snapshot{Head: *aHead(inPlace), Tags: tag, Body: plan.Saw("00"), LocksShown: true}
		after := *before
		after.Head = *aHead(func(h *plan.Head) { h.BucketKey = !tt.bucketKey })
		if tt.tags {
			after.Tags = plan.Saw([]plan.Tag{})
		}
		row, p, promise := aRow(nil), aPolicy(), done("after", "")
		task, j := p.Decide(&row), Judge{Policy: p}
		if f := j.Compare(&task, &promise, before, &after, began); f.Verdict != LostAttribute || f.Why != tt.want {
			t.Errorf("%s: %q, want %q", f.Verdict, f.Why, tt.want)
		}
	}
}

// A retention that is weaker is told with its date, one that is gone without.
func TestWhatALockIs(t *testing.T) {
	t.Parallel()
	until := began.Add(24 * time.Hour)
	row := aRow(func(r *inventory.Record) { r.LockMode, r.LockRetainUntil = "COMPLIANCE", until })
	p, promise := aPolicy(), done("after", "")
	p.Facts.ObjectLock = plan.Yes
	task, j := p.Decide(&row), Judge{Policy: p}
	for want, edit := range map[string]func(*plan.Head){
		"retention is none, not COMPLIANCE until 2026-11-22T00:00:00Z": nil,
		"retention is GOVERNANCE until 2026-11-22T00:00:00Z, not COMPLIANCE until 2026-11-22T00:00:00Z": func(h *plan.Head) {
			h.LockMode, h.LockRetainUntil = "GOVERNANCE", until
		},
	} {
		if f := j.Look(&task, &promise, aHead(edit)); !strings.HasPrefix(f.Why, want+" as in the report") {
			t.Errorf("%q, want %q", f.Why, want)
		}
	}
}

// An object is judged by the action that its line names, or by the one that is decided
// on where it names none.
func TestTheActionOfALine(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]plan.Action{"copy": plan.Copy, "multipart-copy": plan.MultipartCopy, "update": plan.Update, "skip": plan.Copy, "": plan.Copy} {
		row := aRow(nil)
		if got := claimedTask(aPolicy(), &row, action); got.Action != want || got.Record.VersionID != row.VersionID {
			t.Errorf("%q: %s of %q, want %s", action, got.Action, got.Record.VersionID, want)
		}
	}
}
