package simaws

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/internal/simulator"
)

// Others use KMS and change objects as often as they were told to.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(Config{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Listener.Close()
		if err := a.MakeBuckets(time.Now(), "archive"); err != nil {
			t.Fatal(err)
		}
		if err := a.World.Populate("archive", simulator.Population{N: 10_000, Seed: 1, Plain: true}); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() { Traffic{KMS: 300, Writes: 100, Bucket: "archive", Seed: 1}.Run(ctx, a) })
		time.Sleep(2 * time.Minute)
		stop()
		others.Wait()
		c := a.World.Counters()
		puts, tags, deletes := c.OK("PutObject"), c.OK("PutObjectTagging"), c.OK("DeleteObject")
		if puts < 4000 || tags < 4000 || deletes < 1000 || puts+tags+deletes > 12_000 {
			t.Errorf("in two minutes at 100/s: %d puts, %d tags, %d deletes", puts, tags, deletes)
		}
		minutes, refused := a.World.KMSUsage(time.Now().Add(time.Hour), simulator.Principal{Account: AccountID, ARN: Administrator}, time.Time{}, time.Now())
		if refused != nil || len(minutes) < 2 || minutes[0].Calls < 290*60 || minutes[0].Calls > 300*60 {
			t.Errorf("KMS use by the minute: %+v, %v; want about %d", minutes, refused, 300*60)
		}
	})
}
