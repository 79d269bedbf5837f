package plan

import (
	"strings"
	"testing"
	"testing/quick"
	"time"

	"reseal/inventory"
)

const (
	keyARN   = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	otherARN = "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab"
)

// quietFacts are those of a bucket in which nothing can change unseen.
var quietFacts = Facts{Transitions: No, ObjectLock: No, ACLs: No, Website: No, IgnoresIfMatch: No, AWS: Yes}

func policy(edit func(*Policy)) *Policy {
	p := &Policy{
		Options: Options{Bucket: "b", Method: MethodCopy, SSE: TargetKMS, KMSKeyID: keyARN, BucketKey: true}.Normal(),
		Facts:   quietFacts,
		Weights: DefaultWeights(false),
	}
	if edit != nil {
		edit(p)
	}
	return p
}

func row(edit func(*inventory.Record)) *inventory.Record {
	r := &inventory.Record{Bucket: "b", Key: "photos/cat.jpg", Size: 1000, ETag: "e", StorageClass: inventory.Standard,
		Encryption: inventory.SSES3, IsLatest: true, VersionID: "v1"}
	for c := inventory.ColBucket; c <= inventory.ColEncryption; c++ {
		r.Known = r.Known.With(c)
	}
	if edit != nil {
		edit(r)
	}
	return r
}

func without(r *inventory.Record, c inventory.Column) { r.Known &^= 1 << c }

func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		policy func(*Policy)
		row    func(*inventory.Record)
		action Action
		reason Reason
		head   bool
	}{
		{name: "SSE-S3 object", action: Copy},
		{name: "of another bucket", row: func(r *inventory.Record) { r.Bucket = "c" }, reason: OtherBucket},
		{name: "of another bucket than asked for", policy: func(p *Policy) { p.Options.OnlyBucket = true },
			row: func(r *inventory.Record) { r.Bucket = "c" }, reason: Filtered},
		{name: "not encrypted", row: func(r *inventory.Record) { r.Encryption = inventory.NotSSE }, action: Copy},
		{name: "SSE-KMS", row: func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, reason: AlreadyEncrypted},
		{name: "SSE-KMS with rekey", policy: func(p *Policy) { p.Options.Rekey = true },
			row: func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, action: Copy, head: true},
		{name: "the way back", policy: func(p *Policy) { p.Options.SSE = TargetAES256 },
			row: func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, action: Copy},
		{name: "the way back, there already", policy: func(p *Policy) { p.Options.SSE = TargetAES256 }, reason: AlreadyEncrypted},
		{name: "DSSE-KMS", row: func(r *inventory.Record) { r.Encryption = inventory.DSSEKMS }, reason: DualLayer},
		{name: "SSE-C", row: func(r *inventory.Record) { r.Encryption = inventory.SSEC }, reason: SSECustomer},
		{name: "delete marker", row: func(r *inventory.Record) { r.IsDeleteMarker = true }, reason: DeleteMarker},
		{name: "noncurrent", row: func(r *inventory.Record) { r.IsLatest = false }, reason: Noncurrent},
		{name: "report of current versions", row: ofCurrent, action: Copy},
		{name: "a version of a list may not be the current one: look", row: listed, action: Copy, head: true},
		{name: "nor is that for a trusted report to say", policy: func(p *Policy) { p.Options.TrustInventory = true },
			row: func(r *inventory.Record) { without(r, inventory.ColIsLatest) }, action: Copy, head: true},
		{name: "another bucket", row: func(r *inventory.Record) { r.Bucket = "c" }, reason: OtherBucket},
		{name: "another bucket's delete marker", row: func(r *inventory.Record) { r.Bucket, r.IsDeleteMarker = "c", true }, reason: OtherBucket},
		{name: "GLACIER", row: func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, reason: Archived},
		{name: "DEEP_ARCHIVE", row: func(r *inventory.Record) { r.StorageClass = inventory.DeepArchive }, reason: Archived},
		{name: "GLACIER_IR can be read", row: func(r *inventory.Record) { r.StorageClass = inventory.GlacierIR }, action: Copy},
		{name: "archive tier", row: func(r *inventory.Record) { r.StorageClass, r.Tier = inventory.IntelligentTiering, "ARCHIVE" }, reason: Archived},
		{name: "archive instant access can be read", row: func(r *inventory.Record) {
			r.StorageClass, r.Tier = inventory.IntelligentTiering, "ARCHIVE_INSTANT_ACCESS"
		}, action: Copy},
		{name: "a row that is no more", row: func(r *inventory.Record) { r.Removed, r.Bucket = true, "other" }, reason: RemovedRow},
		{name: "a class nobody knows", row: func(r *inventory.Record) { r.StorageClass = "MOON_BASE" }, reason: UnknownClass},
		{name: "5 GiB", row: func(r *inventory.Record) { r.Size = 5 << 30 }, action: Copy},
		{name: "5 GiB and one byte", row: func(r *inventory.Record) { r.Size = 5<<30 + 1 }, action: MultipartCopy, head: true},
		{name: "threshold", policy: func(p *Policy) { p.Options.Multipart = 100 }, action: MultipartCopy, head: true},
		{name: "empty object", row: func(r *inventory.Record) { r.Size = 0 }, action: Copy},
		{name: "size not in the report", row: func(r *inventory.Record) { r.Size = -1; without(r, inventory.ColSize) }, action: Copy, head: true},
		{name: "class not in the report", row: func(r *inventory.Record) { r.StorageClass = ""; without(r, inventory.ColStorageClass) }, action: Copy, head: true},
		{name: "ETag not in the report", row: func(r *inventory.Record) { r.ETag = ""; without(r, inventory.ColETag) }, action: Copy, head: true},
		{name: "encryption not in the report", row: func(r *inventory.Record) { r.Encryption = ""; without(r, inventory.ColEncryption) }, action: Copy, head: true},
		{name: "transitions unknown", policy: func(p *Policy) { p.Facts.Transitions = Unknown }, action: Copy, head: true},
		{name: "lock unknown", policy: func(p *Policy) { p.Facts.ObjectLock = Unknown }, action: Copy, head: true},
		{name: "lock unknown, in place", policy: func(p *Policy) { p.Options.Method, p.Facts.ObjectLock = MethodUpdate, Unknown }, action: Update, head: true},
		{name: "lock off, in place", policy: func(p *Policy) { p.Options.Method = MethodUpdate }, action: Update},
		{name: "lock on", policy: func(p *Policy) { p.Facts.ObjectLock = Yes }, action: Copy, head: true},
		{name: "ACLs on", policy: func(p *Policy) { p.Facts.ACLs = Yes }, action: Copy, head: true},
		{name: "website unknown", policy: func(p *Policy) { p.Facts.Website = Unknown }, action: Copy, head: true},
		{name: "weak conditions", policy: func(p *Policy) { p.Facts.IgnoresIfMatch = Yes }, action: Copy, head: true},
		{name: "inspect all", policy: func(p *Policy) { p.Options.InspectAll = true }, action: Copy, head: true},
		{name: "inventory trusted", policy: func(p *Policy) { p.Facts, p.Options.TrustInventory = Facts{}, true }, action: Copy},
		{name: "prefix", policy: func(p *Policy) { p.Options.Prefixes = []string{"photos/"} }, action: Copy},
		{name: "another prefix", policy: func(p *Policy) { p.Options.Prefixes = []string{"video/"} }, reason: Filtered},
		{name: "excluded prefix", policy: func(p *Policy) { p.Options.Exclude = []string{"photos/c"} }, reason: Filtered},
		{name: "too small", policy: func(p *Policy) { p.Options.MinSize = 1001 }, reason: Filtered},
		{name: "just large enough", policy: func(p *Policy) { p.Options.MinSize = 1000 }, action: Copy},
		{name: "too large for the filter", policy: func(p *Policy) { p.Options.MaxSize = 999 }, reason: Filtered},
		{name: "size filter, size unknown", policy: func(p *Policy) { p.Options.MinSize = 5000 },
			row: func(r *inventory.Record) { r.Size = -1; without(r, inventory.ColSize) }, action: Copy, head: true},
		{name: "class filter", policy: func(p *Policy) { p.Options.StorageClasses = []string{"STANDARD_IA"} }, reason: Filtered},
		{name: "class filter hit", policy: func(p *Policy) { p.Options.StorageClasses = []string{"STANDARD"} }, action: Copy},
	}
	for _, tt := range tests {
		got := policy(tt.policy).Decide(row(tt.row))
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead != tt.head {
			t.Errorf("%s: action %v, reason %q, HEAD %v; want %v, %q, %v",
				tt.name, got.Action, got.Reason, got.NeedHead, tt.action, tt.reason, tt.head)
		}
		if got.Action == Skip && got.Demand != (Demand{}) {
			t.Errorf("%s: a skipped row demands %+v, want nothing", tt.name, got.Demand)
		}
	}
}

func TestDecideHead(t *testing.T) {
	tests := []struct {
		name   string
		policy func(*Policy)
		head   Head
		action Action
		reason Reason
	}{
		{"as reported", nil, Head{ETag: "e", Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3}, Copy, ""},
		{"done meanwhile", nil, Head{ETag: "f", Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Skip, AlreadyEncrypted},
		{"archived meanwhile", nil, Head{StorageClass: inventory.Glacier, Encryption: inventory.SSES3, Archived: true}, Skip, Archived},
		{"archived but restored", nil, Head{StorageClass: inventory.Glacier, Encryption: inventory.SSES3, Archived: true, Restored: true}, Copy, ""},
		{"archive tier", nil, Head{StorageClass: inventory.IntelligentTiering, Encryption: inventory.SSES3, Archived: true}, Skip, Archived},
		{"grown beyond one copy", nil, Head{StorageClass: inventory.Standard, Size: 6 << 30, Encryption: inventory.SSES3}, MultipartCopy, ""},
		{"rekey, right key and flag", rekey, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, Skip, AlreadyEncrypted},
		{"rekey, right key, no bucket key", rekey, Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Copy, ""},
		{"rekey, right key, a flag that decides nothing", func(p *Policy) { rekey(p); p.AnyBucketKey = true },
			Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Skip, AlreadyEncrypted},
		{"rekey, other key", rekey, Head{Encryption: inventory.SSEKMS, KMSKeyID: otherARN, BucketKey: true}, Copy, ""},
		{"replaced by an SSE-C object", nil, Head{Encryption: inventory.SSEC}, Skip, SSECustomer},
	}
	for _, tt := range tests {
		p := policy(tt.policy)
		if tt.head.StorageClass == "" {
			tt.head.StorageClass = inventory.Standard
		}
		tt.head.VersionID = "v2"
		got := p.DecideHead(p.Decide(row(func(r *inventory.Record) { without(r, inventory.ColEncryption) })), &tt.head)
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead {
			t.Errorf("%s: action %v, reason %q, HEAD again %v; want %v, %q, false", tt.name, got.Action, got.Reason, got.NeedHead, tt.action, tt.reason)
		}
		if got.Record.ETag != tt.head.ETag || got.Record.VersionID != "v2" || got.Demand.Reads.Min < 1 {
			t.Errorf("%s: ETag %q, version %q, demand %+v; want those of the HEAD, which is part of the demand",
				tt.name, got.Record.ETag, got.Record.VersionID, got.Demand)
		}
	}
}

// listed makes a row one of a list with versions: nothing else is known.
func listed(r *inventory.Record) {
	r.Known = inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColVersionID)
	r.IsLatest, r.Size, r.ETag, r.StorageClass, r.Encryption = false, -1, "", "", inventory.EncryptionUnknown
}

// A row that names a version, as lists and Batch Operations reports do, is about
// that one: what became of its key since is left alone.
func TestRowsThatNameAVersion(t *testing.T) {
	began := evaluated.Add(900 * time.Millisecond)
	before, since := began.Add(-time.Hour), began.Add(time.Minute)
	tests := []struct {
		name   string
		policy *Policy
		row    func(*inventory.Record)
		head   Head
		action Action
		reason Reason
	}{
		{"the current version", policy(nil), listed, Head{VersionID: "v1", Encryption: inventory.SSES3}, Copy, ""},
		{"the current version, done", policy(nil), listed, Head{VersionID: "v1", Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Skip, AlreadyEncrypted},
		{"an old version", policy(nil), listed, Head{VersionID: "v2", Encryption: inventory.SSES3}, Skip, Noncurrent},
		{"an old version, in parts", policy(func(p *Policy) { p.Options.CopyVia = ViaMultipart }), listed,
			Head{VersionID: "v2", Encryption: inventory.SSES3}, Skip, Noncurrent},
		{"an old version, the current one is encrypted", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSEKMS, KMSKeyID: keyARN}, Skip, Noncurrent},
		{"the job's own copy of it, found by a resume", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true, LastModified: since}, Skip, AlreadyEncrypted},
		{"the job's own copy, in its first second", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true, LastModified: evaluated}, Skip, AlreadyEncrypted},
		{"somebody's write during the job, without a bucket key", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSEKMS, KMSKeyID: keyARN, LastModified: since}, Skip, Noncurrent},
		{"somebody's write during the job, under another key", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSEKMS, KMSKeyID: otherARN, LastModified: since}, Skip, Noncurrent},
		{"somebody's write during the job", policy(nil), listed,
			Head{VersionID: "v2", Encryption: inventory.SSES3, LastModified: since}, Skip, Noncurrent},
		{"the null version of a bucket without versions", policy(nil), nullVersion, Head{Encryption: inventory.SSES3}, Copy, ""},
		{"the null version, current", policy(nil), nullVersion, Head{VersionID: "null", Encryption: inventory.SSES3}, Copy, ""},
		{"the null version, not current", policy(nil), nullVersion, Head{VersionID: "v2", Encryption: inventory.SSES3}, Skip, Noncurrent},
		{"a version of a bucket without versions", policy(nil), listed, Head{Encryption: inventory.SSES3}, Skip, Noncurrent},
		{"no version named", policy(nil), func(r *inventory.Record) { listed(r); without(r, inventory.ColVersionID); r.VersionID = "" },
			Head{VersionID: "v2", Encryption: inventory.SSES3}, Copy, ""},
		{"a report's row that says it is current goes with the key", policy(nil), nil, Head{VersionID: "v2", Encryption: inventory.SSES3}, Copy, ""},
		{"update, an old version", updating(), listed, Head{VersionID: "v2", Encryption: inventory.SSES3}, Skip, Noncurrent},
		{"update, the current version", updating(), listed, Head{VersionID: "v1", Encryption: inventory.SSES3}, Update, ""},
		{"update of all versions looks at the one that is named", updating(allVersions), listed, Head{VersionID: "v1", Encryption: inventory.SSES3}, Update, ""},
		{"auto, all versions: what may be old is not copied", updating(allVersions, auto), listed,
			Head{VersionID: "v1", Encryption: inventory.NotSSE}, Skip, Unencrypted},
		{"auto, current versions", updating(auto), listed, Head{VersionID: "v1", Encryption: inventory.NotSSE}, Copy, ""},
	}
	for _, tt := range tests {
		tt.policy.Now = began
		if tt.head.LastModified.IsZero() {
			tt.head.LastModified = before
		}
		tt.head.ETag, tt.head.StorageClass = "now", inventory.Standard
		decided := tt.policy.Decide(row(tt.row))
		got := tt.policy.DecideHead(decided, &tt.head)
		if got.Action != tt.action || got.Reason != tt.reason || got.NeedHead {
			t.Errorf("%s: action %v, reason %q, HEAD again %v; want %v, %q, false", tt.name, got.Action, got.Reason, got.NeedHead, tt.action, tt.reason)
		}
		if got.Reason == Noncurrent && (got.Record != decided.Record || got.Demand.Reads != Exactly(1)) {
			t.Errorf("%s: record %+v, demand %+v; want the row as it was and one HEAD", tt.name, got.Record, got.Demand)
		}
	}
}

// ofCurrent makes a row one of a report of current versions.
func ofCurrent(r *inventory.Record) {
	r.IsLatest, r.VersionID = false, ""
	without(r, inventory.ColIsLatest)
	without(r, inventory.ColVersionID)
}

func nullVersion(r *inventory.Record) { listed(r); r.VersionID = "null" }

func rekey(p *Policy) { p.Options.Rekey = true }

func TestDemand(t *testing.T) {
	one, none, maybe := Exactly(1), Exactly(0), Range{0, 1}
	tests := []struct {
		name   string
		policy func(*Policy)
		row    func(*inventory.Record)
		want   Demand
	}{
		{"a copy and nothing else", nil, nil, Demand{Writes: one, Reads: none, KMS: one}},
		{"with bucket keys KMS may not be asked", func(p *Policy) { p.Weights = DefaultWeights(true) }, nil, Demand{one, none, maybe}},
		{"KMS to KMS decrypts too", rekey, func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, Demand{one, one, Exactly(2)}},
		{"HEAD first", func(p *Policy) { p.Facts.Transitions = Yes }, nil, Demand{one, one, one}},
		{"HEAD first, and locks that it may hide", func(p *Policy) { p.Facts.ObjectLock = Yes }, nil, Demand{one, Range{1, 3}, one}},
		{"HEAD if the run does not find out that none is needed", func(p *Policy) { p.Facts.IgnoresIfMatch = Unknown }, nil, Demand{one, maybe, one}},
		{"HEAD for want of a column, whatever the facts", func(p *Policy) { p.Facts.IgnoresIfMatch = Unknown },
			func(r *inventory.Record) { without(r, inventory.ColETag) }, Demand{one, one, one}},
		{"nobody read the facts", func(p *Policy) { p.Facts = Facts{AWS: Yes} }, nil, Demand{one, Range{0, 5}, one}},
		{"HEAD and ACL, which is read again of one that waited", func(p *Policy) { p.Facts.ACLs = Yes }, nil, Demand{one, Range{2, 3}, one}},
		{"elsewhere than AWS a proof may be needed, which asks for the checksum", func(p *Policy) { p.Facts.AWS = No }, nil, Demand{one, maybe, Range{1, 2}}},
		{"a look elsewhere asks for the checksum, and may not show tags", func(p *Policy) { rekey(p); p.Facts.AWS = No },
			func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }, Demand{one, Range{1, 3}, Range{3, 4}}},
		{"likewise where the report does not say what the object is under", func(p *Policy) { p.Facts.AWS = No },
			func(r *inventory.Record) { without(r, inventory.ColEncryption); r.Encryption = "" }, Demand{Range{0, 1}, Range{1, 3}, Range{0, 3}}},
		{"12 GiB in parts", nil, func(r *inventory.Record) { r.Size = 12 << 30 },
			// HEAD, the checksum, annotations twice, HEAD before Complete, HEAD as proof; tags twice if there are any; and after
			// it, as nobody knows whether versions are kept: tags and annotations of both, and tags put again
			Demand{Writes: Range{14, 15}, Reads: Range{6, 12}, KMS: Exactly(14)}},
		{"likewise from SSE-KMS, of which every part and the checksum are decrypted", rekey, func(r *inventory.Record) { r.Encryption, r.Size = inventory.SSEKMS, 12<<30 },
			Demand{Writes: Range{14, 15}, Reads: Range{6, 12}, KMS: Exactly(14 + 12 + 1)}},
	}
	for _, tt := range tests {
		if got := policy(tt.policy).Decide(row(tt.row)).Demand; got != tt.want {
			t.Errorf("%s: demand %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestPartsFitTheLimits(t *testing.T) {
	const largest = 50e12 // 50 TB
	fits := func(n uint64) bool {
		size := int64(n % uint64(largest+1))
		part, count := PartSize(size), PartCount(size)
		return part >= MinPartSize && part <= MaxPartSize && count <= MaxParts && count >= 1 &&
			count*part >= size && (count-1)*part < max(size, 1)
	}
	if err := quick.Check(fits, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
	for _, size := range []uint64{0, 1, 5 << 30, 5<<30 + 1, 5 << 40, 5<<40 + 1, 10_000 << 30, largest} {
		if !fits(size) {
			t.Errorf("size %d: part %d, count %d", size, PartSize(int64(size)), PartCount(int64(size)))
		}
	}
}

func TestSameKey(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{keyARN, keyARN, true},
		{keyARN, "1234abcd-12ab-34cd-56ef-1234567890ab", true},
		{keyARN, otherARN, false},
		{keyARN, "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", false},
		{"arn:aws:kms:test-key-1", "test-key-1", true}, // a server that has names only
		{"", "", false},
		{keyARN, "", false},
	} {
		if got := SameKey(tt.a, tt.b); got != tt.want {
			t.Errorf("SameKey(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// What one request turned out not to copy is a copy in parts from then on, with the
// requests of one, however small it is.
func TestDecideInParts(t *testing.T) {
	p := policy(nil)
	task := p.Decide(row(nil))
	head := &Head{ETag: "e", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	unseen := p.DecideInParts(task)
	if !unseen.NeedHead {
		t.Error("no look comes before the parts")
	}
	for name, got := range map[string]Task{"unseen": p.DecideHead(unseen, head), "seen": p.DecideInParts(p.DecideHead(task, head))} {
		if got.Action != MultipartCopy || got.NeedHead || got.Demand.Writes.Min < 3 {
			t.Errorf("%s: %v, HEAD %v, %+v; want a copy in parts", name, got.Action, got.NeedHead, got.Demand)
		}
		if again := p.DecideHead(got, head); again.Action != MultipartCopy {
			t.Errorf("%s: %v after another look", name, again.Action)
		}
	}
}

// Why only parts do it names what else would.
func TestWhyParts(t *testing.T) {
	p := policy(func(p *Policy) { p.Options.Multipart = 1 << 30 })
	for size, want := range map[int64]string{
		1000: "one request copy it", 1 << 30: "one request copy it", 1<<30 + 1: "a larger one", 5 << 30: "a larger one", 5<<30 + 1: "above 5 GiB",
	} {
		task := p.Decide(row(func(r *inventory.Record) { r.Size = size }))
		if got := p.WhyParts(&task); !strings.Contains(got, want) {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}
