package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// poolEvery is how often the pool is fitted to what the gate says is needed: soon
// enough for the first requests to tell what the next need.
const poolEvery = 100 * time.Millisecond

// workerCount is how many workers there are, and how many there should be.
type workerCount struct{ running, wanted atomic.Int64 }

// leave tells a worker that there are too many; it has been counted out then.
func (c *workerCount) leave() bool {
	for {
		n := c.running.Load()
		if n <= c.wanted.Load() {
			return false
		}
		if c.running.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// pool keeps as many workers as there should be objects in flight, and returns
// when the last one has ended.
func (r *run) pool(fed <-chan struct{}) {
	var workers sync.WaitGroup
	defer workers.Wait()
	var c workerCount
	fit := func() {
		want := int64(max(1, min(r.Workers, r.Slots())))
		c.wanted.Store(want)
		for c.running.Load() < want {
			c.running.Add(1)
			workers.Go(func() { r.worker(&c) })
		}
	}
	fit()
	tick := time.NewTicker(poolEvery)
	defer tick.Stop()
	for {
		select {
		case <-fed:
			return
		case <-tick.C:
			fit()
		}
	}
}
