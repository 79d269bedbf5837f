package simaws

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"reseal/internal/simulator"
)

// Traffic is what others in the account do meanwhile.
type Traffic struct {
	KMS    int    // KMS requests a second
	Writes int    // requests a second that change objects of Bucket
	Bucket string // "" without Writes
	Seed   uint64
}

// trafficTick is how often others act.
const trafficTick = 20 * time.Millisecond

// Run plays the others until ctx ends.
func (t Traffic) Run(ctx context.Context, a *Account) {
	if t.KMS+t.Writes == 0 {
		return
	}
	c := &clients{account: a, bucket: t.Bucket, rng: rand.New(rand.NewPCG(t.Seed, 1))}
	if t.Writes > 0 {
		c.list()
	}
	tick := time.NewTicker(trafficTick)
	defer tick.Stop()
	began, kms, writes := time.Now(), 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			// What a late tick missed is not made up: a burst is nobody's load.
			due := func(rate int, done *int) int {
				all := int(float64(rate) * now.Sub(began).Seconds())
				n := min(all-*done, 1+2*rate*int(trafficTick/time.Millisecond)/1000)
				*done = all
				return n
			}
			a.Locked(func(w *simulator.World) { w.UseKMS(now, AccountID, due(t.KMS, &kms)) })
			for range due(t.Writes, &writes) {
				c.act(now)
			}
		}
	}
}

// clients write, tag and delete objects that were there at first.
type clients struct {
	account *Account
	bucket  string
	keys    []string
	rng     *rand.Rand
	n       int
}

func (c *clients) list() {
	c.account.Locked(func(w *simulator.World) {
		for o := range w.Walk(c.bucket) {
			c.keys = append(c.keys, o.Key)
		}
	})
}

// act changes one object. Of ten calls one deletes, four write and five tag. A
// refusal, as where the object is gone, is ignored.
func (c *clients) act(now time.Time) {
	if len(c.keys) == 0 {
		return
	}
	c.n++
	key, r := c.keys[c.rng.IntN(len(c.keys))], c.account.Request(c.bucket)
	text := "client " + strconv.Itoa(c.n)
	c.account.Locked(func(w *simulator.World) {
		switch {
		case c.n%10 == 0:
			_, _ = w.DeleteObject(now, &simulator.DeleteObjectInput{Request: *r, Key: key})
		case c.n%2 == 0:
			_, _ = w.PutObject(now, &simulator.PutObjectInput{Request: *r, Key: key, Body: simulator.Bytes([]byte(text))})
		default:
			_, _ = w.PutObjectTagging(now, &simulator.ObjectInput{Request: *r, Key: key}, []simulator.Tag{{Key: "by", Value: text}})
		}
	})
}
