package cost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"reseal/inventory"
)

// MaxPriceFile is the size in bytes above which a price file is refused. The
// offer file of one Region has about 500 KB; the one of all Regions, 59 MB, is
// not what is asked for.
const MaxPriceFile = 16 << 20

// PriceFormat is what the "format" of a price file says.
const PriceFormat = "reseal-prices/1"

// ReadPrices reads a price file to the end of r: one in the format below, or an
// offer file for Amazon S3 of one Region as AWS publishes it, which is told by
// its "offerCode".
//
//	{
//	  "format": "reseal-prices/1",
//	  "currency": "USD",
//	  "date": "2026-11-21",
//	  "source": "our contract",
//	  "regions": {
//	    "eu-west-2": {
//	      "kms_10000_requests": 0.03,
//	      "kms_key_month": 1,
//	      "batch_job": 0.25,
//	      "batch_million_objects": 1,
//	      "monitoring_1000_objects": 0.0025,
//	      "classes": {
//	        "STANDARD": {
//	          "put_1000": 0.0053, "get_1000": 0.00042, "retrieval_gb": 0,
//	          "storage_gb_month": [{"up_to_gb": 51200, "price": 0.024}, {"price": 0.022}]
//	        }
//	      }
//	    }
//	  }
//	}
//
// Every price may be left out, which leaves it as it is in the list that the
// file is put over (Prices.With). A price is a plain decimal number from 0 on.
// A name that is not known, one that comes twice, another currency, a number
// that is none, and a file above 16 MiB are errors.
func ReadPrices(r io.Reader) (Prices, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxPriceFile+1))
	if err != nil {
		return Prices{}, fmt.Errorf("read prices: %w", err)
	}
	if len(data) > MaxPriceFile {
		return Prices{}, fmt.Errorf("read prices: above %d MiB; give the offer file of one Region", MaxPriceFile>>20)
	}
	var kind struct {
		Format    string `json:"format"`
		OfferCode string `json:"offerCode"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return Prices{}, fmt.Errorf("read prices: %w", err)
	}
	var p Prices
	switch {
	case kind.Format == PriceFormat:
		p, err = readOwn(data)
	case kind.OfferCode == "AmazonS3":
		p, err = readOffer(data)
	case kind.OfferCode != "":
		err = fmt.Errorf("an offer file of %q; Amazon S3's is wanted", kind.OfferCode)
	default:
		err = fmt.Errorf("neither %q nor an offer file of AWS", PriceFormat)
	}
	if err != nil {
		return Prices{}, fmt.Errorf("read prices: %w", err)
	}
	return p, nil
}

type fileJSON struct {
	Format   string                `json:"format"`
	Currency string                `json:"currency"`
	Date     string                `json:"date"`
	Source   string                `json:"source"`
	Regions  map[string]regionJSON `json:"regions"`
}

type regionJSON struct {
	KMSRequests *price                               `json:"kms_10000_requests"`
	KMSKey      *price                               `json:"kms_key_month"`
	BatchJob    *price                               `json:"batch_job"`
	BatchObject *price                               `json:"batch_million_objects"`
	Monitoring  *price                               `json:"monitoring_1000_objects"`
	Classes     map[inventory.StorageClass]classJSON `json:"classes"`
}

type classJSON struct {
	Put       *price     `json:"put_1000"`
	Get       *price     `json:"get_1000"`
	Retrieval *price     `json:"retrieval_gb"`
	Storage   []tierJSON `json:"storage_gb_month"`
}

type tierJSON struct {
	UpTo  int64  `json:"up_to_gb"`
	Price *price `json:"price"`
}

// price is a number as it stands in the file, so that no digit is lost.
type price string

func (p *price) UnmarshalJSON(data []byte) error {
	if _, err := parseDecimal(string(data), 15); err != nil {
		return fmt.Errorf("price %.40s: %w", data, err)
	}
	*p = price(data)
	return nil
}

// rate turns a price for so many units into a Rate, Unknown where it is left out.
func (p *price) rate(per int64) (Rate, error) {
	if p == nil {
		return Unknown, nil
	}
	r, err := ParseRate(string(*p), per)
	if err != nil {
		return Unknown, fmt.Errorf("price %s: %w", string(*p), err)
	}
	return r, nil
}

func readOwn(data []byte) (Prices, error) {
	if err := uniqueNames(data); err != nil {
		return Prices{}, err
	}
	var f fileJSON
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return Prices{}, err
	}
	if f.Currency != "USD" {
		return Prices{}, fmt.Errorf("currency %q: only USD can be counted with", f.Currency)
	}
	if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
		return Prices{}, fmt.Errorf("date %q is not like 2026-11-21", f.Date)
	}
	if len(f.Regions) == 0 {
		return Prices{}, errors.New("no regions")
	}
	if f.Source == "" {
		f.Source = "price file"
	}
	p := Prices{map[string]Region{}}
	for name, r := range f.Regions {
		region, err := r.region(name)
		if err != nil {
			return Prices{}, fmt.Errorf("region %s: %w", name, err)
		}
		region.Date, region.Source = f.Date, f.Source
		p.regions[name] = region
	}
	return p, nil
}

func (j *regionJSON) region(name string) (Region, error) {
	r := unpriced(name)
	r.Classes = map[inventory.StorageClass]ClassPrices{}
	var errs [5]error
	r.KMSRequest, errs[0] = j.KMSRequests.rate(10_000)
	r.KMSKey, errs[1] = j.KMSKey.rate(1)
	r.BatchJob, errs[2] = j.BatchJob.rate(1)
	r.BatchObject, errs[3] = j.BatchObject.rate(1_000_000)
	r.Monitoring, errs[4] = j.Monitoring.rate(1000)
	if err := errors.Join(errs[:]...); err != nil {
		return Region{}, err
	}
	for class, c := range j.Classes {
		if i := classIndex(class); class == "" || i == otherClass {
			return Region{}, fmt.Errorf("storage class %q is not known", class)
		}
		prices, err := c.prices()
		if err != nil {
			return Region{}, fmt.Errorf("storage class %s: %w", class, err)
		}
		r.Classes[class] = prices
	}
	return r, nil
}

func (j *classJSON) prices() (c ClassPrices, err error) {
	var errs [3]error
	c.Put, errs[0] = j.Put.rate(1000)
	c.Get, errs[1] = j.Get.rate(1000)
	c.Retrieval, errs[2] = j.Retrieval.rate(1)
	if err := errors.Join(errs[:]...); err != nil {
		return c, err
	}
	var tiers []Tier
	for _, t := range j.Storage {
		if t.Price == nil {
			return c, errors.New("a storage tier has no price")
		}
		r, err := t.Price.rate(1)
		if err != nil {
			return c, err
		}
		tiers = append(tiers, Tier{t.UpTo, r})
	}
	c.Storage = tiers
	return c, checkTiers(tiers)
}

// checkTiers makes sure that tiers go up and that the last has no end.
func checkTiers(tiers []Tier) error {
	var from int64
	for i, t := range tiers {
		last := i == len(tiers)-1
		if last != (t.UpTo == 0) || !last && (t.UpTo <= from || t.UpTo > 1<<33) {
			return errors.New("storage tiers must go up, the last one without an end")
		}
		from = t.UpTo
	}
	return nil
}

// uniqueNames refuses JSON in which an object has a name twice: the decoder
// would quietly take the last.
func uniqueNames(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var stack []map[string]bool // names of the objects that are open, nil for an array
	name := false               // the next string is a name
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch v := tok.(type) {
		case json.Delim:
			switch v {
			case '{':
				stack = append(stack, map[string]bool{})
			case '[':
				stack = append(stack, nil)
			default:
				stack = stack[:len(stack)-1]
			}
		case string:
			if name {
				names := stack[len(stack)-1]
				if names[v] {
					return fmt.Errorf("%q comes twice", v)
				}
				names[v] = true
				name = false
				continue
			}
		}
		name = len(stack) > 0 && stack[len(stack)-1] != nil
	}
}
