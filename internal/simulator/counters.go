package simulator

import (
	"maps"
	"time"
)

// CallKey is what calls are counted by. Status is 0 for answers that never came (reset, hang, given up).
type CallKey struct {
	Op     Op
	Status int
	Code   string // of errors
}

// KMSCounters count the cryptographic requests that reached KMS, sent by S3 or by clients.
type KMSCounters struct {
	Calls         map[string]int64 // accepted, by KMS operation
	Total         int64            // accepted
	Rejected      int64            // over the quota
	Cached        int64            // not sent, thanks to a bucket key
	FullestSecond int64            // most accepted calls of one account in any second
	FullestEnd    time.Time        // of that second
	FullestClock  int64            // most accepted calls of one account in a second of the clock
	PerSecond     map[int64]int64  // accepted by all accounts, by unix second
}

// Counters is what a world has counted since New or ResetCounters.
type Counters struct {
	Calls     map[CallKey]int64
	KMS       KMSCounters
	Throttles map[string]int64 // kms, s3-write, s3-read
}

func newCounters() Counters {
	return Counters{
		Calls:     map[CallKey]int64{},
		KMS:       KMSCounters{Calls: map[string]int64{}, PerSecond: map[int64]int64{}},
		Throttles: map[string]int64{},
	}
}

// Counters returns a copy.
func (w *World) Counters() Counters {
	c := w.counters
	c.Calls = maps.Clone(c.Calls)
	c.KMS.Calls = maps.Clone(c.KMS.Calls)
	c.KMS.PerSecond = maps.Clone(c.KMS.PerSecond)
	c.Throttles = maps.Clone(c.Throttles)
	return c
}

// ResetCounters starts counting calls, KMS requests and throttles anew. Rewrites of keys stay.
func (w *World) ResetCounters() {
	w.counters = newCounters()
	for _, a := range w.kms.accounts {
		a.second, a.inSecond = 0, 0
	}
}

// Ops returns how many calls of op were counted, whatever their answer.
func (c Counters) Ops(op Op) int64 {
	var n int64
	for k, v := range c.Calls {
		if k.Op == op {
			n += v
		}
	}
	return n
}

// OK returns how many calls of op were answered with a 2xx status.
func (c Counters) OK(op Op) int64 {
	var n int64
	for k, v := range c.Calls {
		if k.Op == op && k.Status/100 == 2 && k.Code == "" {
			n += v
		}
	}
	return n
}

// Observed is one call as it was counted, and whose it was.
type Observed struct {
	CallKey
	Bucket, Key string // Key as in the request; of KMS calls that of the KMS key
	Agent       string // User-Agent
	KMS         int64  // cryptographic requests that S3 made for it and KMS accepted
}

// Observe has fn told of every call from now on, as it is counted; nil ends that. fn must not call the world.
func (w *World) Observe(fn func(Observed)) { w.observe = fn }

// counted tells the observer of the call.
func (c *call) counted(as CallKey) {
	if c.w.observe != nil {
		c.w.observe(Observed{CallKey: as, Bucket: c.req.Bucket, Key: c.key, Agent: c.req.Agent, KMS: c.kms})
	}
}

// add counts a call of op and returns what it is counted by. status is that of a good answer.
func (c *Counters) add(op Op, status int, err *Error) CallKey {
	key := CallKey{Op: op, Status: status}
	switch {
	case err == nil && status == 0:
		key.Status = 200
	case err != nil:
		key.Status, key.Code = err.HTTPStatus, err.Code
		switch err.Directive {
		case InsideOK, TruncateBody:
			key.Status = 200
		case ResetConn, Hang:
			key.Status = 0
		}
		if err.cause != "" {
			c.Throttles[string(err.cause)]++
		}
	}
	c.Calls[key]++
	return key
}
