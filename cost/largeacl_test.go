package cost

import (
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// TestLargeACLs: the upper bounds of a plan have room for every copy to become one in
// parts, after the look that shows its ACL; what is expected, and how long it takes,
// does not.
func TestLargeACLs(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	const n = 1000
	for _, size := range []int64{100, 1 << 30, 5 << 30} {
		for _, source := range []inventory.Encryption{inventory.SSES3, inventory.SSEKMS} {
			for _, acls := range []plan.Answer{plan.No, plan.Unknown, plan.Yes} {
				for _, aws := range []plan.Answer{plan.No, plan.Yes} {
					o := plan.Options{Bucket: "b", SSE: plan.TargetKMS, KMSKeyID: "k", Method: plan.MethodCopy, Rekey: true}
					facts := plan.Facts{Bucket: "b", Region: "us-east-1", Versioning: plan.VersioningEnabled, ACLs: acls, AWS: aws, Transitions: plan.No, ObjectLock: plan.No, Website: plan.No, IgnoresIfMatch: plan.No}
					policy := plan.Policy{Options: o, Facts: facts, Now: now, Weights: plan.DefaultWeights(false)}
					row := inventory.Record{Bucket: "b", Key: "k", Known: inventory.AllColumns, IsLatest: true, Size: size, ETag: "e", StorageClass: inventory.Standard, Encryption: source, LastModified: now.AddDate(-1, 0, 0)}
					task := policy.Decide(&row)
					inParts := policy
					inParts.Options.CopyVia = plan.ViaMultipart
					parts := inParts.Decide(&row)
					if task.Action != plan.Copy || parts.Action != plan.MultipartCopy {
						t.Fatalf("%s, %s", task.Action, parts.Action)
					}
					e := New(Uniform(&task, n, now), Params{Prices: BuiltIn(), Region: "us-east-1", Columns: inventory.AllColumns, Options: o, Facts: facts, WritesPerSecond: 1, KMSPerSecond: 0.01})
					got, once := e.Demand, task.Demand.Times(n)
					least := parts.Demand.Add(plan.Demand{Reads: plan.Exactly(1)}).Times(n) // the look at the ACL
					if acls == plan.No {
						least = once
						if got != once {
							t.Errorf("%d bytes, no ACLs: %+v, want %+v", size, got, once)
						}
					}
					for what, r := range map[string][3]plan.Range{"writes": {got.Writes, once.Writes, least.Writes}, "reads": {got.Reads, once.Reads, least.Reads}, "KMS": {got.KMS, once.KMS, least.KMS}} {
						if r[0].Min != r[1].Min || r[0].Max < r[2].Max || r[0].Max > 3*r[2].Max {
							t.Errorf("%d bytes, %v, ACLs %s, AWS %s: %s %+v, want from %d to %d or some more", size, source, acls, aws, what, r[0], r[1].Min, r[2].Max)
						}
					}
					puts := e.Once.Lines[0]
					if puts.Quantity.Expected != n || puts.Quantity.Max != got.Writes.Max || e.KMSCalls.Expected != once.KMS.Max || e.KMSCalls.Max != got.KMS.Max {
						t.Errorf("%d bytes, ACLs %s: %+v and %+v KMS requests of %+v", size, acls, puts.Quantity, e.KMSCalls, got)
					}
					for _, m := range e.Methods {
						if m.Planned && m.Longest != e.Duration.Longest {
							t.Errorf("%s: %s and %s", m.Name, m.Longest, e.Duration.Longest)
						}
					}
					for _, l := range e.Duration.Limits {
						if l.Name == "S3 writes" && l.Demand != n {
							t.Errorf("%d bytes, ACLs %s: time for %d writes, want %d", size, acls, l.Demand, n)
						}
					}
					if said := strings.Contains(strings.Join(e.Notes, " "), "more than some 28 grants"); said != (acls == plan.Yes) {
						t.Errorf("ACLs %s: said %v", acls, said)
					}
				}
			}
		}
	}
}
