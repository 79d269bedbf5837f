package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
	"reseal/survey"
)

// formulaAttack is text that would steer a terminal, run as a formula, or be an element of a page.
const formulaAttack = "=cmd|' /C calc'!A0\x1b[2J\u202e<script>alert(1)</script>\n|x"

// sampleSurvey is a survey of accounts with buckets of all kinds, a hostile one among them.
func sampleSurvey() *survey.Survey {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	terms := &survey.Terms{Prices: cost.BuiltIn(), Rate: 500, Now: now, AWS: plan.Yes}
	number := func(n int64) *int64 { return &n }
	facts := func(name, region string, objects int64, edit func(*survey.Facts)) *survey.Facts {
		f := &survey.Facts{Name: name, Region: region, Encryption: &survey.Encryption{Algorithm: "AES256"}, Policy: &survey.Document{}, Replication: &survey.Replication{}, Metadata: &survey.Metadata{},
			Settings: plan.Facts{Versioning: plan.Unversioned, ObjectLock: plan.No, Retention: plan.No, ACLs: plan.No, Requester: plan.No},
			Inventories: &[]survey.Inventory{{ID: "reseal", Enabled: true, Frequency: "Daily", Format: "Parquet", Location: "s3://acme-reports/inventory/" + name + "/reseal/",
				Newest: now.Add(-14 * time.Hour), Looked: true}},
			Stored: &survey.Stored{Objects: number(objects), Bytes: map[inventory.StorageClass]int64{inventory.Standard: objects * 300_000}, Day: now.AddDate(0, 0, -1)}}
		if edit != nil {
			edit(f)
		}
		return f
	}
	prod := &survey.Account{ID: "111122223333", Alias: "production", Role: "arn:aws:iam::111122223333:role/audit"}
	evil := &survey.Account{ID: "444455556666", Alias: formulaAttack}
	var rows []survey.Row
	for _, f := range []*survey.Facts{
		facts("acme-media", "eu-west-1", 120_000_000, func(f *survey.Facts) { f.Settings.Versioning = plan.VersioningEnabled }),
		facts("acme-prod-eu-west-1-access-logs-111122223333-archive", "eu-west-1", 4_500_000_000, func(f *survey.Facts) {
			f.Stored.Bytes = map[inventory.StorageClass]int64{inventory.Standard: 1 << 44, inventory.DeepArchive: 1 << 48, inventory.StandardIA: 1 << 43}
			f.Inventories = &[]survey.Inventory{}
		}),
		facts("acme-films", "us-east-1", 900, func(f *survey.Facts) {
			f.Encryption = &survey.Encryption{Algorithm: "aws:kms", Key: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", BucketKey: true}
			f.Replication = &survey.Replication{Rules: 2, WithKMS: 1}
			f.Settings.ObjectLock, f.Settings.Retention, f.Settings.RetentionMode, f.Settings.RetentionDays = plan.Yes, plan.Yes, "COMPLIANCE", 365
		}),
		facts("acme-hidden", "us-east-1", 0, func(f *survey.Facts) {
			f.Stored, f.Encryption, f.Inventories = nil, nil, nil
			f.Unread = []survey.Unread{{Question: "default encryption", Operation: "GetBucketEncryption", Action: "s3:GetEncryptionConfiguration", Denied: true, Why: "denied"},
				{Question: "inventories", Operation: "ListBucketInventoryConfigurations", Action: "s3:GetInventoryConfiguration", Denied: true, Why: "denied"},
				{Question: "objects and bytes", Operation: "GetMetricData", Action: "cloudwatch:GetMetricData", Denied: true, Why: "denied"}}
		}),
	} {
		rows = append(rows, survey.Judge(prod, f, terms))
	}
	rows = append(rows, survey.Judge(evil, facts(formulaAttack, formulaAttack, 1000, func(f *survey.Facts) {
		f.Encryption = &survey.Encryption{Algorithm: "aws:kms", Key: formulaAttack}
		f.Policy = &survey.Document{Text: []byte(formulaAttack)}
		f.Inventories = &[]survey.Inventory{{ID: formulaAttack, Enabled: true, Frequency: formulaAttack, Format: formulaAttack, Prefix: formulaAttack, Location: "s3://" + formulaAttack + "/", Missing: []string{"Size"}}}
		f.Metadata = &survey.Metadata{Configured: true, Inventory: formulaAttack}
		f.Unread = []survey.Unread{{Question: "versioning", Operation: "GetBucketVersioning", Why: formulaAttack}}
	}), terms))
	failed := survey.Account{ID: "777788889999", Role: "arn:aws:iam::777788889999:role/audit", Error: &survey.Unread{Question: "the role", Operation: "AssumeRole", Action: "sts:AssumeRole", Denied: true,
		Why: "AssumeRole: AccessDenied " + formulaAttack, Err: errors.New("denied")}}
	return survey.Complete([]survey.Account{*prod, *evil, failed}, rows, terms, "1.0.0")
}

// columnsOf80 is a writer of 80 columns.
type columnsOf80 struct{ bytes.Buffer }

func (*columnsOf80) Columns() int { return 80 }

// TestSurveyText: the table fits 80 columns but for names and commands that are to be pasted, says what was denied
// by which action, and nothing from outside reaches the terminal raw.
func TestSurveyText(t *testing.T) {
	v := sampleSurvey()
	var all columnsOf80
	if err := WriteSurvey(&all, v); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(all.String()) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 && !strings.Contains(line, "calc") {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	text := strings.Join(strings.Fields(all.String()), " ")
	for _, want := range []string{
		"Account 777788889999 (arn:aws:iam::777788889999:role/audit): not asked: AssumeRole: AccessDenied",
		"Account 111122223333 (production), eu-west-1: 2 buckets BUCKET DEFAULT OBJECTS BYTES UP TO STATE acme-media SSE-S3 120.0 M 32.7 TiB $",
		"acme-prod-eu-west-1-access-logs-111122223333-archive SSE-S3 4.5 G",
		"acme-hidden unknown unknown unknown unknown unknown *",
		"5 buckets, 2 ready, 2 no-inventory, 1 unknown.",
		"of 1 the figures are unknown",
		"1 bucket cloudwatch:GetMetricData objects and bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, all.String())
		}
	}
	for i := range v.Rows {
		var one columnsOf80
		if err := WriteSurveyBucket(&one, &v.Rows[i], v.Rate); err != nil {
			t.Fatal(err)
		}
		noControls(t, one.String())
	}
	noControls(t, all.String())
}

func noControls(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("raw text of others: %q", text)
	}
}

// TestSurveyFiles: CSV has an empty cell for what is unknown and runs nothing, JSON and the
// page have nothing raw.
func TestSurveyFiles(t *testing.T) {
	v := sampleSurvey()
	var out bytes.Buffer
	if err := WriteSurveyCSV(&out, v); err != nil {
		t.Fatal(err)
	}
	noControls(t, out.String())
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 7 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	hidden, evil, refused := rows[4], rows[5], rows[6]
	if refused[at["account"]] != "777788889999" || refused[at["bucket"]] != "" || refused[at["state"]] != "not-asked" || refused[at["not_answered"]] != "the role" || refused[at["denied_actions"]] != "sts:AssumeRole" {
		t.Errorf("an account that refused: %q", refused)
	}
	for _, name := range []string{"objects", "bytes", "default_encryption", "update_usd_max", "manifest"} {
		if hidden[at[name]] != "" {
			t.Errorf("%s of a bucket that hides it: %q", name, hidden[at[name]])
		}
	}
	for _, r := range rows[1:] {
		for name, i := range at {
			if _, err := strconv.ParseFloat(r[i], 64); strings.Contains(name, "_usd_") && r[i] != "" && err != nil {
				t.Errorf("%s of %s is %q, no number", name, r[at["bucket"]], r[i])
			}
		}
	}
	if hidden[at["denied_actions"]] != "s3:GetEncryptionConfiguration; s3:GetInventoryConfiguration; cloudwatch:GetMetricData" || !strings.HasPrefix(evil[at["bucket"]], "'=cmd") {
		t.Errorf("%q\n%q", hidden, evil)
	}
	for name, write := range map[string]func(io.Writer) error{
		"json": func(w io.Writer) error { return WriteSurveyJSON(w, v) },
		"html": func(w io.Writer) error { return WriteSurveyHTML(w, v) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		noControls(t, out.String())
		if name == "html" && strings.Contains(out.String(), "<script>alert") {
			t.Error("an element of an formulaAttack is in the page")
		}
	}
}

// A kind of refusal has all its buckets, however many other kinds there are.
func TestRefusalsAreCountedOn(t *testing.T) {
	v := new(survey.Survey)
	for i := range 2 * mostRefusals {
		v.Rows = append(v.Rows, survey.Row{Unread: []survey.Unread{
			{Question: "bucket policy", Operation: "GetBucketPolicy", Action: "s3:GetBucketPolicy", Denied: true},
			{Question: "versioning", Operation: "GetBucketVersioning", Code: fmt.Sprintf("Code%d", i), Why: "answer"},
		}})
	}
	all := Refusals(v)
	if len(all) != mostRefusals || all[0].Action != "s3:GetBucketPolicy" || all[0].Buckets != len(v.Rows) {
		t.Errorf("%d kinds, the first %+v; want %d, and %d buckets", len(all), all[0], mostRefusals, len(v.Rows))
	}
}

// One failure of many buckets is one line, though the answers name bucket, request and inventory.
func TestRefusalsAreGrouped(t *testing.T) {
	v := new(survey.Survey)
	for i := range 1000 {
		v.Rows = append(v.Rows, survey.Row{Unread: []survey.Unread{
			{Question: "bucket policy", Operation: "GetBucketPolicy", Action: "s3:GetBucketPolicy", Code: "SlowDown", Why: fmt.Sprintf("GetBucketPolicy bucket-%d: request id %d", i, i)},
			{Question: "the reports of the inventory", About: fmt.Sprint("daily-", i), Operation: "ListObjectsV2", Action: "s3:ListBucket", Denied: true, Code: "AccessDenied", Why: fmt.Sprint(i)},
		}})
	}
	v.Totals.Partial = 1000
	if all := Refusals(v); len(all) != 2 || all[0].Buckets != 1000 || all[1].Buckets != 1000 {
		t.Fatalf("%d kinds: %+v", len(all), all)
	}
	var out columnsOf80
	if err := WriteSurvey(&out, v); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{"1,000 buckets GetBucketPolicy bucket policy: SlowDown, such as GetBucketPolicy bucket-0: request id 0", "1,000 buckets s3:ListBucket the reports of the inventory"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text[max(0, len(text)-600):])
		}
	}
}

// The bucket that an inventory hides of names it, where all is said about the one.
func TestSurveyBucketNamesTheInventory(t *testing.T) {
	r := survey.Row{Bucket: "media", Unread: []survey.Unread{{Question: "the reports of the inventory", About: "daily", Denied: true, Action: "s3:ListBucket"}},
		Classes: []survey.Class{{Class: inventory.IntelligentTiering, Tier: "DEEP_ARCHIVE", Bytes: 5}}, Bytes: new(int64)}
	var out columnsOf80
	if err := WriteSurveyBucket(&out, &r, 500); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the reports of the inventory daily: denied: s3:ListBucket", "INTELLIGENT_TIERING (DEEP_ARCHIVE)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
}
