package survey

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func terms() *Terms {
	return &Terms{Prices: cost.BuiltIn(), Rate: 500, Now: noon, AWS: plan.Yes}
}

func number(n int64) *int64 { return &n }

// known is a bucket of which all is known, and that is ready.
func known(edit func(*Facts)) *Facts {
	f := &Facts{Name: "media", Region: "us-east-1", Encryption: &Encryption{Algorithm: "AES256"}, Policy: &Document{}, Replication: &Replication{}, Metadata: &Metadata{},
		Settings: plan.Facts{Versioning: plan.Unversioned, ObjectLock: plan.No, Retention: plan.No, ACLs: plan.No, Requester: plan.No, Website: plan.No,
			Transitions: plan.No, Replication: plan.No, Events: plan.No},
		Inventories: &[]Inventory{{ID: "reseal", Enabled: true, Frequency: "Daily", Format: "Parquet", Location: "s3://reports/media/reseal/", Newest: noon.Add(-14 * time.Hour), Looked: true}},
		Stored:      &Stored{Objects: number(1_000_000), Bytes: map[inventory.StorageClass]int64{inventory.Standard: 1 << 40}, Day: noon.AddDate(0, 0, -1)},
	}
	if edit != nil {
		edit(f)
	}
	return f
}

func judged(edit func(*Facts)) Row {
	return Judge(&Account{ID: "111122223333"}, known(edit), terms())
}

// TestStates: how far a bucket is from a plan, and that what nobody read is no "no".
func TestStates(t *testing.T) {
	first := func(edit func(*Inventory)) func(*Facts) {
		return func(f *Facts) { edit(&(*f.Inventories)[0]) }
	}
	for name, c := range map[string]struct {
		edit  func(*Facts)
		state State
		next  string // in one of the commands
	}{
		"ready":          {nil, Ready, "reseal plan --manifest s3://reports/media/reseal/ --sse-kms-key-id KEY_ARN --region us-east-1"},
		"old":            {first(func(k *Inventory) { k.Newest = noon.Add(-73 * time.Hour) }), Late, "reseal inventory ls s3://reports/media/reseal/ --region us-east-1"},
		"weekly":         {first(func(k *Inventory) { k.Newest, k.Frequency = noon.Add(-9*24*time.Hour), "Weekly" }), Ready, "reseal plan"},
		"weekly, old":    {first(func(k *Inventory) { k.Newest, k.Frequency = noon.Add(-11*24*time.Hour), "Weekly" }), Late, "reseal plan"},
		"no report":      {first(func(k *Inventory) { k.Newest = time.Time{} }), NoReport, "reseal inventory ls"},
		"not looked":     {first(func(k *Inventory) { k.Newest, k.Looked = time.Time{}, false }), Unsure, ""},
		"switched off":   {first(func(k *Inventory) { k.Enabled = false }), Setup, "reseal inventory setup --bucket media --destination s3://REPORTS/inventory --region us-east-1"},
		"of a prefix":    {first(func(k *Inventory) { k.Prefix = "a/" }), Setup, "reseal inventory setup"},
		"none":           {func(f *Facts) { f.Inventories = &[]Inventory{} }, Setup, "reseal inventory setup"},
		"not read":       {func(f *Facts) { f.Inventories = nil }, Unsure, ""},
		"failed":         {func(f *Facts) { f.Failed, f.Inventories = true, nil }, Failed, ""},
		"missing column": {first(func(k *Inventory) { k.Missing = []string{"ETag"} }), Ready, "reseal inventory setup"},
		"an older one without a column": {func(f *Facts) {
			*f.Inventories = append(*f.Inventories, Inventory{ID: "new", Enabled: true, Location: "s3://reports/media/new/", Looked: true})
			(*f.Inventories)[0].Missing = []string{"ETag"}
		}, Ready, "reseal inventory ls s3://reports/media/new/"},
		"another not looked": {func(f *Facts) {
			(*f.Inventories)[0].Newest = time.Time{}
			*f.Inventories = append(*f.Inventories, Inventory{ID: "hidden", Enabled: true, Location: "s3://reports/media/hidden/", Missing: []string{"ETag"}})
		}, Unsure, ""},
		"nobody knows where": {first(func(k *Inventory) { k.Location, k.Newest, k.Looked = "", time.Time{}, false }), Unsure, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := judged(c.edit)
			var commands []string
			for _, n := range r.Needs {
				commands = append(commands, n.Command)
			}
			if all := strings.Join(commands, "\n"); r.State != c.state || !strings.Contains(all, c.next) {
				t.Errorf("state %q, want %q; commands\n%s\nwant %s", r.State, c.state, all, c.next)
			}
			if c.next == "" && strings.Contains(strings.Join(commands, "\n"), "reseal inventory") {
				t.Errorf("nobody knows of an inventory, and yet: %q", commands)
			}
		})
	}
}

// The inventory that serves best is named, whatever their order.
func TestBestInventory(t *testing.T) {
	all := []Inventory{
		{ID: "off", Enabled: false, Location: "s3://r/off/", Newest: noon},
		{ID: "part", Enabled: true, Location: "s3://r/part/", Prefix: "a/", Newest: noon},
		{ID: "bare", Enabled: true, Location: "s3://r/bare/", Missing: []string{"Size"}, Newest: noon},
		{ID: "older", Enabled: true, Location: "s3://r/older/", Newest: noon.Add(-48 * time.Hour)},
		{ID: "best", Enabled: true, Location: "s3://r/best/", Newest: noon.Add(-24 * time.Hour)},
		{ID: "nowhere", Enabled: true, Newest: noon},
	}
	for range all {
		if r := judged(func(f *Facts) { f.Inventories = &all }); r.Manifest != "s3://r/best/" {
			t.Errorf("of %v: %s", all, r.Manifest)
		}
		all = append(all[1:], all[0])
	}
}

// TestPolicies: what a policy says of uploads, in a word.
func TestPolicies(t *testing.T) {
	deny := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::media/*","Condition":` + condition + `}]}`
	}
	for policy, want := range map[string]string{
		"": "none",
		deny(`{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`):                                                 "wants SSE-KMS",
		deny(`{"Null":{"s3:x-amz-server-side-encryption":"true"}}`):                                                               "wants a header",
		deny(`{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`):                                                    "denies SSE-KMS",
		deny(`{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:us-east-1:111122223333:key/1"}}`): "denies SSE-KMS",
		deny(`{"Bool":{"aws:SecureTransport":"false"}}`):                                                                          "says nothing",
		deny(`{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::media/*","Condition":{"StringNotEquals":{"aws:PrincipalTag/a":"b"}}`): "depends",
		deny(`{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}`):                                                                               "depends",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::media/*"}]}`: "says nothing",
		`{"Version":"2012-10-17","Statement":"\u001b[31m"}`:                                                                                   "unknown",
	} {
		r := judged(func(f *Facts) {
			if policy != "" {
				f.Policy = &Document{[]byte(policy)}
			}
		})
		if got := r.Policy.Word(); got != want {
			t.Errorf("%s\n%q, want %q", policy, got, want)
		}
		if public := strings.Contains(policy, "Allow"); (r.Public == "yes") != public {
			t.Errorf("%s\npublic %s", policy, r.Public)
		}
	}
	if r := judged(func(f *Facts) { f.Policy = nil }); r.Policy.Word() != "unknown" || r.Public != "unknown" {
		t.Errorf("a policy that nobody read: %s, public %s", r.Policy.Word(), r.Public)
	}
}

// TestEstimate: prices as they follow from the list, and ranges where classes and ages
// are open.
func TestEstimate(t *testing.T) {
	one := judged(nil).Estimate
	if one.Update.Expected < 5*cost.Dollar || one.Update.Expected > 7*cost.Dollar || one.Update.Max > 20*cost.Dollar || one.Rough || one.Archived || !one.Priced { // a million PUTs and KMS requests
		t.Errorf("a million objects of STANDARD: %+v", one)
	}
	if one.Time != 2000*time.Second || one.KMS.Max < 1_000_000 || one.KMSRPS < 499 {
		t.Errorf("at 500 a second: %+v", one)
	}
	young := judged(func(f *Facts) {
		f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.StandardIA: 1 << 40}
	}).Estimate
	if young.Copy.Max-young.Copy.Min < 12*cost.Dollar { // a month of a TiB of STANDARD_IA is 12.80
		t.Errorf("copies of objects whose age is not known: %+v", young.Copy)
	}
	several := judged(func(f *Facts) {
		f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.Standard: 1 << 40, inventory.GlacierIR: 1 << 40, inventory.DeepArchive: 1 << 40}
	}).Estimate
	if !several.Rough || !several.Archived || several.Copy.Min >= several.Copy.Expected || several.Copy.Expected >= several.Copy.Max {
		t.Errorf("several classes: %+v", several)
	}
	if r := judged(func(f *Facts) { f.Region = "cn-north-1" }); r.Estimate == nil || r.Estimate.Priced {
		t.Errorf("a Region without prices: %+v", r.Estimate)
	}
	if r := judged(func(f *Facts) { f.Stored = nil }); r.Estimate != nil || r.Objects != nil || r.Bytes != nil {
		t.Errorf("without figures: %+v", r)
	}
	if r := judged(func(f *Facts) { f.Stored = &Stored{Bytes: map[inventory.StorageClass]int64{}} }); r.Estimate != nil || r.Objects != nil || len(r.Notes) == 0 {
		t.Errorf("a bucket without figures: %+v", r)
	}
	for _, n := range []int64{0, 1, 1 << 62} {
		r := judged(func(f *Facts) {
			f.Stored.Objects = number(n)
			f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.Standard: 1 << 60, inventory.Glacier: 1 << 60, "x": 0}
		})
		if e := r.Estimate; n > 0 && e == nil || e != nil && (e.Update.Min > e.Update.Max || e.Copy.Min > e.Copy.Max || e.Update.Min < 0) {
			t.Errorf("%d objects: %+v", n, e)
		}
	}
}

// All objects are dealt out, in each way.
func TestDeals(t *testing.T) {
	classes := []Class{{Class: inventory.Standard, Bytes: 100}, {Class: inventory.Glacier, Bytes: 200}, {Class: inventory.StandardIA}}
	for _, objects := range []int64{1, 2, 3, 1000, 1_000_003} {
		for i, deal := range deals(objects, classes) {
			var sum int64
			for _, p := range deal {
				sum += p.objects
			}
			if sum != objects {
				t.Errorf("%d objects, deal %d: %+v has %d", objects, i, deal, sum)
			}
		}
	}
	if all := deals(1000, classes); len(all) != 4 || all[2][1] != (part{inventory.Glacier, "", 999, 200}) {
		t.Errorf("%+v", all)
	}
}

// What was not read is not in a sum, and is counted.
func TestTotals(t *testing.T) {
	denied := []Unread{{Question: "objects and bytes", Action: "cloudwatch:GetMetricData", Denied: true}}
	rows := []Row{
		judged(nil), judged(func(f *Facts) { f.Name, f.Stored, f.Unread = "hidden", nil, denied }), judged(func(f *Facts) { f.Name, f.Region = "china", "cn-north-1" }),
	}
	s := Complete([]Account{{ID: "111122223333"}}, rows, terms(), "test")
	n := s.Totals
	if n.Buckets != 3 || n.Unsized != 1 || n.Unpriced != 1 || n.Partial != 1 || n.Objects != 2_000_000 || n.Update.Max != judged(nil).Estimate.Update.Max || !s.Partial() {
		t.Errorf("%+v", n)
	}
	if text, err := json.Marshal(&judged(nil).Inventories[0]); err != nil || !strings.Contains(string(text), `"missing_columns":[]`) {
		t.Errorf("an inventory with all columns: %s, %v", text, err)
	}
	if s.Rows[0].Bucket != "china" || s.Rows[1].Bucket != "hidden" {
		t.Errorf("order: %s, %s", s.Rows[0].Bucket, s.Rows[1].Bucket)
	}
	if text, err := json.Marshal(&s.Rows[1]); err != nil || !strings.Contains(string(text), `"objects":null,"bytes":null`) || !strings.Contains(string(text), `"estimate":null`) {
		t.Errorf("%s, %v", text, err)
	}
	if s := Complete([]Account{{Error: &denied[0]}}, nil, terms(), ""); !s.Partial() || s.Rows == nil {
		t.Errorf("an account that was not asked is no part of the survey: %+v", s)
	}
}

// A campaign begins with what is ready, and has the reason of all others.
func TestCampaign(t *testing.T) {
	a := &Account{ID: "111122223333", Role: "arn:aws:iam::111122223333:role/audit", ExternalID: "abc"}
	of := func(edit func(*Facts)) Row { return Judge(a, known(edit), terms()) }
	s := Complete(nil, []Row{
		of(nil), of(func(f *Facts) { f.Name, f.Inventories = "later", &[]Inventory{} }), of(func(f *Facts) { f.Name, f.Region = "\x1b[31m", "x" }),
		of(func(f *Facts) { f.Name, f.Stored = "empty", &Stored{Objects: number(0), Day: noon} }),
	}, terms(), "")
	l, unfit := s.Campaign()
	if !reflect.DeepEqual(unfit, []string{"\x1b[31m"}) || len(l.Buckets) != 3 || l.Check() != nil {
		t.Fatalf("unfit %q, %+v, %v", unfit, l.Buckets, l.Check())
	}
	got := map[string]string{}
	for _, b := range l.Buckets {
		got[b.Name] = b.Reason
		if b.Include != (b.Name == "media") || b.Role != a.Role || b.ExternalID != "abc" || !b.NeedsKey() {
			t.Errorf("%+v", b)
		}
	}
	if want := map[string]string{"media": "ready: a report is there", "later": "no inventory of the whole bucket", "empty": "empty"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

// What nobody could read is no "no": a bucket whose policy may deny what a migration does is
// not in a campaign, and what else is unknown is said there.
func TestCampaignKnowsUnknown(t *testing.T) {
	statement := func(condition string) func(*Facts) {
		return func(f *Facts) {
			f.Policy = &Document{[]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::media/*"` + condition + `}]}`)}
		}
	}
	for name, c := range map[string]struct {
		edit    func(*Facts)
		include bool
		reason  string
		unread  int
	}{
		"all known":        {nil, true, "ready: a report is there", 0},
		"denied":           {func(f *Facts) { f.Policy, f.Unread = nil, []Unread{{Operation: "GetBucketPolicy"}} }, false, "the bucket policy could not be read", 1},
		"an operator":      {statement(`,"Condition":{"FancyNew":{"s3:x-amz-server-side-encryption":"aws:kms"}}`), false, `the bucket policy could not be understood: malformed policy: statement 1: Condition: invalid operator "FancyNew"`, 1},
		"nothing to parse": {func(f *Facts) { f.Policy = &Document{[]byte("[[")} }, false, "the bucket policy could not be understood: malformed policy: not valid JSON", 1},
		"a tag":            {statement(`,"Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"legal"}}`), false, "the bucket policy may deny SSE-KMS: it hinges on what is not known here", 0},
		"the network":      {statement(`,"Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false, "the bucket policy may deny SSE-KMS: it hinges on what is not known here", 0},
		"denies":           {statement(""), false, "the bucket policy denies SSE-KMS with another key than it names", 0},
		"versioned, locked": {func(f *Facts) {
			f.Settings.Versioning, f.Settings.ObjectLock, f.Settings.Retention = plan.VersioningEnabled, plan.Yes, plan.Yes
		}, true, "ready: a report is there; versioned; object lock; a copy would lock objects", 0},
		"suspended":  {func(f *Facts) { f.Settings.Versioning = plan.VersioningSuspended }, true, "ready: a report is there; versioning suspended", 0},
		"replicated": {func(f *Facts) { f.Replication = &Replication{Rules: 1} }, true, "ready: a report is there; replicated", 0},
		"nothing read": {func(f *Facts) { f.Settings, f.Replication, f.Encryption, f.Stored = plan.Facts{}, nil, nil, nil }, true,
			"ready: a report is there; not known: versioning, object lock, default retention, replication, ACLs, requester pays, default encryption, size", 0},
		"bytes of no object": {func(f *Facts) { f.Stored.Objects = number(0) }, true, "ready: a report is there; not known: size", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := judged(c.edit)
			if yes, reason := r.include(); yes != c.include || reason != c.reason || len(r.Unread) != c.unread {
				t.Errorf("include: %v # %s, %d not answered; want %v # %s, %d", yes, reason, len(r.Unread), c.include, c.reason, c.unread)
			}
		})
	}
	if r := judged(statement(`,"Condition":{"FancyNew":{}}`)); len(r.Unread) != 1 || r.Unread[0].Operation != "GetBucketPolicy" || r.Unread[0].Denied || !strings.Contains(r.Unread[0].Why, "FancyNew") {
		t.Errorf("not answered: %+v", r.Unread)
	}
	if r := judged(func(f *Facts) { f.Stored.Objects = number(0) }); r.Estimate != nil {
		t.Errorf("a TiB of no object is priced: %+v", r.Estimate)
	}
}

// A bucket stands once in a campaign, whichever accounts were asked for it.
func TestCampaignNamesABucketOnce(t *testing.T) {
	first, second := &Account{ID: "111122223333"}, &Account{ID: "444455556666"}
	rows := []Row{Judge(first, &Facts{Name: "media", Region: "us-east-1", Failed: true}, terms()), Judge(second, known(nil), terms()),
		Judge(&Account{ID: "777788889999"}, &Facts{Name: "media", Region: "us-east-1", Failed: true}, terms())}
	l, _ := Complete(nil, rows, terms(), "").Campaign()
	if len(l.Buckets) != 1 || l.Buckets[0].Account != second.ID || l.Check() != nil {
		t.Errorf("%+v, %v", l.Buckets, l.Check())
	}
}

// Objects in the archive tiers of Intelligent-Tiering are archived: a copy does not take them.
func TestArchiveTiers(t *testing.T) {
	frequent := judged(func(f *Facts) {
		f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.IntelligentTiering: 1 << 40}
	})
	deep := judged(func(f *Facts) { f.Stored.Bytes, f.Stored.Tiers = nil, map[string]int64{"DEEP_ARCHIVE": 1 << 40} })
	if frequent.Estimate.Archived || !deep.Estimate.Archived || deep.Estimate.Copy.Max >= frequent.Estimate.Copy.Min || deep.Estimate.Update.Max < cost.Dollar {
		t.Errorf("frequent %+v\narchived %+v", frequent.Estimate, deep.Estimate)
	}
	if *deep.Bytes != 1<<40 || !reflect.DeepEqual(deep.Classes, []Class{{Class: inventory.IntelligentTiering, Tier: "DEEP_ARCHIVE", Bytes: 1 << 40}}) || !strings.Contains(strings.Join(deep.Notes, " "), "archived") {
		t.Errorf("%+v %v", deep.Classes, deep.Notes)
	}
}

// TestAccounts: a file of accounts is read strictly.
func TestAccounts(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/audit"
	got, err := ParseAccounts([]byte("external-id,role,alias\n# all of them\n abc , " + role + ", \"prod, eu\"\n,arn:aws-cn:iam::444455556666:role/x/y,\n"))
	want := []Account{{ID: "111122223333", Role: role, ExternalID: "abc", Alias: "prod, eu"}, {ID: "444455556666", Role: "arn:aws-cn:iam::444455556666:role/x/y"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                                 "nothing is in it; want a first line such as role,external-id,alias",
		"alias\nx\n":                       "line 1: there is no column role",
		"role,name\n":                      `line 1: column "name": want each of role, external-id, alias once at most`,
		"role,role\n":                      `line 1: column "role": want each of role, external-id, alias once at most`,
		"role\n":                           "no account stands below its first line",
		"role\nadmin\x1b[2J\n":             `line 2: role "admin\\x1b[2J": want an ARN such as arn:aws:iam::111122223333:role/audit`,
		"role\n" + role + "\n" + role:      "line 3: account 111122223333 stands there already",
		"role,external-id\n" + role + ",x": "line 2: external-id: STS takes none like this",
		"role,alias\n" + role + ",a\x07b":  `line 2: alias "a\\ab": want a short name`,
		"role,alias\n" + role:              "record on line 2: wrong number of fields",
	} {
		if _, err := ParseAccounts([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// BenchmarkJudge prices a bucket of three classes.
func BenchmarkJudge(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		judged(func(f *Facts) {
			f.Stored.Objects = number(123_456_789)
			f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.Standard: 1 << 40, inventory.StandardIA: 1 << 40, inventory.DeepArchive: 1 << 40}
		})
	}
}
