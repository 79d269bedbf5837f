package cost

import (
	"maps"
	"slices"

	"reseal/inventory"
)

// GB is what an AWS bill calls a GB: 2^30 bytes (Amazon S3 User Guide,
// aws-usage-report-understand, read 2026-11-21).
const GB = 1 << 30

// Tier is a step of a storage price: what a GB-month costs up to so many GB.
type Tier struct {
	UpTo int64 // GB from the beginning, 0 in the last tier
	Rate Rate  // a GB-month
}

// ClassPrices are the prices of one storage class in one Region.
type ClassPrices struct {
	Storage   []Tier // a GB-month; empty where unknown
	Put       Rate   // a PUT, COPY, POST or LIST request
	Get       Rate   // a GET or HEAD request
	Retrieval Rate   // a GB read
}

// Region is what one AWS Region charges, in US dollars before tax and discounts.
type Region struct {
	Name   string
	Date   string // the day of the list, as yyyy-mm-dd
	Source string // where the list comes from, for people

	Classes map[inventory.StorageClass]ClassPrices

	KMSRequest  Rate // a symmetric cryptographic request
	KMSKey      Rate // a customer managed key, a month
	BatchJob    Rate // an S3 Batch Operations job
	BatchObject Rate // an object in an S3 Batch Operations job
	Monitoring  Rate // an object that Intelligent-Tiering monitors, a month
}

// Class returns the prices of a storage class; all unknown where there are none.
func (r *Region) Class(c inventory.StorageClass) ClassPrices {
	if c == "" {
		c = inventory.Standard
	}
	if p, ok := r.Classes[c]; ok {
		return p
	}
	return ClassPrices{Put: Unknown, Get: Unknown, Retrieval: Unknown}
}

// unpriced is the Region of which nothing is known.
func unpriced(name string) Region {
	return Region{Name: name, KMSRequest: Unknown, KMSKey: Unknown, BatchJob: Unknown, BatchObject: Unknown, Monitoring: Unknown}
}

// Prices is a price list by Region. It is not changed once made and may be used
// by several goroutines at once.
type Prices struct{ regions map[string]Region }

// Region returns the prices of a Region, or false where the list has none.
func (p Prices) Region(name string) (Region, bool) {
	r, ok := p.regions[name]
	if !ok {
		return unpriced(name), false
	}
	return r, true
}

// Names returns the Regions of the list in alphabetical order.
func (p Prices) Names() []string { return slices.Sorted(maps.Keys(p.regions)) }

// With returns p with what o knows put over it, figure by figure. A Region of
// which o knows anything takes over the date and the source of o.
func (p Prices) With(o Prices) Prices {
	all := maps.Clone(p.regions)
	if all == nil {
		all = map[string]Region{}
	}
	for name, over := range o.regions {
		base, ok := all[name]
		if !ok {
			all[name] = over
			continue
		}
		all[name] = base.with(over)
	}
	return Prices{all}
}

func (r Region) with(o Region) Region {
	r.Source = o.Source + "; what it lacks: " + r.Source + " of " + r.Date
	r.Date = o.Date
	r.Classes = maps.Clone(r.Classes)
	if r.Classes == nil {
		r.Classes = map[inventory.StorageClass]ClassPrices{}
	}
	for name, over := range o.Classes {
		c, ok := r.Classes[name]
		if !ok {
			c = ClassPrices{Put: Unknown, Get: Unknown, Retrieval: Unknown}
		}
		if len(over.Storage) > 0 {
			c.Storage = over.Storage
		}
		known(&c.Put, over.Put)
		known(&c.Get, over.Get)
		known(&c.Retrieval, over.Retrieval)
		r.Classes[name] = c
	}
	known(&r.KMSRequest, o.KMSRequest)
	known(&r.KMSKey, o.KMSKey)
	known(&r.BatchJob, o.BatchJob)
	known(&r.BatchObject, o.BatchObject)
	known(&r.Monitoring, o.Monitoring)
	return r
}

func known(dst *Rate, r Rate) {
	if r != Unknown {
		*dst = r
	}
}

// storageMonth returns what bytes of a class cost a month, tier by tier. The
// tiers count all that an account stores in the Region; as only this bucket is
// known, the result is an upper bound.
func (c ClassPrices) storageMonth(bytes int64) (Money, bool) {
	if len(c.Storage) == 0 {
		return 0, bytes == 0
	}
	var sum Money
	var from int64 // bytes below this tier
	for _, t := range c.Storage {
		upTo := bytes
		if t.UpTo > 0 && t.UpTo < bytes/GB {
			upTo = t.UpTo * GB
		}
		part, ok := t.Rate.over(big64(upTo-from), GB)
		if !ok {
			return 0, false
		}
		sum, from = sum.Add(part), upTo
		if from == bytes {
			break
		}
	}
	return sum, true
}
