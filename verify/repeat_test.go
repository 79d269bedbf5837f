package verify

import (
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// at makes p one of a row that was settled at a time.
func at(p Promise, when time.Time) Promise {
	p.Began, p.Time = when, when
	return p
}

// An object that was found done is proven by what the look then showed, whatever its
// line calls the action, and nothing is said of what it was before.
func TestJudgeOfARepeat(t *testing.T) {
	t.Parallel()
	tagged := func(edit func(*plan.Head), tags ...plan.Tag) *plan.Snapshot {
		return &plan.Snapshot{Head: *aHead(edit), Tags: plan.Saw(tags), Body: plan.Saw("00"), LocksShown: true}
	}
	repeat := done("after", "")
	repeat.Reason = report.Repeat
	tag := plan.Tag{Key: "team", Value: "film"}
	before := func(h *plan.Head) { inPlace(h); h.ETag = "before" }
	for _, tt := range []struct {
		name   string
		before *plan.Snapshot
		after  *plan.Snapshot
		want   Verdict
		apart  bool
	}{
		{"no snapshot", nil, tagged(nil, tag), Proven, true},
		{"a snapshot of what it was", tagged(before, tag), tagged(nil, tag), Proven, false},
		{"a snapshot of what it was, and a loss", tagged(before, tag), tagged(nil), LostAttribute, false},
		{"a snapshot of what it is", tagged(nil, tag), tagged(nil, tag), Proven, true},
		{"another bucket key than asked for", nil, tagged(func(h *plan.Head) { h.BucketKey = false }, tag), ChangedUnderKey, false},
		{"a snapshot of what it was, and another bucket key", tagged(before, tag), tagged(func(h *plan.Head) { h.BucketKey = false }), ChangedUnderKey, false},
		{"written since", nil, tagged(func(h *plan.Head) { h.ETag, h.LastModified = "newer", began.Add(time.Hour) }), ChangedUnderKey, false},
	} {
		p := aPolicy()
		rec := aRow(nil)
		task := claimedTask(p, &rec, plan.Skip.String())
		j, promise := Judge{Policy: p}, at(repeat, began.Add(time.Second))
		var f Finding
		if tt.before == nil {
			f = j.Look(&task, &promise, &tt.after.Head)
		} else {
			task.Action = plan.Skip // as older versions had it
			f = j.Compare(&task, &promise, tt.before, tt.after, began)
		}
		if f.Verdict != tt.want || f.Uncompared != tt.apart {
			t.Errorf("%s: %s (%q), attributes not compared %t; want %s, %t", tt.name, f.Verdict, f.Why, f.Uncompared, tt.want, tt.apart)
		}
		var tally Tally
		if tally.Add(&f); (tally.Uncompared == 1) != tt.apart {
			t.Errorf("%s: %d counted apart", tt.name, tally.Uncompared)
		}
	}
}

// An ETag that no answer named is another client's only where the object was
// written later, or is another version; else it is compared.
func TestJudgeOfAWrongETag(t *testing.T) {
	t.Parallel()
	settled := began.Add(1500 * time.Millisecond)
	tag := plan.Tag{Key: "team", Value: "film"}
	before := &plan.Snapshot{Head: *aHead(inPlace), Tags: plan.Saw([]plan.Tag{tag}), Body: plan.Saw("00"), LocksShown: true}
	for _, tt := range []struct {
		name    string
		promise Promise
		edit    func(*plan.Snapshot)
		want    Verdict
		said    bool
	}{
		{"as before", at(done("wrong", ""), settled), nil, Proven, true},
		{"tags lost", at(done("wrong", ""), settled), func(s *plan.Snapshot) { s.Tags = plan.Saw([]plan.Tag{}) }, LostAttribute, true},
		{"tags lost in the second of the answer", at(done("wrong", ""), settled), func(s *plan.Snapshot) {
			s.Tags, s.Head.LastModified = plan.Saw([]plan.Tag{}), began.Add(time.Second)
		}, ChangedUnderKey, false},
		{"written later", at(done("wrong", ""), settled), func(s *plan.Snapshot) {
			s.Tags, s.Head.LastModified = plan.Saw([]plan.Tag{}), began.Add(2*time.Second)
		}, ChangedUnderKey, false},
		{"another version", at(done("wrong", "v1"), settled), func(s *plan.Snapshot) { s.Tags, s.Head.VersionID = plan.Saw([]plan.Tag{}), "v2" }, ChangedUnderKey, false},
		{"other data of the same second", at(done("wrong", ""), settled), func(s *plan.Snapshot) { s.Body = plan.Saw("01") }, ChangedUnderKey, false},
		{"another size of the same second", at(done("wrong", ""), settled), func(s *plan.Snapshot) { s.Head.Size = 3 }, ChangedUnderKey, false},
		{"nobody knows when", done("wrong", ""), func(s *plan.Snapshot) { s.Tags = plan.Saw([]plan.Tag{}) }, ChangedUnderKey, false},
	} {
		after := *before
		after.Head = *aHead(nil)
		if tt.edit != nil {
			tt.edit(&after)
		}
		p := aPolicy()
		row := aRow(nil)
		task, j := p.Decide(&row), Judge{Policy: p}
		f := j.Compare(&task, &tt.promise, before, &after, began)
		if f.Verdict != tt.want || f.Contradicted != tt.said || f.Verdict == LostAttribute && !strings.Contains(f.Why, "its ETag is not the one that the answer") {
			t.Errorf("%s: %s (%q), contradicted %t; want %s, %t", tt.name, f.Verdict, f.Why, f.Contradicted, tt.want, tt.said)
		}
	}
}

// An object that is not encrypted, and that nobody wrote since, is no client's doing.
func TestJudgeOfAnEndpointThatDidNotEncrypt(t *testing.T) {
	t.Parallel()
	settled := began.Add(time.Second)
	failed := func(lost ...plan.Attribute) Promise {
		return Promise{State: Failed, Line: true, Reason: plan.Unfaithful, Error: plan.NotKept(lost), Size: 1000, Time: settled}
	}
	repeat := at(done("after", ""), settled)
	repeat.Reason = report.Repeat
	later := func(h *plan.Head) { inPlace(h); h.LastModified = settled.Add(time.Second) }
	for _, tt := range []struct {
		name    string
		promise Promise
		head    func(*plan.Head)
		want    Verdict
	}{
		{"failed for it", failed(plan.Encryption), inPlace, NeverUnderKey},
		{"failed for it, and written since", failed(plan.Encryption), later, ChangedNotUnderKey},
		{"failed for it, and encrypted since", failed(plan.Encryption), nil, ChangedUnderKey},
		{"failed for tags as well, and encrypted since", failed(plan.Tags, plan.Encryption), nil, LostAttribute},
		{"done, by the answer", at(done("after", ""), settled), inPlace, NeverUnderKey},
		{"done, by an answer with a wrong ETag", at(done("wrong", ""), settled), inPlace, NeverUnderKey},
		{"done, by an answer with a wrong ETag, and written in its second", at(done("wrong", ""), settled), func(h *plan.Head) { inPlace(h); h.LastModified = settled }, ChangedNotUnderKey},
		{"done, by an answer with a wrong ETag, and written while it was done", took(at(done("wrong", ""), settled), time.Second), inPlace, ChangedNotUnderKey},
		{"done, by an answer with a wrong ETag, and of another size", at(done("wrong", ""), settled), func(h *plan.Head) { inPlace(h); h.Size = 3 }, ChangedNotUnderKey},
		{"done, and written since", at(done("after", ""), settled), later, ChangedNotUnderKey},
		{"done, and moved to another key in place", at(done("after", ""), settled), func(h *plan.Head) { h.KMSKeyID = otherKey }, ChangedNotUnderKey},
		{"seen under the key by the run", repeat, inPlace, ChangedNotUnderKey},
	} {
		p := aPolicy()
		row := aRow(nil)
		task, j := p.Decide(&row), Judge{Policy: p}
		f := j.Look(&task, &tt.promise, aHead(tt.head))
		if f.Verdict != tt.want || strings.Contains(f.Why, "the endpoint said aws:kms and did not encrypt") != (tt.want == NeverUnderKey) {
			t.Errorf("%s: %s (%q), want %s", tt.name, f.Verdict, f.Why, tt.want)
		}
	}
}

// A line says when its row was settled.
func TestAccountKeepsTheTime(t *testing.T) {
	t.Parallel()
	a := account{errors: map[int64]string{}, newer: map[int64]restated{}}
	a.take(&report.Line{Status: engine.Done.String(), ETagAfter: "e", Time: began}, func(inventory.Position) bool { return true })
	if len(a.entries) != 1 || a.entries[0].at != began.UnixMilli() {
		t.Errorf("%+v", a.entries)
	}
}

// took is p of an object that was begun that long before.
func took(p Promise, d time.Duration) Promise {
	p.Began = p.Time.Add(-d)
	return p
}

// Other data shows that somebody wrote an object, whatever its date says.
func TestOtherDataIsNoFaultOfTheEndpoint(t *testing.T) {
	t.Parallel()
	before := &plan.Snapshot{Head: *aHead(inPlace), Body: plan.Saw("00"), LocksShown: true}
	after := *before
	after.Body = plan.Saw("01")
	rec, promise := aRow(nil), at(done("after", ""), began.Add(time.Second))
	p := aPolicy()
	task, j := p.Decide(&rec), Judge{Policy: p}
	if f := j.Compare(&task, &promise, before, &after, began); f.Verdict != ChangedNotUnderKey {
		t.Errorf("%s (%s)", f.Verdict, f.Why)
	}
}
