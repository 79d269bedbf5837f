package cost

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"reseal/plan"
)

// Limit is one of the things that a run cannot be faster than.
type Limit struct {
	Name      string        `json:"name"`
	Unit      string        `json:"unit"`           // "requests" or "bytes"
	Demand    int64         `json:"demand"`         // upper end
	PerSecond float64       `json:"per_second"`     // of one scope
	Shortest  time.Duration `json:"shortest_ns"`    // if all goes as it may
	Longest   time.Duration `json:"longest_ns"`     // if it goes as it must not
	Note      string        `json:"note,omitempty"` // what lies between the two
}

// Duration is how long a run takes, as a range, and why.
type Duration struct {
	Shortest time.Duration `json:"shortest_ns"` // the start of the run and its canary included
	Longest  time.Duration `json:"longest_ns"`
	Binding  string        `json:"binding"` // the name of the limit that decides, "" where none is known
	Limits   []Limit       `json:"limits"`  // slowest first

	// AtLeast says that both are lower bounds: data of unknown size is to be copied.
	AtLeast bool `json:"at_least,omitempty"`
}

// duration works out how long a job takes by every limit that is known.
func (c *calculation) duration(j *job) Duration {
	writes, reads := j.writes(), j.reads()
	var d Duration
	if paced := c.paced(j.kms); c.KMSPerSecond > 0 && paced > 0 {
		at := secondsOf(float64(paced), c.KMSPerSecond)
		d.Limits = append(d.Limits, Limit{Name: kmsLimit, Unit: "requests", Demand: paced, PerSecond: c.KMSPerSecond, Shortest: at, Longest: at, Note: c.pacedNote(j.kms)})
	}
	hotWrites, hotReads := c.hottest()
	spread := func(name string, n int64, hot, perSecond float64) {
		if perSecond <= 0 || n == 0 {
			return
		}
		d.Limits = append(d.Limits, Limit{
			Name: name, Unit: "requests", Demand: n, PerSecond: perSecond,
			Shortest: secondsOf(float64(n)*hot, perSecond),
			Longest:  secondsOf(float64(n), perSecond),
			Note:     "from every top-level prefix being a partition of its own to all of them sharing one",
		})
	}
	spread("S3 writes", writes.Max, hotWrites, c.WritesPerSecond)
	spread("S3 reads", reads.Max, hotReads, c.ReadsPerSecond)
	if c.Concurrency > 0 && c.Latency > 0 {
		all := plan.Sum(writes.Max, reads.Max)
		perSecond := float64(c.Concurrency) / c.Latency.Seconds()
		at := secondsOf(float64(all), perSecond)
		d.Limits = append(d.Limits, Limit{
			Name: "concurrency", Unit: "requests", Demand: all, PerSecond: perSecond, Shortest: at, Longest: at,
			Note: fmt.Sprintf("%s in flight at %s a request", thousands(int64(c.Concurrency)), c.Latency),
		})
	}
	c.moving(j, &d)
	d.AtLeast = j.unsized != [numClasses]int64{}
	slices.SortStableFunc(d.Limits, func(a, b Limit) int { return cmp.Compare(b.Longest, a.Longest) })
	for _, l := range d.Limits {
		d.Shortest = max(d.Shortest, l.Shortest)
		d.Longest = max(d.Longest, l.Longest)
	}
	if len(d.Limits) > 0 {
		d.Binding = d.Limits[0].Name
		d.Shortest = time.Duration(plan.Sum(int64(d.Shortest), int64(startShortest)))
		d.Longest = time.Duration(plan.Sum(int64(d.Longest), int64(startLongest)))
	}
	return d
}

// What a run takes beside its objects: to read what it may and what the bucket is, to
// try the first objects of each kind one after the other, to pick up speed, and to
// write down its end. On the simulator 300 objects of five kinds took 2 s
// (2026-11-29); with latencies of AWS several requests for each kind wait in turn.
const (
	startShortest = 2 * time.Second
	startLongest  = 10 * time.Second
)

// paced is how many KMS requests the gate counts for n: the greatest number, less
// what it is told a bucket key spares for certain.
func (c *calculation) paced(n Calls) int64 {
	if !c.Options.BucketKey {
		return n.Max
	}
	uncounted := int64(math.Round(min(max(c.KMSUncounted, 0), 1) * 1e6))
	return n.Min + mulDiv(n.Max-n.Min, 1_000_000-uncounted, 1_000_000)
}

// pacedNote says which of n are counted.
func (c *calculation) pacedNote(n Calls) string {
	switch {
	case !c.Options.BucketKey || n.Min == n.Max:
		return ""
	case c.KMSUncounted > 0:
		return fmt.Sprintf("of those that a bucket key may spare %.6g %% are counted (--bucket-key-weight)", 100*(1-c.KMSUncounted))
	}
	return "those that a bucket key may spare are counted as well; --bucket-key-weight counts less of them"
}

// DefaultCopyRate is how many bytes a second one request is taken to copy: an
// assumption. No page of AWS that was read (2026-11-21) states how fast S3 copies
// inside itself, nor could the figure be confirmed for a request that reads.
const DefaultCopyRate = 85_000_000

// perSecond writes a rate of so many bytes a second.
func perSecond(bytes int64) string {
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', -1, 64) + " MB/s"
}

// partsInFlight is how many parts of one object are copied at a time.
const partsInFlight = 8

// moving adds the limits that the amount of data sets.
func (c *calculation) moving(j *job, d *Duration) {
	if c.Concurrency <= 0 || j.moved == 0 {
		return
	}
	add := func(name string, bytes int64, requests int, note string) {
		rate := float64(c.CopyRate) * float64(requests)
		at := secondsOf(float64(bytes), rate)
		d.Limits = append(d.Limits, Limit{Name: name, Unit: "bytes", Demand: bytes, PerSecond: rate, Shortest: at, Longest: at, Note: note})
	}
	add("data", j.moved, c.Concurrency, fmt.Sprintf("%s in flight, assumed to move %s each", thousands(int64(c.Concurrency)), perSecond(c.CopyRate)))
	if j.largest > plan.SingleCopyLimit {
		add("largest object", j.largest, partsInFlight, "its parts, eight at a time, assumed to move "+perSecond(c.CopyRate)+" each")
	}
}

// hottest returns the share of the S3 writes and reads that fall to the busiest
// top-level prefix, both at most 1.
func (c *calculation) hottest() (writes, reads float64) {
	var allW, allR, topW, topR int64
	for name, p := range c.tally.prefixes {
		allW, allR = plan.Sum(allW, p.Writes), plan.Sum(allR, p.Reads)
		if name != Others { // many prefixes, none of them busier than those told apart need be
			topW, topR = max(topW, p.Writes), max(topR, p.Reads)
		}
	}
	share := func(top, all int64) float64 {
		if all == 0 || top == 0 {
			return 1
		}
		return float64(top) / float64(all)
	}
	return share(topW, allW), share(topR, allR)
}

// KMSQuota returns the default quota of symmetric cryptographic KMS requests a
// second, per account and Region; an account may have another. A Region that is
// not named has the lowest.
//
// Source: AWS General Reference, KMS endpoints and quotas, read 2026-11-21.
func KMSQuota(region string) float64 {
	switch region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 100_000
	case "us-east-2", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-south-2", "eu-west-2":
		return 20_000
	}
	return 10_000
}

// KMSStoreQuota is the quota of cryptographic requests a second that each
// custom key store (CloudHSM or external) has for itself. That of a CloudHSM
// key store cannot be raised, that of an external one can (KMS Developer Guide,
// requests-per-second, read 2026-11-29; the number: General Reference, kms, 2026-11-21).
const KMSStoreQuota = 1800

// S3 request rates that one partitioned prefix supports at least (Amazon S3 User
// Guide, optimizing-performance, read 2026-11-21).
const (
	S3WritesPerPrefix = 3500
	S3ReadsPerPrefix  = 5500
)

// requestsOf returns the S3 requests of a job.
func requestsOf(j *job) Calls {
	w, r := j.writes(), j.reads()
	return Calls{w.Min + r.Min, w.Min + r.Max, w.Max + r.Max}
}
