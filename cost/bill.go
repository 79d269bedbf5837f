package cost

import (
	"fmt"
	"math"
	"math/big"

	"reseal/inventory"
	"reseal/plan"
)

// KMSItem is the position of a bill that has the requests to KMS.
const KMSItem = "KMS requests"

// bill prices a job.
func (c *calculation) bill(j *job) Bill {
	var b Bill
	std, rare := c.region.Class(inventory.Standard), j.rarely()
	for i, class := range classes {
		prices := c.region.Class(class)
		b.add(puts(fmt.Sprintf("S3 PUT and COPY requests, %s", class), j.puts[i], rare.puts[i].Max, prices.Put))
	}
	b.add(puts("S3 PUT requests at the STANDARD rate", j.stdPuts, rare.stdPuts.Max, std.Put))
	b.add(puts("S3 LIST requests", plan.Exactly(j.lists), 0, std.Put))
	for i, class := range classes {
		b.add(gets(fmt.Sprintf("S3 GET and HEAD requests, %s", class), j.gets[i], rare.gets[i].Max, c.region.Class(class).Get))
	}
	for i, class := range classes {
		l := gigabytes(fmt.Sprintf("retrieval from %s", class), j.retrieved[i], c.region.Class(class).Retrieval)
		b.add(l)
	}
	for i, class := range classes {
		if paysRetrieval(class) {
			b.add(unsized(fmt.Sprintf("retrieval from %s, size unknown", class), j.unsized[i]))
		}
	}
	b.add(unsized("copies in parts, size unknown", j.allUnsized()))
	b.add(c.kmsLine(KMSItem, j.kms.add(rare.kms), c.FreeKMS))
	if j.early {
		for i := range classes {
			c.earlyDeletion(&b, i, j.earlyAll)
		}
	}
	b.add(each("S3 Batch Operations jobs", "jobs", j.batchJobs, c.region.BatchJob, 1))
	b.add(each("S3 Batch Operations objects", "objects", j.batched, c.region.BatchObject, 1_000_000))
	return b
}

// puts is the line of requests that write. What is expected is the lower end: what
// makes the difference is there to repair what others changed meanwhile. At most
// rare come on top.
func puts(item string, n plan.Range, rare int64, r Rate) Line {
	return requests(item, Calls{n.Min, n.Min, plan.Sum(n.Max, rare)}, r)
}

// gets is the line of requests that read. What is expected is the upper end: what
// makes the difference is a look that may turn out not to be needed. At most rare
// come on top.
func gets(item string, n plan.Range, rare int64, r Rate) Line {
	return requests(item, Calls{n.Min, n.Max, plan.Sum(n.Max, rare)}, r)
}

func requests(item string, n Calls, r Rate) Line {
	l := Line{Item: item, Quantity: n, Unit: "requests", Rate: perUnits(r, 1000, "requests")}
	l.price(r)
	return l
}

func each(item, unit string, n int64, r Rate, per int64) Line {
	l := Line{Item: item, Quantity: Calls{n, n, n}, Unit: unit, Rate: perUnits(r, per, unit)}
	l.price(r)
	return l
}

// price fills in the amount of a line whose quantity counts units.
func (l *Line) price(r Rate) {
	l.Known = r != Unknown
	l.Amount.Min, _ = r.Times(l.Quantity.Min)
	l.Amount.Expected, _ = r.Times(l.Quantity.Expected)
	l.Amount.Max, _ = r.Times(l.Quantity.Max)
}

func gigabytes(item string, bytes int64, r Rate) Line {
	l := Line{Item: item, Quantity: Calls{bytes, bytes, bytes}, Unit: "bytes", Rate: perUnits(r, 1, "GB")}
	m, known := r.over(big64(bytes), GB)
	l.Known, l.Amount = known, Span{m, m, m}
	return l
}

// kmsLine prices KMS requests after free ones.
func (c *calculation) kmsLine(item string, n Calls, free int64) Line {
	l := Line{Item: item, Quantity: n, Unit: "requests", Rate: perUnits(c.region.KMSRequest, 10_000, "requests")}
	paid := Line{Quantity: Calls{max(n.Min-free, 0), max(n.Expected-free, 0), max(n.Max-free, 0)}}
	paid.price(c.region.KMSRequest)
	l.Known, l.Amount = paid.Known, paid.Amount
	if free > 0 {
		l.Note = fmt.Sprintf("after %s free requests", thousands(free))
	}
	return l
}

func perUnits(r Rate, per int64, unit string) string {
	if r == Unknown {
		return "price unknown"
	}
	if per == 1 {
		return fmt.Sprintf("$%s per %s", r.Dollars(1), singular(unit))
	}
	return fmt.Sprintf("$%s per %s %s", r.Dollars(per), thousands(per), unit)
}

func singular(unit string) string {
	switch unit {
	case "GB", "GB-month":
		return unit
	}
	return unit[:len(unit)-1]
}

// billingDays is the length of the month that early deletion is prorated by.
// AWS counts the hours of the month at hand, so in February the charge is 7 %
// higher, in a month of 31 days 3 % lower.
const billingDays = 30

// earlyDeletion adds what is left of the minimum storage duration of young
// objects that are overwritten. Where versions are kept nothing is deleted yet.
func (c *calculation) earlyDeletion(b *Bill, class int, all bool) {
	name := classes[class]
	days := minDays(name)
	if days == 0 || c.Facts.Versioning == plan.VersioningEnabled {
		return
	}
	var objects int64
	var unknown Count
	byteDays := new(big.Int)
	for how := range c.tally.young {
		if how == 1 && !all {
			continue
		}
		y := &c.tally.young[how][class]
		objects = plan.Sum(objects, y.objects)
		unknown.add(y.unknown)
		for d := range days {
			byteDays.Add(byteDays, new(big.Int).Mul(big64(y.day[d]), big64(int64(days-d))))
		}
	}
	storage := c.region.Class(name).Storage
	rate := Unknown
	if len(storage) > 0 {
		rate = storage[0].Rate
	}
	sure, known := rate.over(byteDays, GB*billingDays)
	atMost, knownMost := rate.over(new(big.Int).Mul(big64(unknown.Bytes), big64(int64(days))), GB*billingDays)
	l := Line{
		Item:     fmt.Sprintf("early deletion, %s", name),
		Quantity: Calls{objects, objects, plan.Sum(objects, unknown.Objects)},
		Unit:     "objects",
		Rate:     fmt.Sprintf("rest of %d days at %s", days, perUnits(rate, 1, "GB-month")),
		Known:    known && knownMost,
		Amount:   Span{sure, sure, sure.Add(atMost)},
	}
	if c.Facts.Versioning != plan.Unversioned {
		l.Amount.Min = 0
		l.Quantity.Min = 0
		l.Note = "not charged yet where old versions are kept"
	}
	if unknown.Objects > 0 {
		l.Note = fmt.Sprintf("age of %s objects unknown: the maximum takes them for new", thousands(unknown.Objects))
	}
	b.add(l)
	b.add(unsized(l.Item+", size unknown", unknown.Unsized))
}

// sizeUnknown stands in the place of a rate where bytes are to be paid for that nobody
// knows.
const sizeUnknown = "size unknown"

// unsized is the line of n objects that are to be paid for by their size, which is not
// known: what they cost is in no sum, and the sums are lower bounds.
func unsized(item string, n int64) Line {
	return Line{Item: item, Quantity: Calls{n, n, n}, Unit: "objects", Rate: sizeUnknown}
}

func (j *job) allUnsized() (n int64) {
	for _, of := range j.unsized {
		n = plan.Sum(n, of)
	}
	return n
}

const monitoringItem = "Intelligent-Tiering monitoring, objects from 128 KB on"

const archiveIndex = "storage, index of archived objects at the STANDARD rate"

// monthly is what the bucket costs a month after the run.
func (c *calculation) monthly() Bill {
	var b Bill
	var overhead int64
	for i, class := range classes {
		s := &c.tally.stored[i]
		b.add(c.storageLine(fmt.Sprintf("storage, %s", class), class, 0, s.Billed))
		b.add(unsized(fmt.Sprintf("storage, %s, size unknown", class), s.Unsized))
		if archive(class) {
			overhead = plan.Sum(overhead, mulDiv(s.Objects, standardOverhead, 1))
		}
	}
	b.add(c.storageLine(archiveIndex, inventory.Standard, c.tally.stored[0].Billed, overhead))
	b.add(each(monitoringItem, "objects", c.tally.stored[classIndex(inventory.IntelligentTiering)].Monitored, c.region.Monitoring, 1000))
	if c.Facts.Versioning == plan.VersioningEnabled || c.Facts.Versioning == plan.VersioningUnknown {
		for i, class := range classes {
			l := c.storageLine(fmt.Sprintf("old versions left behind, %s", class), class, c.tally.stored[i].Billed, c.copied[i])
			l.Note = "until a lifecycle rule expires them; they stay outside the key"
			if c.Facts.Versioning == plan.VersioningUnknown {
				l.Quantity.Min, l.Quantity.Expected, l.Amount.Min, l.Amount.Expected = 0, 0, 0, 0
				l.Note = "only if the bucket keeps versions, which could not be read"
			}
			b.add(l)
			b.add(unsized(l.Item+", size unknown", c.tally.work[plan.Copy][i].Unsized+c.tally.work[plan.MultipartCopy][i].Unsized))
		}
	}
	if c.Options.SSE != plan.TargetAES256 && c.Facts.ManagedKey != plan.Yes { // which is not charged (AWS KMS pricing, read 2026-11-21)
		b.add(each("KMS key", "keys", 1, c.region.KMSKey, 1))
	}
	if c.Options.SSE != plan.TargetAES256 {
		b.add(c.readers(c.Options.BucketKey))
	}
	return b
}

// readers is the line of the KMS requests that readers and writers of the bucket
// make in a month: one each, less what a bucket key saves.
func (c *calculation) readers(bucketKey bool) Line {
	n := plan.Sum(c.MonthlyGets, c.MonthlyPuts)
	if !bucketKey {
		return c.kmsLine("KMS requests of readers and writers, no bucket key", Calls{n, n, n}, c.FreeKMS)
	}
	calls := Calls{0, mulDiv(n, c.BucketKeyShare, 1_000_000), n}
	return c.kmsLine("KMS requests of readers and writers, bucket key", calls, c.FreeKMS)
}

// storageLine prices bytes a month that come on top of others of their class.
func (c *calculation) storageLine(item string, class inventory.StorageClass, below, bytes int64) Line {
	prices := c.region.Class(class)
	rate := Unknown
	if len(prices.Storage) > 0 {
		rate = prices.Storage[0].Rate
	}
	l := Line{Item: item, Quantity: Calls{bytes, bytes, bytes}, Unit: "bytes", Rate: perUnits(rate, 1, "GB-month")}
	if len(prices.Storage) > 1 {
		l.Rate += ", less above 50 TB"
	}
	with, ok := prices.storageMonth(plan.Sum(below, bytes))
	without, _ := prices.storageMonth(below)
	m := with - without
	l.Known, l.Amount = ok, Span{m, m, m}
	return l
}

// mulDiv returns n x by / divisor, rounded up, at most the largest int64.
func mulDiv(n, by, divisor int64) int64 {
	p := new(big.Int).Mul(big64(n), big64(by))
	p.Add(p, big64(divisor-1)).Div(p, big64(divisor))
	if !p.IsInt64() {
		return math.MaxInt64
	}
	return p.Int64()
}
