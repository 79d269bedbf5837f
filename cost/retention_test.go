package cost

import (
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// TestArchiveWorkload: archive classes bill 32 KB an object at their own rate,
// and 8 KB at the rate of STANDARD (S3 User Guide, storage-class-intro).
func TestArchiveWorkload(t *testing.T) {
	got := BuiltIn().Monthly(Workload{Region: "us-east-1", Class: inventory.DeepArchive, Objects: 1_000_000, Size: 10 << 10})
	// 1,000,000 x 42 KiB = 40.05 GB x 0.00099; 1,000,000 x 8 KiB = 7.63 GB x 0.023.
	for item, want := range map[string]string{"storage, DEEP_ARCHIVE": "$0.04", archiveIndex: "$0.18"} {
		if m := amountOf(t, &got.S3, item); m.Expected.String() != want {
			t.Errorf("%s = %s, want %s", item, m.Expected, want)
		}
	}
	if s := got.S3.Total.Expected.String(); s != "$0.22" {
		t.Errorf("total = %s, want $0.22", s)
	}
}

// notesOf makes the notes of a plan of n equal objects.
func notesOf(t *testing.T, n int64, change func(*plan.Task, *Params)) string {
	t.Helper()
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	task := plan.Task{Action: plan.Copy, Demand: plan.Demand{KMS: plan.Exactly(1), Writes: plan.Exactly(1)},
		Record: inventory.Record{Known: inventory.AllColumns, Size: 1 << 30, ETag: "e", LastModified: now.AddDate(-1, 0, 0)}}
	p := Params{Prices: BuiltIn(), Region: "us-east-1", Columns: inventory.AllColumns, Options: plan.Options{SSE: plan.TargetKMS, Method: plan.MethodCopy}}
	change(&task, &p)
	return strings.Join(New(Uniform(&task, n, now), p).Notes, "\n")
}

// TestRetentionIsPriced: what a copy locks cannot be deleted, and is paid for.
func TestRetentionIsPriced(t *testing.T) {
	locked := func(task *plan.Task, p *Params) {
		p.Facts.Retention, p.Facts.RetentionMode, p.Facts.RetentionDays = plan.Yes, "COMPLIANCE", 7*365
	}
	// 1,000 GiB x 0.023 = $23.00 a month, 84 months.
	got := notesOf(t, 1000, locked)
	for _, want := range []string{"(COMPLIANCE, 7 years)", "1,000 objects without a retention of their own", "$23.00 a month", "$1,932.00 until then", "--method update"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	got = notesOf(t, 1000, func(task *plan.Task, p *Params) {
		locked(task, p)
		p.Columns = 0
	})
	if want := "up to 1,000 objects (the report has no column ObjectLockMode)"; !strings.Contains(got, want) {
		t.Errorf("no %q in %s", want, got)
	}
	for name, change := range map[string]func(*plan.Task, *Params){
		"no default retention": func(*plan.Task, *Params) {},
		"locked already":       func(task *plan.Task, p *Params) { locked(task, p); task.Record.LockMode = "GOVERNANCE" },
		"updates":              func(task *plan.Task, p *Params) { locked(task, p); task.Action = plan.Update },
	} {
		if got := notesOf(t, 1000, change); strings.Contains(got, "default retention") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestQuotaIncrease: the command that asks for more KMS, where that is what a
// run waits for.
func TestQuotaIncrease(t *testing.T) {
	slow := func(_ *plan.Task, p *Params) { p.KMSPerSecond, p.KMSQuota, p.WritesPerSecond = 5000, 10_000, 10_000 }
	got := notesOf(t, 100_000_000, slow) // 20,000 s by KMS, 10,000 s by S3 writes
	for _, want := range []string{"5h33m", "20,000 requests/s it would be 2h47m", "--quota-code L-6E3AF000 --desired-value 20000 --region us-east-1",
		"aws service-quotas request-service-quota-increase --service-code kms"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	for name, change := range map[string]func(*plan.Task, *Params){
		"another limit binds": func(task *plan.Task, p *Params) { slow(task, p); p.WritesPerSecond = 1000 },
		"a cap of one's own":  func(task *plan.Task, p *Params) { slow(task, p); p.KMSQuota = 0 },
	} {
		if got := notesOf(t, 100_000_000, change); strings.Contains(got, "service-quotas") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := notesOf(t, 1000, slow); strings.Contains(got, "service-quotas") {
		t.Errorf("a run of a second: %s", got)
	}
}

// TestRetentionOfHazard: the hazard names the same figures.
func TestRetentionOfHazard(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	task := plan.Task{Action: plan.Copy, Record: inventory.Record{Known: inventory.AllColumns, Size: 1 << 30, LastModified: now}}
	p := Params{Prices: BuiltIn(), Region: "us-east-1", Columns: inventory.AllColumns}
	p.Facts.Retention, p.Facts.RetentionMode, p.Facts.RetentionDays = plan.Yes, "COMPLIANCE", 7*365
	got := RetentionPrice(Uniform(&task, 1000, now), p)
	for _, want := range []string{"1,000 objects", "$23.00 a month", "$1,932.00 until then"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}
