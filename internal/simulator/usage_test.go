package simulator

import (
	"testing"
	"time"
)

// TestKMSUsage: CloudWatch counts what all callers of an account asked of KMS
// within the quota, by the minute, and knows it late.
func TestKMSUsage(t *testing.T) {
	b := newBench(t, Config{KMSRequestsPerSecond: 10, UsageDelay: 150 * time.Second})
	us, them := in("bkt").Principal, Principal{ARN: "arn:aws:iam::" + stranger + ":user/x", Account: stranger}
	at := t0.Add(time.Hour)
	if n := b.UseKMS(at, owner, 15); n != 10 {
		t.Errorf("%d of 15 requests at once are within a quota of 10", n)
	}
	if n := b.UseKMS(at, stranger, 4); n != 4 {
		t.Errorf("%d of 4 requests of another account, want its own quota", n)
	}
	if _, err := b.UseKey(at.Add(time.Minute), &KeyUse{Principal: us, Op: OpGenerateDataKey, KeyID: testKey}); err != nil {
		t.Fatal(err)
	}
	b.UseKMS(at.Add(3*time.Minute), owner, 2)
	for _, tt := range []struct {
		name     string
		who      Principal
		now      time.Duration
		from, to time.Duration
		want     []UsageMinute
	}{
		{"too early for any", us, 209 * time.Second, -time.Hour, time.Hour, nil},
		{"the first", us, 210 * time.Second, -time.Hour, time.Hour, []UsageMinute{{at, 10}}},
		{"all", us, time.Hour, -time.Hour, time.Hour, []UsageMinute{{at, 10}, {at.Add(time.Minute), 1}, {at.Add(3 * time.Minute), 2}}},
		{"from the second to before the last", us, time.Hour, time.Minute, 3 * time.Minute, []UsageMinute{{at.Add(time.Minute), 1}}},
		{"another account", them, time.Hour, -time.Hour, time.Hour, []UsageMinute{{at, 4}}},
		{"nobody", Principal{Account: "999999999999"}, time.Hour, -time.Hour, time.Hour, nil},
	} {
		got, err := b.World.KMSUsage(at.Add(tt.now), tt.who, at.Add(tt.from), at.Add(tt.to))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if !got[i].Minute.Equal(tt.want[i].Minute) || got[i].Calls != tt.want[i].Calls {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	}
	b.UseKMS(at.Add(20*24*time.Hour), owner, 1)
	if n := len(b.kms.accounts[owner].minutes); n != 1 {
		t.Errorf("%d minutes are remembered after 20 days, want the last", n)
	}
}
