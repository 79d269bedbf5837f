package cost

import (
	"fmt"
	"math"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Params are what an estimate rests on besides the tally.
type Params struct {
	Prices  Prices
	Region  string
	Options plan.Options
	Facts   plan.Facts

	// BucketKeyShare is the share of the KMS requests left open by a bucket key
	// that is expected to reach KMS, in millionths; 0 means DefaultBucketKeyShare.
	BucketKeyShare int64
	// FreeKMS is how many KMS requests of the monthly free tier (FreeTier) are
	// still to be had; 0 if none, which is the careful choice as production
	// uses them up.
	FreeKMS int64

	// Limits of the run. A limit of 0 is not known, and left out.
	KMSPerSecond    float64       // cap on KMS requests
	KMSQuota        float64       // the account's quota that the cap is a share of; 0 where it is not, or cannot be raised by Service Quotas
	KMSUncounted    float64       // share of the KMS requests left open by a bucket key that the pace does not count, 0 to 1
	WritesPerSecond float64       // S3 PUT-class requests, one prefix
	ReadsPerSecond  float64       // S3 GET-class requests, one prefix
	Concurrency     int           // objects in flight
	Latency         time.Duration // of one request, as stated or measured

	// CopyRate is how many bytes a second one request is taken to copy; 0 means
	// DefaultCopyRate.
	CopyRate int64

	Columns inventory.Columns // that the report has

	// What readers and writers do to the bucket in a month, for the running
	// cost; 0 where it is not stated.
	MonthlyGets, MonthlyPuts int64
}

// DefaultBucketKeyShare is the share, in millionths, of KMS requests that still
// reach KMS with an S3 Bucket Key: 2.7 %, as a published AWS sample measured it
// (97.3 % fewer). The Amazon S3 User Guide (bucket-key, read 2026-11-21) only
// says up to 99 % fewer, and not how long a bucket key lives.
const DefaultBucketKeyShare = 27_000

// FreeTier is the number of KMS requests a month that an account has free, over
// all Regions (AWS KMS pricing page, read 2026-11-21).
const FreeTier = 20_000

// Calls is a number of requests with its bounds and what is expected.
type Calls struct {
	Min      int64 `json:"min"`
	Expected int64 `json:"expected"`
	Max      int64 `json:"max"`
}

func (c Calls) add(o Calls) Calls {
	return Calls{plan.Sum(c.Min, o.Min), plan.Sum(c.Expected, o.Expected), plan.Sum(c.Max, o.Max)}
}

// Span is an amount of money with its bounds and what is expected.
type Span struct {
	Min      Money `json:"min"`
	Expected Money `json:"expected"`
	Max      Money `json:"max"`
}

// Add returns the sum of two amounts and of their bounds.
func (s Span) Add(o Span) Span {
	return Span{s.Min.Add(o.Min), s.Expected.Add(o.Expected), s.Max.Add(o.Max)}
}

// Line is one position of a bill.
type Line struct {
	Item     string `json:"item"`
	Quantity Calls  `json:"quantity"`
	Unit     string `json:"unit"` // "requests", "objects", "jobs", "bytes", "keys"
	Rate     string `json:"rate"` // for people; "price unknown" where it is
	Known    bool   `json:"price_known"`
	Amount   Span   `json:"amount_usd"` // zero where the price is unknown
	Note     string `json:"note,omitempty"`
}

// Bill is a list of positions and their sum. It is a lower bound where Missing
// is not empty.
type Bill struct {
	Lines   []Line   `json:"lines"`
	Total   Span     `json:"total_usd"`
	Missing []string `json:"price_unknown,omitempty"` // items that no price is known for
}

func (b *Bill) add(l Line) {
	if l.Quantity == (Calls{}) {
		return
	}
	if !l.Known {
		if l.Rate != sizeUnknown {
			l.Rate = "price unknown"
		}
		l.Amount = Span{}
		b.Missing = append(b.Missing, l.Item)
	}
	b.Lines = append(b.Lines, l)
	b.Total = b.Total.Add(l.Amount)
}

// Complete tells whether every position has a price.
func (b *Bill) Complete() bool { return len(b.Missing) == 0 }

// Estimate is what a run costs and how long it takes. All its figures are list
// prices of Region on PriceDate, in US dollars before tax and discounts.
type Estimate struct {
	Region      string `json:"region"`
	Priced      bool   `json:"priced"` // the price list has the Region
	PriceDate   string `json:"price_date,omitempty"`
	PriceSource string `json:"price_source,omitempty"`

	Objects  int64       `json:"objects"`
	Bytes    int64       `json:"bytes"`
	Unsized  int64       `json:"size_unknown,omitempty"` // objects whose bytes are not known, and in no figure
	Demand   plan.Demand `json:"demand"`                 // what the gate will be asked for
	KMSCalls Calls       `json:"kms_calls"`

	Once     Bill     `json:"once"`
	Monthly  Bill     `json:"monthly"`
	Duration Duration `json:"duration"`

	Rekey *Rekey `json:"rekey,omitempty"` // what --rekey would come to, where it is left out and has something to look at

	Methods     []Method `json:"methods"`
	Recommended string   `json:"recommended"`    // name of a method
	Advice      string   `json:"recommendation"` // one line
	Notes       []string `json:"notes"`
}

// New estimates the run that t sums up.
func New(t *Tally, p Params) *Estimate {
	if p.BucketKeyShare == 0 {
		p.BucketKeyShare = DefaultBucketKeyShare
	}
	if p.CopyRate <= 0 {
		p.CopyRate = DefaultCopyRate
	}
	region, priced := p.Prices.Region(p.Region)
	c := &calculation{Params: p, tally: t, region: region, copied: t.copied()}
	todo := t.Todo()
	e := &Estimate{Region: p.Region, Priced: priced, PriceDate: region.Date, PriceSource: region.Source,
		Objects: todo.Objects, Bytes: todo.Bytes, Unsized: todo.Unsized, Demand: t.Demand()}
	planned := c.planned()
	e.Demand = e.Demand.Add(c.largeACLs(planned))
	e.KMSCalls = planned.kms.add(planned.rarely().kms)
	e.Once = c.bill(planned)
	e.Monthly = c.monthly()
	e.Duration = c.duration(planned)
	e.Rekey = c.rekey()
	e.Methods = c.methods(planned)
	e.Recommended, e.Advice = c.recommend(e.Methods)
	e.Notes = c.notes(e)
	if len(p.Options.Tags) > 0 {
		e.mayBeNothing()
	}
	return e
}

// mayBeNothing takes away the lower bounds: tags select the objects, and nobody knows
// them beforehand. What is expected stays that of all of them.
func (e *Estimate) mayBeNothing() {
	e.Demand, e.KMSCalls.Min, e.Once.Total.Min = e.Demand.UpTo(), 0, 0
	for i := range e.Once.Lines {
		e.Once.Lines[i].Quantity.Min, e.Once.Lines[i].Amount.Min = 0, 0
	}
}

// calculation is one call of New.
type calculation struct {
	Params
	tally  *Tally
	region Region
	copied [numClasses]int64 // billed bytes that the planned run writes anew
}

// job is what a way of doing the work asks for, in the terms of a bill.
type job struct {
	puts      [numClasses]plan.Range // billed at the PUT price of the class
	stdPuts   plan.Range             // billed at the PUT price of STANDARD
	gets      [numClasses]plan.Range
	kms       Calls
	retrieved [numClasses]int64 // bytes read from classes that charge for it
	unsized   [numClasses]int64 // objects that are copied and whose bytes are not known
	moved     int64             // bytes copied
	largest   int64             // bytes of the largest object that is copied
	early     bool              // young objects are overwritten
	earlyAll  bool              // those that the plan updates in place as well
	batchJobs int64
	batched   int64 // objects
	lists     int64
	atMost    *job // what comes on top in rare cases; nil for nothing
}

func (j *job) writes() (n plan.Range) {
	n = j.stdPuts
	for _, r := range j.puts {
		n = n.Add(r)
	}
	return n.Add(plan.Exactly(j.lists))
}

func (j *job) reads() (n plan.Range) {
	for _, r := range j.gets {
		n = n.Add(r)
	}
	return n
}

// weigh adds what is expected to the bounds of a number of KMS requests.
func (c *calculation) weigh(r plan.Range) Calls {
	if !c.Options.BucketKey {
		return Calls{r.Min, r.Max, r.Max}
	}
	expected := plan.Sum(r.Min, mulDiv(r.Max-r.Min, c.BucketKeyShare, 1_000_000))
	return Calls{r.Min, min(expected, r.Max), r.Max}
}

// planned returns the job that the tally's own demand makes.
func (c *calculation) planned() *job {
	j := &job{early: true}
	var kms plan.Range
	for a := plan.Copy; a < plan.NumActions; a++ {
		for i := range classes {
			if w := &c.tally.work[a][i]; w.Objects > 0 {
				j.work(a, i, w.Count, w.Demand)
				if a != plan.Update {
					j.largest = max(j.largest, w.Largest)
				}
				kms = kms.Add(w.Demand.KMS)
			}
		}
	}
	j.kms = c.weigh(kms)
	return j
}

// work adds what an action on objects of a class asks for.
func (j *job) work(a plan.Action, class int, n Count, d plan.Demand) {
	archive := classes[class] == inventory.Glacier || classes[class] == inventory.DeepArchive
	j.gets[class] = j.gets[class].Add(d.Reads)
	switch {
	case a == plan.Update:
		// One PUT at the rate of STANDARD whatever the class (Amazon S3 User
		// Guide, update-sse-encryption, read 2026-11-21).
		j.stdPuts = j.stdPuts.Add(d.Writes)
		return
	case a == plan.MultipartCopy && archive:
		// Create and parts at the rate of STANDARD, Complete at that of the class
		// (same guide, mpuoverview and aws-usage-report-understand).
		j.puts[class] = j.puts[class].Add(plan.Exactly(n.Objects))
		j.stdPuts = j.stdPuts.Add(plan.Range{Min: d.Writes.Min - n.Objects, Max: d.Writes.Max - n.Objects})
	default:
		j.puts[class] = j.puts[class].Add(d.Writes)
	}
	j.unsized[class] = plan.Sum(j.unsized[class], n.Unsized)
	j.moved = plan.Sum(j.moved, n.Bytes)
	if paysRetrieval(classes[class]) {
		j.retrieved[class] = plan.Sum(j.retrieved[class], n.Bytes)
	}
}

// paysRetrieval tells whether reading an object of the class costs money each
// time. Archived objects are paid for when they are restored.
func paysRetrieval(c inventory.StorageClass) bool {
	return c == inventory.StandardIA || c == inventory.OneZoneIA || c == inventory.GlacierIR
}

// copied returns the billed bytes of objects that are copied, by class.
func (t *Tally) copied() (out [numClasses]int64) {
	for i := range classes {
		out[i] = plan.Sum(t.work[plan.Copy][i].Billed, t.work[plan.MultipartCopy][i].Billed)
	}
	return out
}

// secondsOf returns n at perSecond as a duration, at most the longest there is.
func secondsOf(n float64, perSecond float64) time.Duration {
	s := n / perSecond * float64(time.Second)
	if !(s < math.MaxInt64) {
		return math.MaxInt64
	}
	return time.Duration(s)
}

// Unpriced says what of the bill has no price, "" where all has one.
func (e *Estimate) Unpriced() string {
	switch {
	case !e.Priced:
		return fmt.Sprintf("no price is known in Region %q", e.Region)
	case !e.Once.Complete():
		return fmt.Sprintf("no price is known in %s for: %s", e.Region, e.Once.Missing[0])
	}
	return ""
}
