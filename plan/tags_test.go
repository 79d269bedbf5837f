package plan

import (
	"testing"

	"reseal/inventory"
)

func TestSelectsTags(t *testing.T) {
	tags := []Tag{{"team", "data"}, {"stage", "prod/eu +1"}, {"empty", ""}, {"Team", "x=y"}}
	for _, tt := range []struct {
		want []string
		yes  bool
	}{
		{nil, true},
		{[]string{"team=data"}, true},
		{[]string{"team"}, true},
		{[]string{"team=Data"}, false},
		{[]string{"TEAM"}, false},
		{[]string{"team="}, false},
		{[]string{"empty="}, true},
		{[]string{"Team=x=y"}, true},
		{[]string{"team=data", "stage=prod/eu +1"}, true},
		{[]string{"team=data", "stage=test"}, false},
		{[]string{"team", "other"}, false},
	} {
		o := Options{Tags: tt.want}
		if got := o.SelectsTags(tags); got != tt.yes {
			t.Errorf("%q of %v: %v, want %v", tt.want, tags, got, tt.yes)
		}
		if got := o.SelectsTags(nil); got != (tt.want == nil) {
			t.Errorf("%q of no tags: %v", tt.want, got)
		}
	}
}

// tagged is a policy that selects by a tag.
func tagged(edit func(*Policy)) *Policy {
	return policy(func(p *Policy) {
		p.Options.Tags = []string{"team=data"}
		if edit != nil {
			edit(p)
		}
	})
}

// An object that a tag selects is looked at first, whatever else is known, and its tags
// are in the demand: once, also where a copy in parts needs them.
func TestTagsAreReadByALook(t *testing.T) {
	trusting := func(p *Policy) { p.Options.TrustInventory = true }
	update := func(p *Policy) { p.Options.Method = MethodUpdate }
	large := func(r *inventory.Record) { r.Size = SingleCopyLimit + 1 }
	for name, tt := range map[string]struct {
		edit func(*Policy)
		row  func(*inventory.Record)
		more int64 // requests that read beside those of the same job without tags
	}{
		"copy":     {nil, nil, 2},
		"trusting": {trusting, nil, 2},
		"update":   {update, nil, 2},
		"in parts": {nil, large, 0}, // the look and the tags, which it takes anyway
	} {
		with, without := tagged(tt.edit).Decide(row(tt.row)), policy(tt.edit).Decide(row(tt.row))
		if !with.NeedHead || with.Action != without.Action {
			t.Errorf("%s: action %s, looked at first: %v", name, with.Action, with.NeedHead)
		}
		if name == "update" && without.NeedHead {
			t.Fatal("an update of a pinned version needs a look anyway")
		}
		got, want := with.Demand, without.Demand
		want.Reads.Max += tt.more
		if got.Reads.Max != want.Reads.Max || got.Writes != want.Writes || got.KMS != want.KMS {
			t.Errorf("%s: demand %+v, want %+v", name, got, want)
		}
		if got.Reads.Min < 2 {
			t.Errorf("%s: %d requests at least, although the look and the tags are sure", name, got.Reads.Min)
		}
	}
}

// What a look shows to be too large for one request was looked at as for one: the copy in
// parts may have to read the tags of another version than the look did.
func TestTagsOfWhatTurnsOutLarge(t *testing.T) {
	unsized := row(func(r *inventory.Record) { r.Size = -1 })
	head := &Head{ETag: "e", VersionID: "v1", Size: SingleCopyLimit + 1, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: -1}
	without := policy(nil).DecideHead(policy(nil).Decide(unsized), head)
	head.TagsRead = &TagsRead{Tags: []Tag{{"team", "data"}}}
	with := tagged(nil).DecideHead(tagged(nil).Decide(unsized), head)
	if with.Action != MultipartCopy || without.Action != MultipartCopy {
		t.Fatalf("%s and %s, want copies in parts", with.Action, without.Action)
	}
	if got, want := with.Demand.Reads, (Range{without.Demand.Reads.Min, without.Demand.Reads.Max + 1}); got != want {
		t.Errorf("%+v reads, want %+v", got, want)
	}
}

// Tags decide after the encryption: what is done already is that, with or without them.
func TestDecideByTags(t *testing.T) {
	data, other := &TagsRead{Tags: []Tag{{"team", "data"}}}, &TagsRead{Tags: []Tag{{"team", "x"}}}
	head := func(e inventory.Encryption, read *TagsRead) *Head {
		return &Head{ETag: "e", VersionID: "v1", Size: 1000, StorageClass: inventory.Standard, Encryption: e, KMSKeyID: keyARN, BucketKey: true, TagCount: -1, TagsRead: read}
	}
	for name, tt := range map[string]struct {
		head   *Head
		action Action
		reason Reason
		reads  int64
	}{
		"has it":        {head(inventory.SSES3, data), Copy, "", 2},
		"has it not":    {head(inventory.SSES3, other), Skip, Filtered, 2},
		"has none":      {head(inventory.SSES3, &TagsRead{}), Skip, Filtered, 2},
		"not read":      {head(inventory.SSES3, nil), Copy, "", 2}, // the writer refuses it
		"done already":  {head(inventory.SSEKMS, nil), Skip, AlreadyEncrypted, 1},
		"done, without": {head(inventory.SSEKMS, other), Skip, AlreadyEncrypted, 2},
	} {
		p := tagged(nil)
		got := p.DecideHead(p.Decide(row(nil)), tt.head)
		if got.Action != tt.action || got.Reason != tt.reason || got.Demand.Reads.Max != tt.reads {
			t.Errorf("%s: %s %q with %d requests, want %s %q with %d", name, got.Action, got.Reason, got.Demand.Reads.Max, tt.action, tt.reason, tt.reads)
		}
	}
}

func TestNeedsTags(t *testing.T) {
	for name, tt := range map[string]struct {
		options Options
		head    Head
		want    bool
	}{
		"not asked for":       {Options{SSE: TargetKMS}, Head{Encryption: inventory.SSES3}, false},
		"to be done":          {Options{SSE: TargetKMS, Tags: []string{"a"}}, Head{Encryption: inventory.SSES3}, true},
		"unknown":             {Options{SSE: TargetKMS, Tags: []string{"a"}}, Head{}, true},
		"done":                {Options{SSE: TargetKMS, Tags: []string{"a"}}, Head{Encryption: inventory.SSEKMS}, false},
		"another key":         {Options{SSE: TargetKMS, Tags: []string{"a"}, Rekey: true, KMSKeyID: keyARN}, Head{Encryption: inventory.SSEKMS, KMSKeyID: otherARN}, true},
		"the key":             {Options{SSE: TargetKMS, Tags: []string{"a"}, Rekey: true, KMSKeyID: keyARN}, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, false},
		"another bucket key":  {Options{SSE: TargetKMS, Tags: []string{"a"}, Rekey: true, KMSKeyID: keyARN, BucketKey: true}, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, true},
		"back":                {Options{SSE: TargetAES256, Tags: []string{"a"}}, Head{Encryption: inventory.SSEKMS}, true},
		"back already":        {Options{SSE: TargetAES256, Tags: []string{"a"}}, Head{Encryption: inventory.SSES3}, false},
		"of a customer's key": {Options{SSE: TargetKMS, Tags: []string{"a"}}, Head{Encryption: inventory.SSEC}, false},
	} {
		if got := tt.options.NeedsTags(&tt.head); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
