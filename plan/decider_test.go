package plan

import (
	"reflect"
	"testing"
	"time"

	"reseal/inventory"
)

// Rows of all kinds, decided by one Decider in any order, come out as each by itself.
func TestDeciderDecidesAsItsPolicy(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	var rows []inventory.Record
	for _, key := range []string{"a/b", "a//b", "a b", "100%"} {
		for _, size := range []int64{-1, 0, 1 << 10, 6 << 30, 6 << 40} {
			for _, e := range []inventory.Encryption{"", inventory.SSES3, inventory.SSEKMS, inventory.NotSSE, inventory.SSEC, "other"} {
				for _, class := range []inventory.StorageClass{"", inventory.Standard, inventory.IntelligentTiering, inventory.Glacier, "NEW"} {
					r := inventory.Record{Pos: inventory.Position{Row: int64(len(rows))}, Bucket: "b", Key: key, Size: size, ETag: "e", StorageClass: class,
						Encryption: e, Known: inventory.UsefulColumns, IsLatest: len(rows)%5 != 0, ByHand: len(rows)%7 == 0, LastModified: now}
					if len(rows)%3 == 0 {
						r.Known, r.VersionID = r.Known.With(inventory.ColVersionID), "v"
					}
					if len(rows)%4 == 0 {
						r.Known = r.Known.With(inventory.ColIsLatest)
					}
					if len(rows)%11 == 0 {
						r.LockMode, r.LockRetainUntil = "COMPLIANCE", now.Add(time.Hour)
					}
					rows = append(rows, r)
				}
			}
		}
	}
	for _, method := range []Method{MethodCopy, MethodUpdate, MethodAuto} {
		for _, facts := range []Facts{{}, {AWS: No, ACLs: Yes}, {AWS: Yes, ACLs: No, Transitions: No, ObjectLock: No, Website: No, IgnoresIfMatch: No}} {
			for _, o := range []Options{{}, {AllVersions: true}, {TrustInventory: true, Unconfirmed: 500_000}, {Rekey: true, MinSize: 5}, {InspectAll: true}} {
				o.Bucket, o.Method, o.SSE, o.KMSKeyID, o.BucketKey = "b", method, TargetKMS, "k", true
				p := &Policy{Options: o, Facts: facts, Now: now, Weights: DefaultWeights(true), Snapshots: 0.1}
				d := NewDecider(p)
				for i := range rows {
					if got, want := *d.Decide(&rows[i]), p.Decide(&rows[i]); !reflect.DeepEqual(got, want) {
						t.Fatalf("%v, %+v, %+v, row %+v:\n%+v, want\n%+v", method, facts, o, rows[i], got, want)
					}
				}
			}
		}
	}
}
