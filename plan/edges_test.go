package plan

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
)

// TestCompareSaysWhy: what an object is, against what it was to be.
func TestCompareSaysWhy(t *testing.T) {
	good := Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, Size: 1000, StorageClass: inventory.Standard}
	for _, tt := range []struct {
		edit func(*Head)
		why  string
	}{
		{func(h *Head) { h.Encryption = "" }, "encryption is none, not aws:kms"},
		{func(h *Head) { h.Encryption = inventory.SSES3 }, "encryption is " + string(inventory.SSES3) + ", not aws:kms"},
		{func(h *Head) { h.KMSKeyID = otherARN }, "under " + otherARN + ", not " + keyARN},
		{func(h *Head) { h.Size = 999 }, "999 bytes, not 1000"},
		{func(h *Head) { h.StorageClass = inventory.Glacier }, "storage class is GLACIER, not STANDARD"},
	} {
		p, h := policy(nil), good
		tt.edit(&h)
		task := p.Decide(row(nil))
		if _, why := p.Compare(&task, &h, time.Now()); why != tt.why {
			t.Errorf("%q, want %q", why, tt.why)
		}
	}
	p, h := policy(nil), good
	task := p.Decide(row(func(r *inventory.Record) { r.Size, r.StorageClass = -1, "" }))
	if v, why := p.Compare(&task, &h, time.Now()); v != Proven {
		t.Errorf("a row without size and class: %s, %s; want %s", v, why, Proven)
	}
	task = p.Decide(row(func(r *inventory.Record) { r.Size = 0 }))
	if v, _ := p.Compare(&task, &h, time.Now()); v != SizeDiffers {
		t.Errorf("an empty object that has grown: %s, want %s", v, SizeDiffers)
	}
	if h.LastModified = time.Now(); !h.LastModified.IsZero() {
		h.Size = 999
		if v, _ := p.Compare(&task, &h, h.LastModified); v != SizeDiffers {
			t.Errorf("written in the moment of the job's last write: %s, want %s", v, SizeDiffers)
		}
	}
}

// TestMD5Of: an ETag is the MD5 of the data only of an object that was written as
// a whole, and not under a key.
func TestMD5Of(t *testing.T) {
	const md5 = "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		name string
		row  inventory.Record
		want string
	}{
		{"SSE-S3", inventory.Record{ETag: md5, Encryption: inventory.SSES3}, md5},
		{"no encryption", inventory.Record{ETag: md5, Encryption: inventory.NotSSE}, md5},
		{"SSE-KMS", inventory.Record{ETag: md5, Encryption: inventory.SSEKMS}, ""},
		{"not known", inventory.Record{ETag: md5}, ""},
		{"in parts", inventory.Record{ETag: md5, Encryption: inventory.SSES3, IsMultipart: true}, ""},
		{"in parts, by its form", inventory.Record{ETag: md5 + "-2", Encryption: inventory.SSES3}, ""},
		{"too short", inventory.Record{ETag: md5[1:], Encryption: inventory.SSES3}, ""},
		{"no hex, above", inventory.Record{ETag: "g" + md5[1:], Encryption: inventory.SSES3}, ""},
		{"no hex, between", inventory.Record{ETag: ":" + md5[1:], Encryption: inventory.SSES3}, ""},
		{"no hex, below letters", inventory.Record{ETag: "`" + md5[1:], Encryption: inventory.SSES3}, ""},
		{"no hex, below", inventory.Record{ETag: "/" + md5[1:], Encryption: inventory.SSES3}, ""},
		{"the ends of what is hex", inventory.Record{ETag: strings.Repeat("09af", 8), Encryption: inventory.SSES3}, strings.Repeat("09af", 8)},
	} {
		if got := MD5Of(&tt.row); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEdgesOfFilters: both ends of a range of sizes are in it, and a size of 0 is
// a size.
func TestEdgesOfFilters(t *testing.T) {
	for _, tt := range []struct {
		size, least, most int64
		reason            Reason
	}{
		{0, 1, 0, Filtered},
		{0, 0, 0, ""},
		{1, 1, 0, ""},
		{1000, 0, 1000, ""},
		{1001, 0, 1000, Filtered},
		{-1, 1, 1000, ""},
	} {
		p := policy(func(p *Policy) { p.Options.MinSize, p.Options.MaxSize = tt.least, tt.most })
		if got := p.Decide(row(func(r *inventory.Record) { r.Size = tt.size })); got.Reason != tt.reason {
			t.Errorf("%d bytes, filter %d to %d: reason %q, want %q", tt.size, tt.least, tt.most, got.Reason, tt.reason)
		}
	}
	none := &Policy{Options: Options{Bucket: "b", Method: MethodCopy, SSE: TargetKMS, KMSKeyID: keyARN}, Facts: quietFacts, Weights: DefaultWeights(false)}
	if got := none.Decide(row(nil)); got.Action != Copy {
		t.Errorf("no threshold for copies in parts: %v, want %v", got.Action, Copy)
	}
}

// TestDemandOfLocks: HeadObject may hide locks, so a copy may ask for both kinds,
// in one request or in parts; an update does not.
func TestDemandOfLocks(t *testing.T) {
	locked := func(p *Policy) { p.Facts.ObjectLock = Yes }
	head := &Head{ETag: "e", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	more := func(edit func(*Policy), look bool) Range {
		reads := func(p *Policy) Range {
			p.Now = evaluated
			task := p.Decide(row(nil))
			if !task.NeedHead {
				task.NeedHead = true
			}
			if look {
				task = p.DecideHead(task, head)
			}
			return task.Demand.Reads
		}
		both := func(p *Policy) { edit(p); p.Options.InspectAll = true }
		with, without := reads(policy(func(p *Policy) { both(p); locked(p) })), reads(policy(both))
		return Range{with.Min - without.Min, with.Max - without.Max}
	}
	for _, tt := range []struct {
		name string
		edit func(*Policy)
		want Range
	}{
		{"copy", func(*Policy) {}, Range{0, 2}},
		{"in parts", func(p *Policy) { p.Options.CopyVia = ViaMultipart }, Range{0, 2}},
		{"update", func(p *Policy) { p.Options.Method = MethodUpdate }, Range{}},
	} {
		for _, look := range []bool{false, true} {
			if got := more(tt.edit, look); got != tt.want {
				t.Errorf("%s, object looked at: %t: %+v reads more with object lock, want %+v", tt.name, look, got, tt.want)
			}
		}
	}
	// What is not known of locks before a run may turn out to be none.
	for fact, want := range map[Answer]Range{No: Exactly(1), Unknown: {1, 2}, Yes: Exactly(2)} {
		task := updating(func(p *Policy) { p.Facts.ObjectLock = fact }).Decide(row(nil))
		if task.Demand.Reads != want {
			t.Errorf("update, object lock %v: reads %+v, want %+v", fact, task.Demand.Reads, want)
		}
	}
}

// TestDemandOfASnapshot: what is read of an object to remember it.
func TestDemandOfASnapshot(t *testing.T) {
	for _, tt := range []struct {
		name  string
		facts func(*Facts)
		row   func(*inventory.Record)
		reads Range
	}{
		{"all", nil, nil, Exactly(4)}, // HEAD, tags, annotations, body
		{"a body of just the limit", nil, func(r *inventory.Record) { r.Size = SnapshotBody }, Exactly(4)},
		{"a body above it", nil, func(r *inventory.Record) { r.Size = SnapshotBody + 1 }, Exactly(3)},
		{"an empty body", nil, func(r *inventory.Record) { r.Size = 0 }, Exactly(4)},
		{"of a size that is not known", nil, func(r *inventory.Record) { r.Size = -1 }, Range{3, 4}},
		{"archived", nil, func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, Exactly(3)},
		{"deep archived", nil, func(r *inventory.Record) { r.StorageClass = inventory.DeepArchive }, Exactly(3)},
		{"in an archive tier", nil, func(r *inventory.Record) { r.Tier = "ARCHIVE" }, Exactly(3)},
		{"in the deep one", nil, func(r *inventory.Record) { r.Tier = "DEEP_ARCHIVE" }, Exactly(3)},
		{"with ACLs", func(f *Facts) { f.ACLs = Yes }, nil, Exactly(5)},
		{"with ACLs, perhaps", func(f *Facts) { f.ACLs = Unknown }, nil, Range{4, 5}},
		{"elsewhere there are no annotations", func(f *Facts) { f.AWS = No }, nil, Exactly(3)},
		{"elsewhere, perhaps", func(f *Facts) { f.AWS = Unknown }, nil, Range{3, 4}},
	} {
		p := policy(func(p *Policy) {
			if tt.facts != nil {
				tt.facts(&p.Facts)
			}
		})
		task := p.Decide(row(tt.row))
		if got := p.SnapshotDemand(&task, false); got.Reads != tt.reads || got.Writes != Exactly(0) || got.KMS != Exactly(0) {
			t.Errorf("%s: %+v, want %+v reads and nothing else", tt.name, got, tt.reads)
		}
		if got := p.SnapshotDemand(&task, true); got.KMS.Max < 1 || got.KMS.Max > 2 {
			t.Errorf("%s, under SSE-KMS: %+v, want the checksum and the body decrypted", tt.name, got.KMS)
		}
	}
}

// TestDemandOfPartsByWhatIsKept: what a copy in parts may have to bring over after
// its completion depends on what the bucket keeps of the version before.
func TestDemandOfPartsByWhatIsKept(t *testing.T) {
	reads := map[Versioning]map[int]Range{}
	for _, v := range []Versioning{VersioningUnknown, Unversioned, VersioningEnabled, VersioningSuspended} {
		reads[v] = map[int]Range{}
		for _, tags := range []int{0, 1, -1} {
			p := policy(func(p *Policy) { p.Facts.Versioning, p.Options.CopyVia = v, ViaMultipart })
			head := &Head{ETag: "e", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: tags}
			d := p.DecideHead(p.Decide(row(nil)), head).Demand
			reads[v][tags] = d.Reads
			if wantPut := v != Unversioned || tags != 0; (d.Writes.Max == 4) != wantPut || d.Writes.Min != 3 {
				t.Errorf("%v, %d tags: writes %+v, tags put again: want %t", v, tags, d.Writes, wantPut)
			}
		}
	}
	// HEAD, annotations twice, checksum, HEAD, proof; tags twice; then what is owed.
	want := map[Versioning]map[int]Range{
		Unversioned:         {0: {6, 6}, 1: {8, 9}, -1: {8, 9}},
		VersioningEnabled:   {0: {8, 10}, 1: {10, 12}, -1: {10, 12}},
		VersioningSuspended: {0: {6, 10}, 1: {8, 12}, -1: {8, 12}},
		VersioningUnknown:   {0: {6, 10}, 1: {8, 12}, -1: {8, 12}},
	}
	for v, byTags := range want {
		for tags, r := range byTags {
			if reads[v][tags] != r {
				t.Errorf("%v, %d tags: reads %+v, want %+v", v, tags, reads[v][tags], r)
			}
		}
	}
}

// TestEdgesOfNumbers: the last number that fits is itself.
func TestEdgesOfNumbers(t *testing.T) {
	if got, want := (Range{0, math.MaxInt64 / 2}).Times(2), (Range{0, math.MaxInt64 - 1}); got != want {
		t.Errorf("twice the half: %+v, want %+v", got, want)
	}
	for size, want := range map[int64]int64{
		-1: 1 << 30, 0: 1 << 30, 10_000 << 30: 1 << 30, 10_000<<30 + 1: 1<<30 + 256<<20,
		10_000 * (5 << 30): 5 << 30, 10_000*(5<<30) + 1: 5 << 30,
	} {
		if got := PartSize(size); got != want {
			t.Errorf("parts of an object of %d bytes: %d, want %d", size, got, want)
		}
	}
	for size, want := range map[int64]int64{-1: 1, 0: 1, 1: 1, 1 << 30: 1, 1<<30 + 1: 2} {
		if got := PartCount(size); got != want {
			t.Errorf("%d bytes: %d parts, want %d", size, got, want)
		}
	}
}

// TestSameKeyOfOddNames: an ARN whose beginning is missing is of another account
// than one that has it.
func TestSameKeyOfOddNames(t *testing.T) {
	const odd, id = ":key/1234abcd-12ab-34cd-56ef-1234567890ab", "1234abcd-12ab-34cd-56ef-1234567890ab"
	if !SameKey(odd, id) || !SameKey(id, odd) {
		t.Errorf("%s and %s are two keys", odd, id)
	}
	if SameKey(odd, keyARN) || SameKey(keyARN, odd) {
		t.Errorf("%s and %s are one key", odd, keyARN)
	}
}

// TestTagged: HeadObject does not tell everybody that there are tags.
func TestTagged(t *testing.T) {
	for count, known := range map[int]bool{-1: false, 0: true, 2: true} {
		n, ok := (&Head{TagCount: count}).Tagged().Get()
		if ok != known || known && n != count {
			t.Errorf("count %d: %d, known %t", count, n, ok)
		}
	}
}

// TestLocksThatAreHiddenAfterwards: where there was none before, nobody knows
// whether one was added; where there was one, it counts as lost.
func TestLocksThatAreHiddenAfterwards(t *testing.T) {
	hidden := fullSnapshot()
	hidden.LocksShown, hidden.Head.LockMode, hidden.Head.LockRetainUntil, hidden.Head.LegalHold = false, "", time.Time{}, ""
	free := fullSnapshot()
	free.Head.LockMode, free.Head.LockRetainUntil, free.Head.LegalHold = "", time.Time{}, ""
	if c := free.Compare(hidden, snapshotTime); len(c.Differences) != 0 || !slices.Equal(c.Unchecked, []Attribute{Retention, LegalHold}) {
		t.Errorf("none before: differences %v, not checked %s", c.Differences, Words(c.Unchecked))
	}
	c := fullSnapshot().Compare(hidden, snapshotTime)
	if !slices.Equal(c.Attributes(), []Attribute{Retention, LegalHold}) || len(c.Unchecked) != 0 {
		t.Errorf("both before: differences %v, not checked %s", c.Differences, Words(c.Unchecked))
	}
}

// TestSampleStays: a run that goes on with a job of an older version proves the
// rows that its plan counted.
func TestSampleStays(t *testing.T) {
	var got []inventory.Position
	for file := range 3 {
		for r := range int64(20) {
			if pos := (inventory.Position{File: file, Row: r}); Sampled(pos, 0.1, snapshotSeed) {
				got = append(got, pos)
			}
		}
	}
	want := []inventory.Position{{File: 0, Row: 4}, {File: 0, Row: 18}, {File: 1, Row: 0}, {File: 1, Row: 2}, {File: 1, Row: 6}, {File: 1, Row: 9}}
	if !slices.Equal(got, want) {
		t.Errorf("one row of ten: %v, want %v", got, want)
	}
}

// TestKindsOfOneSize: where two kinds have as many objects, the one that just got
// one more gives it up: each time, whatever the order of a map.
func TestKindsOfOneSize(t *testing.T) {
	p := policy(nil)
	for range 50 {
		k := NewRowPicker(3)
		for n, class := range []inventory.StorageClass{inventory.Standard, inventory.Standard, inventory.StandardIA, inventory.StandardIA} {
			task := p.Decide(row(func(r *inventory.Record) { r.Pos.Row, r.StorageClass = int64(n), class }))
			k.See(p, &task)
		}
		classes := map[inventory.StorageClass]int{}
		for _, r := range k.Chosen() {
			classes[r.Class]++
		}
		if classes[inventory.Standard] != 2 || classes[inventory.StandardIA] != 1 {
			t.Fatalf("chosen: %v, want two and one", classes)
		}
	}
}

// TestByNow: what was copied to a key is read through KMS, whatever it was under
// when it was decided on.
func TestByNow(t *testing.T) {
	for sse, now := range map[string]bool{TargetKMS: true, TargetAES256: false} {
		p := policy(func(p *Policy) { p.Options.SSE = sse })
		if got := p.ByNow(Task{}).FromKMS; got != now {
			t.Errorf("to %s: read through KMS %t, want %t", sse, got, now)
		}
		if !p.ByNow(Task{FromKMS: true}).FromKMS {
			t.Errorf("to %s: an object under a key is read without KMS", sse)
		}
	}
}

// TestTrialDemand: a trial reads the object before, under what it is, and after,
// under what it is to be.
func TestTrialDemand(t *testing.T) {
	for _, tt := range []struct {
		sse     string
		fromKMS bool
		decrypt int64
	}{
		{TargetKMS, false, 2}, {TargetKMS, true, 4}, {TargetAES256, true, 2}, {TargetAES256, false, 0},
	} {
		p := policy(func(p *Policy) { p.Options.SSE = tt.sse })
		if got := p.TrialDemand(&Task{Record: *row(nil), FromKMS: tt.fromKMS}); got.KMS != Exactly(tt.decrypt) || got.Reads != Exactly(8) {
			t.Errorf("to %s, under a key before: %t: %+v, want %d of KMS and 8 reads", tt.sse, tt.fromKMS, got, tt.decrypt)
		}
	}
}

// TestByWrite: what has a request of its own may be a client's doing, and so may
// new user metadata.
func TestByWrite(t *testing.T) {
	for _, tt := range []struct {
		d    Difference
		want bool
	}{
		{Difference{Attribute: ContentType, Change: WasChanged}, true},
		{Difference{Attribute: ContentType, Change: WasLost}, true},
		{Difference{Attribute: UserMetadata, Change: WasLost}, true},
		{Difference{Attribute: UserMetadata, Change: WasChanged}, false},
		{Difference{Attribute: Tags, Change: WasLost}, false},
	} {
		if got := tt.d.ByWrite(); got != tt.want {
			t.Errorf("%s %s: %t, want %t", tt.d.Attribute, tt.d.Change, got, tt.want)
		}
	}
}

// TestEventHoldsByYears: a hold may have days, years, both or neither.
func TestEventHoldsByYears(t *testing.T) {
	for want, h := range map[string]Head{
		"ON": {EventHold: "ON"}, "ON for 3 days, 0 years": {EventHold: "ON", EventHoldDays: 3},
		"ON for 0 days, 3 years": {EventHold: "ON", EventHoldYears: 3}, "ON for 3 days, 2 years": {EventHold: "ON", EventHoldDays: 3, EventHoldYears: 2},
	} {
		if got := h.eventHold(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, off := range []Head{{EventHold: "OFF", EventHoldDays: 3}, {EventHoldYears: 3}} {
		if got := off.eventHold(); got != "" {
			t.Errorf("no hold is %q", got)
		}
	}
}

// TestStoredChecksums: which changes of the stored checksum count.
func TestStoredChecksums(t *testing.T) {
	whole := Checksum{"CRC32", "FULL_OBJECT", "AAAA"}
	for _, tt := range []struct {
		name          string
		before, after Checksum
		want          []Attribute
	}{
		{"the same", whole, whole, nil},
		{"another value", whole, Checksum{"CRC32", "FULL_OBJECT", "BBBB"}, []Attribute{Body}},
		{"no value before", Checksum{"CRC32", "FULL_OBJECT", ""}, whole, nil},
		{"no value after", whole, Checksum{"CRC32", "FULL_OBJECT", ""}, nil},
		{"of parts after", whole, Checksum{"CRC32", "COMPOSITE", "BBBB"}, []Attribute{ChecksumType}},
		{"of parts before", Checksum{"CRC32", "COMPOSITE", "BBBB"}, whole, nil},
		{"of parts, others", Checksum{"CRC32", "COMPOSITE", "AAAA"}, Checksum{"CRC32", "COMPOSITE", "BBBB"}, nil},
		{"no type after", whole, Checksum{"CRC32", "", "BBBB"}, nil},
		{"no type before", Checksum{"CRC32", "", "AAAA"}, whole, nil},
		{"another algorithm", whole, Checksum{"SHA256", "FULL_OBJECT", "AAAA"}, []Attribute{ChecksumAlgorithm}},
		{"gained", Checksum{}, whole, nil},
		{"lost", whole, Checksum{}, []Attribute{ChecksumAlgorithm}},
	} {
		head := func(c Checksum) *Head {
			return &Head{ChecksumAsked: true, Checksum: c.Algorithm, ChecksumType: c.Type, ChecksumValue: c.Value}
		}
		c := CompareHeads(head(tt.before), head(tt.after), snapshotTime)
		if got := c.Attributes(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestCommits: which requests make an object what it is to be.
func TestCommits(t *testing.T) {
	for k := range NumSteps {
		want := k.String() == "CopyObject" || k.String() == "CompleteMultipartUpload" || k.String() == "UpdateObjectEncryption"
		if k.Commits() != want {
			t.Errorf("%s commits: %t, want %t", k, k.Commits(), want)
		}
	}
}

func TestDays(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 days", 1: "1 day", 2: "2 days", 364: "364 days", 365: "1 year", 366: "366 days", 730: "2 years",
	} {
		if got := Days(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestHidesTags: only an endpoint that is known to count tags in each answer says
// by its silence that there are none.
func TestHidesTags(t *testing.T) {
	for _, tt := range []struct {
		aws, counts Answer
		head        *Head
		want        bool
	}{
		{Yes, Unknown, nil, false},
		{No, Yes, nil, false},
		{No, Unknown, nil, true},
		{Unknown, No, nil, true},
		{No, No, &Head{TagCount: -1}, true},
		{No, No, &Head{TagCount: 0}, false},
		{No, No, &Head{TagCount: 2}, false},
	} {
		p := policy(func(p *Policy) { p.Facts.AWS, p.Facts.CountsTags = tt.aws, tt.counts })
		if got := p.HidesTags(tt.head); got != tt.want {
			t.Errorf("AWS %v, counts tags %v, %+v: %t, want %t", tt.aws, tt.counts, tt.head, got, tt.want)
		}
	}
}

// TestDemandOfTagsElsewhere: an object without tags asks for no more reads of them
// on another endpoint than on AWS; one with tags does.
func TestDemandOfTagsElsewhere(t *testing.T) {
	reads := func(aws Answer, tags int) Range {
		p := policy(func(p *Policy) {
			p.Facts.AWS, p.Facts.Versioning, p.Options.CopyVia = aws, Unversioned, ViaMultipart
		})
		head := &Head{ETag: "e", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: tags}
		return p.DecideHead(p.Decide(row(nil)), head).Demand.Reads
	}
	for tags, more := range map[int]int64{0: -2, 1: 0} { // annotations are listed twice on AWS alone
		if got := reads(No, tags).Max - reads(Yes, tags).Max; got != more {
			t.Errorf("%d tags: %d reads more than on AWS, want %d", tags, got, more)
		}
	}
}

// TestComesAlong: what an action takes from the object that it finds.
func TestComesAlong(t *testing.T) {
	for _, tt := range []struct {
		a                    Attribute
		copy, parts, inPlace bool
	}{
		{Tags, true, false, true},
		{ContentType, true, false, true},
		{Class, false, false, true},
		{Retention, false, false, true},
		{Body, false, false, true},
	} {
		d := Difference{Attribute: tt.a}
		if d.ComesAlong(Copy) != tt.copy || d.ComesAlong(MultipartCopy) != tt.parts || d.ComesAlong(Update) != tt.inPlace {
			t.Errorf("%s: copy %t, in parts %t, update %t", tt.a, d.ComesAlong(Copy), d.ComesAlong(MultipartCopy), d.ComesAlong(Update))
		}
	}
}

// TestReached: as this job leaves objects, by the key and the bucket key, unless the
// endpoint does not keep that.
func TestReached(t *testing.T) {
	to3, toKey := Options{SSE: TargetAES256}, Options{SSE: TargetKMS, KMSKeyID: keyARN}
	withBucketKey := toKey
	withBucketKey.BucketKey = true
	for _, tt := range []struct {
		o    Options
		any  bool // the bucket key decides nothing
		head Head
		want bool
	}{
		{to3, false, Head{Encryption: inventory.SSES3}, true},
		{to3, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, false},
		{toKey, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, true},
		{toKey, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: otherARN}, false},
		{toKey, false, Head{Encryption: inventory.DSSEKMS, KMSKeyID: keyARN}, false},
		{toKey, false, Head{Encryption: inventory.SSES3}, false},
		{toKey, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, false},
		{toKey, true, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, true},
		{withBucketKey, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, true},
		{withBucketKey, false, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, false},
		{withBucketKey, true, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, true},
	} {
		p := &Policy{Options: tt.o, AnyBucketKey: tt.any}
		if got := p.Reached(&tt.head); got != tt.want {
			t.Errorf("to %s with bucket key %t (any: %t), %s under %q with %t: %t, want %t",
				tt.o.SSE, tt.o.BucketKey, tt.any, tt.head.Encryption, tt.head.KMSKeyID, tt.head.BucketKey, got, tt.want)
		}
	}
}

// TestBodyProven: by a hash of the body, or else by a checksum that does not depend
// on parts: of the same algorithm, over the whole object, both times.
func TestBodyProven(t *testing.T) {
	sum := func(algorithm, kind, value string) *Snapshot {
		return &Snapshot{Head: Head{ChecksumAsked: true, Checksum: algorithm, ChecksumType: kind, ChecksumValue: value}}
	}
	whole := sum("CRC32", fullObject, "AAAA")
	body := func(hash string) *Snapshot {
		s := sum("CRC32", fullObject, "AAAA")
		s.Body = Saw(hash)
		return s
	}
	for _, tt := range []struct {
		name          string
		before, after *Snapshot
		want          bool
	}{
		{"the same hash", body("00"), body("00"), true},
		{"another hash, whatever the checksum", body("00"), body("01"), false},
		{"a hash before only", body("00"), whole, true},
		{"a hash after only, and no checksum", &Snapshot{}, body("00"), false},
		{"the same checksum", whole, whole, true},
		{"another value", whole, sum("CRC32", fullObject, "BBBB"), false},
		{"another algorithm", whole, sum("CRC32C", fullObject, "AAAA"), false},
		{"of parts before", sum("CRC32", "COMPOSITE", "AAAA"), whole, false},
		{"of parts after", whole, sum("CRC32", "COMPOSITE", "AAAA"), false},
		{"of parts", sum("CRC32", "COMPOSITE", "AAAA"), sum("CRC32", "COMPOSITE", "AAAA"), false},
		{"no values", sum("CRC32", fullObject, ""), sum("CRC32", fullObject, ""), false},
		{"no algorithm", sum("", fullObject, "AAAA"), sum("", fullObject, "AAAA"), false},
		{"nothing", &Snapshot{}, &Snapshot{}, false},
	} {
		if got := tt.before.BodyProven(tt.after); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
