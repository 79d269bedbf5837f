package verify

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

const (
	theKey   = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000001"
	otherKey = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002"
)

var began = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// everyColumn are those of a full report.
func everyColumn() inventory.Columns {
	return inventory.UsefulColumns.With(inventory.ColBucket).With(inventory.ColKey).With(inventory.ColVersionID).With(inventory.ColIsLatest).
		With(inventory.ColIsDeleteMarker)
}

// aRow is an object under SSE-S3 that the job is to copy.
func aRow(edit func(*inventory.Record)) inventory.Record {
	r := inventory.Record{Known: everyColumn(), Bucket: "b", Key: "k", VersionID: "null", IsLatest: true, Size: 1000, ETag: "before",
		StorageClass: inventory.Standard, Encryption: inventory.SSES3, LastModified: began.Add(-24 * time.Hour)}
	if edit != nil {
		edit(&r)
	}
	return r
}

// aPolicy is that of a bucket on AWS in which no class changes.
func aPolicy() *plan.Policy {
	return &plan.Policy{Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: theKey, BucketKey: true},
		Facts: plan.Facts{AWS: plan.Yes, Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, Versioning: plan.Unversioned,
			IgnoresIfMatch: plan.No}, Now: began, Weights: plan.DefaultWeights(true)}
}

// aHead is what the job leaves behind.
func aHead(edit func(*plan.Head)) *plan.Head {
	h := &plan.Head{ETag: "after", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSEKMS, KMSKeyID: theKey, BucketKey: true,
		LastModified: began}
	if edit != nil {
		edit(h)
	}
	return h
}

func done(etag, version string) Promise {
	return Promise{State: Settled, Line: true, Size: 1000, Write: WriteOf(etag, version)}
}

func skipped(reason plan.Reason) Promise {
	return Promise{State: Settled, Line: true, Skipped: true, Reason: reason, Size: 1000, Write: WriteOf("before", "")}
}

// plain puts an object back under SSE-S3 by a new write; inPlace changes the
// encryption of the write that is there.
func plain(h *plan.Head) {
	h.ETag, h.Encryption, h.KMSKeyID, h.BucketKey = "newer", inventory.SSES3, "", false
}
func inPlace(h *plan.Head) { h.Encryption, h.KMSKeyID, h.BucketKey = inventory.SSES3, "", false }

// The rule, case by case: by what identifies the write, and by no clock, so that
// none of the heads has a time that matters.
func TestJudge(t *testing.T) {
	noLine := Promise{State: Settled, Size: -1}
	is := func(e inventory.Encryption) func(*inventory.Record) {
		return func(r *inventory.Record) { r.Encryption = e }
	}
	for _, tt := range []struct {
		name    string
		row     func(*inventory.Record)
		policy  func(*plan.Policy)
		promise Promise
		head    func(*plan.Head)
		want    Verdict
	}{
		{"as promised", nil, nil, done("after", ""), nil, Proven},
		{"as promised, no line", nil, nil, noLine, nil, Proven},
		{"the version that the job wrote", nil, nil, done("after", "v2"), func(h *plan.Head) { h.VersionID = "v2" }, Proven},
		{"a newer version of the same ETag", nil, nil, done("after", "v2"), func(h *plan.Head) { h.VersionID = "v3" }, ChangedUnderKey},
		{"overwritten with SSE-S3", nil, nil, done("after", ""), plain, ChangedNotUnderKey},
		{"overwritten with SSE-S3, no line", nil, nil, noLine, plain, ChangedNotUnderKey},
		{"overwritten under the key", nil, nil, done("after", ""), func(h *plan.Head) { h.ETag = "newer"; h.Size = 7 }, ChangedUnderKey},
		{"overwritten under the key, in another class", nil, nil, done("after", ""), func(h *plan.Head) { h.ETag, h.StorageClass = "newer", inventory.StandardIA }, ChangedUnderKey},
		{"overwritten under another key", nil, nil, done("after", ""), func(h *plan.Head) { h.ETag, h.KMSKeyID = "newer", otherKey }, ChangedNotUnderKey},
		{"changed in place", nil, nil, done("after", ""), inPlace, ChangedNotUnderKey},
		{"moved to another key in place", nil, nil, done("after", ""), func(h *plan.Head) { h.KMSKeyID = otherKey }, ChangedNotUnderKey},
		{"moved to another key in place, no line", nil, nil, noLine, func(h *plan.Head) { h.KMSKeyID = otherKey }, ChangedNotUnderKey},
		{"the job's copy was deleted, the old version is current", nil, nil, noLine, func(h *plan.Head) { inPlace(h); h.ETag = "before" }, ChangedNotUnderKey},
		{"overwritten with SSE-C", nil, nil, done("after", ""), func(h *plan.Head) { *h = plan.Head{Encryption: inventory.SSEC, Size: -1} }, ChangedNotUnderKey},
		{"truncated", nil, nil, done("after", ""), func(h *plan.Head) { h.Size = 999 }, LostAttribute},
		{"truncated, no line", nil, nil, noLine, func(h *plan.Head) { h.Size = 999 }, LostAttribute},
		{"class reset", nil, nil, done("after", ""), func(h *plan.Head) { h.StorageClass = inventory.StandardIA }, LostAttribute},
		{"class moved by a rule", nil, func(p *plan.Policy) { p.Facts.Transitions = plan.Yes }, done("after", ""), func(h *plan.Head) { h.StorageClass = inventory.StandardIA }, Proven},
		{"no bucket key", nil, nil, done("after", ""), func(h *plan.Head) { h.BucketKey = false }, LostAttribute},
		{"no bucket key on another server", nil, func(p *plan.Policy) { p.Facts.AWS = plan.No }, done("after", ""), func(h *plan.Head) { h.BucketKey = false }, LostAttribute},
		{"a bucket key that was not asked for", nil, func(p *plan.Policy) { p.Options.BucketKey = false }, done("after", ""), nil, LostAttribute},
		{"no bucket key, no line: each request of the job names one", nil, func(p *plan.Policy) { p.Facts.AWS = plan.Yes }, noLine, func(h *plan.Head) { h.BucketKey = false }, ChangedUnderKey},
		{"a bucket key that was not asked for, no line", nil, func(p *plan.Policy) { p.Options.BucketKey, p.Facts.AWS = false, plan.Yes }, noLine, nil, ChangedUnderKey},
		{"no bucket key on another server, no line", nil, func(p *plan.Policy) { p.Facts.AWS = plan.No }, noLine, func(h *plan.Head) { h.BucketKey = false }, LostAttribute},
		{"no bucket key after an update, no line", nil, func(p *plan.Policy) { p.Facts.AWS, p.Options.Method = plan.Yes, plan.MethodUpdate }, noLine,
			func(h *plan.Head) { h.ETag, h.BucketKey = "before", false }, LostAttribute},
		{"none asked for, on a server without", nil, func(p *plan.Policy) { p.Options.BucketKey, p.Facts.AWS = false, plan.No }, done("after", ""), func(h *plan.Head) { h.BucketKey = false }, Proven},
		{"way back", is(inventory.SSEKMS), func(p *plan.Policy) { p.Options.SSE = plan.TargetAES256 }, done("after", ""), inPlace, Proven},
		{"way back, not under SSE-S3", is(inventory.SSEKMS), func(p *plan.Policy) { p.Options.SSE = plan.TargetAES256 }, done("after", ""), nil, ChangedNotUnderKey},
		{"an update leaves the ETag", nil, func(p *plan.Policy) { p.Options.Method = plan.MethodUpdate }, noLine, func(h *plan.Head) { h.ETag = "before" }, Proven},
		{"overwritten since an update", nil, func(p *plan.Policy) { p.Options.Method = plan.MethodUpdate }, noLine, nil, ChangedUnderKey},
		{"done by the word of a completion report", nil, nil, Promise{State: Settled, Line: true, Reason: report.Batch, Size: -1}, nil, Proven},
		{"not done, whatever a completion report says", nil, nil, Promise{State: Settled, Line: true, Reason: report.Batch, Size: -1},
			func(h *plan.Head) { inPlace(h); h.ETag = "before" }, NotDone},
		{"overwritten since a completion report", nil, nil, Promise{State: Settled, Line: true, Reason: report.Batch, Size: -1}, plain, ChangedNotUnderKey},

		{"under a key before", is(inventory.SSEKMS), nil, noLine, func(h *plan.Head) { h.ETag, h.KMSKeyID = "before", otherKey }, LeftAlone},
		{"under a key before, and the wanted one now", is(inventory.SSEKMS), nil, noLine, nil, LeftAlone},
		{"under a key before, and none now", is(inventory.SSEKMS), nil, noLine, plain, ChangedNotUnderKey},
		{"left alone by --rekey, and moved to another key", is(inventory.SSEKMS), func(p *plan.Policy) { p.Options.Rekey = true },
			skipped(plan.AlreadyEncrypted), func(h *plan.Head) { h.KMSKeyID = otherKey }, ChangedNotUnderKey},
		{"found encrypted, no column, no line", func(r *inventory.Record) {
			r.Encryption = ""
			r.Known = r.Known.Without(inventory.ColumnsOf(inventory.ColEncryption))
		},
			nil, noLine, func(h *plan.Head) { h.ETag, h.KMSKeyID = "before", otherKey }, LeftAlone},
		{"SSE-C still", is(inventory.SSEC), nil, noLine, func(h *plan.Head) { *h = plan.Head{Encryption: inventory.SSEC, Size: -1} }, LeftAlone},
		{"SSE-C no more", is(inventory.SSEC), nil, noLine, plain, ChangedNotUnderKey},
		{"SSE-C no more, under the key", is(inventory.SSEC), nil, noLine, nil, ChangedUnderKey},
		{"DSSE still", is(inventory.DSSEKMS), nil, noLine, func(h *plan.Head) { h.Encryption = inventory.DSSEKMS }, LeftAlone},
		{"archived still", func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, nil, noLine,
			func(h *plan.Head) { inPlace(h); h.ETag, h.StorageClass, h.Archived = "before", inventory.Glacier, true }, LeftAlone},
		{"archived no more", func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, nil, noLine,
			func(h *plan.Head) { inPlace(h); h.ETag = "before" }, NotDone},
		{"archived, and overwritten", func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, nil, noLine, plain, ChangedNotUnderKey},
		{"locked still", nil, func(p *plan.Policy) { p.Options.Method = plan.MethodUpdate }, skipped(plan.Locked),
			func(h *plan.Head) { inPlace(h); h.ETag, h.LegalHold = "before", "ON" }, LeftAlone},
		{"locked no more", nil, func(p *plan.Policy) { p.Options.Method = plan.MethodUpdate }, skipped(plan.Locked),
			func(h *plan.Head) { inPlace(h); h.ETag = "before" }, NotDone},
		{"too large by S3's answer", nil, nil, skipped(plan.TooLarge), func(h *plan.Head) { inPlace(h); h.ETag = "before" }, LeftAlone},
		{"an old version", func(r *inventory.Record) { r.IsLatest, r.VersionID = false, "v1" }, nil, noLine, inPlace, LeftAlone},
		{"a delete marker, and an object now", func(r *inventory.Record) { r.IsDeleteMarker = true }, nil, noLine, plain, ChangedNotUnderKey},
		{"gone at the run, and there now", nil, nil, skipped(plan.Gone), plain, ChangedNotUnderKey},
		{"gone at the run, and there now under the key", nil, nil, skipped(plan.Gone), nil, ChangedUnderKey},

		// Nobody looked at what a row left alone, and the row names no write: that a look
		// differs is no sign that anybody wrote the object.
		{"of a class that nobody knows, by its row alone", func(r *inventory.Record) { r.StorageClass, r.ETag, r.LastModified = "NULL", "", time.Time{} }, nil, noLine, inPlace, NotDone},
		{"under a key by its row alone", func(r *inventory.Record) { r.Encryption, r.ETag, r.LastModified = inventory.SSEKMS, "", time.Time{} }, nil, noLine,
			func(h *plan.Head) { plain(h); h.LastModified = began.Add(-time.Hour) }, NotDone},
		{"under a key by its row alone, and written since the job began", func(r *inventory.Record) { r.Encryption, r.ETag, r.LastModified = inventory.SSEKMS, "", time.Time{} }, nil, noLine,
			func(h *plan.Head) { plain(h); h.LastModified = began.Add(time.Hour) }, ChangedNotUnderKey},
		{"under a key by its row alone, and written since its time", func(r *inventory.Record) { r.Encryption, r.ETag = inventory.SSEKMS, "" }, nil, noLine,
			func(h *plan.Head) { plain(h); h.LastModified = began.Add(-time.Hour) }, ChangedNotUnderKey},
		{"gone at the run by a row without an ETag, and there now", func(r *inventory.Record) { r.ETag = "" }, nil, Promise{State: Settled, Line: true, Skipped: true, Reason: plan.Gone, Size: -1}, plain, ChangedNotUnderKey},

		{"failed before it was re-encrypted", nil, nil, Promise{State: Failed, Line: true, Reason: plan.Unfaithful, Error: "no date"}, inPlace, NotDone},
		{"re-encrypted, and tags lost", nil, nil, Promise{State: Failed, Line: true, Reason: plan.Unfaithful, Error: plan.NotKept([]plan.Attribute{plan.Tags})}, nil, LostAttribute},
		{"re-encrypted, and a loss that was accepted", nil, nil, Promise{State: Failed, Line: true, Reason: plan.Unfaithful, Error: plan.NotKept([]plan.Attribute{plan.Expires})}, nil, LostAttribute},
	} {
		p := aPolicy()
		if tt.policy != nil {
			tt.policy(p)
		}
		row := aRow(tt.row)
		task := p.Decide(&row)
		j := Judge{Policy: p, Accepted: []plan.Attribute{plan.Expires}}
		if f, ok := j.Unlooked(&task, &tt.promise); ok {
			t.Errorf("%s: %s without a look", tt.name, f.Verdict)
			continue
		}
		f := j.Look(&task, &tt.promise, aHead(tt.head))
		if f.Verdict != tt.want {
			t.Errorf("%s: %s (%s, %q), want %s", tt.name, f.Verdict, f.Reason, f.Why, tt.want)
		}
		if f.Verdict.Grade() != Fine && f.Why == "" {
			t.Errorf("%s: %s without a word of why", tt.name, f.Verdict)
		}
	}
}

// What needs no look: what the job did not do, and what no write changes.
func TestJudgeWithoutALook(t *testing.T) {
	for _, tt := range []struct {
		name    string
		row     func(*inventory.Record)
		promise Promise
		want    Verdict // "" where a look is needed
	}{
		{"not reached", nil, Promise{}, NotDone},
		{"failed", nil, Promise{State: Failed, Line: true, Reason: plan.Denied}, NotDone},
		{"failed, and its line lost", nil, Promise{State: Failed}, NotDone},
		{"done", nil, Promise{State: Settled}, ""},
		{"filtered", func(r *inventory.Record) { r.Key = "logs/1" }, Promise{}, LeftAlone},
		{"an old delete marker", func(r *inventory.Record) { r.IsDeleteMarker, r.IsLatest = true, false }, Promise{State: Settled}, LeftAlone},
		{"a current delete marker", func(r *inventory.Record) { r.IsDeleteMarker = true }, Promise{}, ""},
		{"a delete marker by its version", func(r *inventory.Record) {
			r.IsDeleteMarker, r.VersionID, r.Known = true, "v9", r.Known.Without(inventory.ColumnsOf(inventory.ColIsLatest)).With(inventory.ColVersionID)
		}, Promise{State: Settled}, LeftAlone},
		{"a delete marker without a version", func(r *inventory.Record) {
			r.IsDeleteMarker, r.Known = true, r.Known.Without(inventory.ColumnsOf(inventory.ColIsLatest, inventory.ColVersionID))
		}, Promise{}, ""},
		{"a row that is no more", func(r *inventory.Record) { r.Removed = true }, Promise{State: Settled}, LeftAlone},
		{"encrypted before, not reached", func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, Promise{}, ""},
		{"of another bucket", func(r *inventory.Record) { r.Bucket = "c" }, Promise{}, NotDone},
		{"an old version that is not named", func(r *inventory.Record) {
			r.IsLatest, r.VersionID, r.Known = false, "", r.Known.Without(inventory.ColumnsOf(inventory.ColVersionID))
		}, Promise{State: Failed}, NotDone},
		{"of another bucket, and failed", func(r *inventory.Record) { r.Bucket = "c" }, Promise{State: Failed}, NotDone},
	} {
		p := aPolicy()
		p.Options.Exclude = []string{"logs/"}
		row := aRow(tt.row)
		task := p.Decide(&row)
		j := Judge{Policy: p}
		f, ok := j.Unlooked(&task, &tt.promise)
		if ok != (tt.want != "") || ok && f.Verdict != tt.want {
			t.Errorf("%s: %s, %v, want %q", tt.name, f.Verdict, ok, tt.want)
		}
	}
}

// What a generation did not do, and no later one either, is left, whatever the reports of
// these had in them. A look says so; of a row that names no object there is none.
func TestJudgeLooksAtWhatAnEarlierGenerationLeft(t *testing.T) {
	t.Parallel()
	p := aPolicy()
	row := aRow(nil)
	task := p.Decide(&row)
	j := Judge{Policy: p, Superseded: true}
	failed, lost := Promise{State: Failed, Line: true, Reason: plan.Denied}, Promise{State: Failed, Line: true, Reason: plan.Unfaithful, Error: "lost Expires"}
	for name, promise := range map[string]Promise{"failed": failed, "not reached": {}} {
		if f, ok := j.Unlooked(&task, &promise); ok {
			t.Errorf("%s: %s without a look", name, f.Verdict)
		}
		if f := j.Look(&task, &promise, aHead(nil)); f.Verdict != ChangedUnderKey {
			t.Errorf("%s, and under the key now: %s (%s)", name, f.Verdict, f.Why)
		}
		if f := j.Look(&task, &promise, aHead(inPlace)); f.Verdict != NotDone || f.Reason != promise.Reason {
			t.Errorf("%s, and under SSE-S3 still: %s, %s (%s)", name, f.Verdict, f.Reason, f.Why)
		}
	}
	if f := j.Look(&task, &lost, aHead(nil)); f.Verdict != LostAttribute {
		t.Errorf("lost something: %s (%s)", f.Verdict, f.Why)
	}
	unnamed := aRow(func(r *inventory.Record) { r.Key, r.Known = "", r.Known.Without(inventory.ColumnsOf(inventory.ColKey)) })
	task = p.Decide(&unnamed)
	if f, ok := j.Unlooked(&task, &Promise{State: Failed}); !ok || f.Verdict != NotDone {
		t.Errorf("a row without a key: %s, %v", f.Verdict, ok)
	}
}

// A snapshot shows what a HeadObject does not, and what nobody was told is neither
// proven nor lost.
func TestJudgeCompares(t *testing.T) {
	before := &plan.Snapshot{Head: *aHead(inPlace), Tags: plan.Saw([]plan.Tag{{Key: "team", Value: "film"}}), Body: plan.Saw("00"), LocksShown: true}
	for _, tt := range []struct {
		name      string
		edit      func(*plan.Snapshot)
		want      Verdict
		body      plan.BodyProof
		unchecked bool
	}{
		{"the same", nil, Proven, plan.BodyProven, false},
		{"a tag lost", func(s *plan.Snapshot) { s.Tags = plan.Saw([]plan.Tag{}) }, LostAttribute, plan.BodyProven, false},
		{"tags not told", func(s *plan.Snapshot) { s.Tags = plan.Seen[[]plan.Tag]{} }, Proven, plan.BodyProven, true},
		{"other data", func(s *plan.Snapshot) { s.Body = plan.Saw("01") }, LostAttribute, "", false},
		{"overwritten", func(s *plan.Snapshot) { s.Head.ETag, s.Tags = "newer", plan.Saw([]plan.Tag{}) }, ChangedUnderKey, "", false},
	} {
		after := *before
		after.Head = *aHead(nil)
		if tt.edit != nil {
			tt.edit(&after)
		}
		p := aPolicy()
		row := aRow(nil)
		task, promise := p.Decide(&row), done("after", "")
		j := Judge{Policy: p}
		f := j.Compare(&task, &promise, before, &after, began)
		tags := false
		for _, a := range f.Unchecked {
			tags = tags || a == plan.Tags
		}
		if f.Verdict != tt.want || f.Body != tt.body || tags != tt.unchecked {
			t.Errorf("%s: %s, %q, not checked %v (%s), want %s, %q", tt.name, f.Verdict, f.Body, f.Unchecked, f.Why, tt.want, tt.body)
		}
	}
}
