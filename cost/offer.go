package cost

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reseal/inventory"
)

// offer is as much of an AWS offer file as is read. Attributes differ between
// products, so they are a map.
type offer struct {
	Publication string `json:"publicationDate"`
	Products    map[string]struct {
		Family     string            `json:"productFamily"`
		Attributes map[string]string `json:"attributes"`
	} `json:"products"`
	Terms struct {
		OnDemand map[string]map[string]struct {
			Dimensions map[string]dimension `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

type dimension struct {
	Begin string            `json:"beginRange"`
	End   string            `json:"endRange"`
	Price map[string]string `json:"pricePerUnit"`
}

// wanted names one figure of an offer: the usage type behind the Region's
// prefix, which must match as a whole (Tables-TimedStorage-ByteHrs is something
// else), and the operation, as one usage type may have several prices that only
// the operation tells apart. (Usage types: Amazon S3 User Guide,
// aws-usage-report-understand, read 2026-11-21.)
type wanted struct {
	usage, operation string
}

type wantedClass struct {
	storage             []wanted // the first one that the file has
	put, get, retrieval wanted
}

func wantedClasses() map[inventory.StorageClass]wantedClass {
	std := wantedClass{put: wanted{usage: "Requests-Tier1"}, get: wanted{usage: "Requests-Tier2"}}
	class := func(code string) wantedClass {
		return wantedClass{
			storage: []wanted{{usage: "TimedStorage-" + code + "-ByteHrs"}},
			put:     wanted{usage: "Requests-" + code + "-Tier1"}, get: wanted{usage: "Requests-" + code + "-Tier2"},
			retrieval: wanted{usage: "Retrieval-" + code},
		}
	}
	rrs, standard := std, std
	standard.storage = []wanted{{usage: standardStorage}}
	rrs.storage = []wanted{{usage: "TimedStorage-RRS-ByteHrs"}}
	tiering := class("INT")
	tiering.storage, tiering.retrieval = []wanted{{usage: "TimedStorage-INT-FA-ByteHrs"}}, wanted{}
	return map[inventory.StorageClass]wantedClass{
		inventory.Standard:           standard,
		inventory.ReducedRedundancy:  rrs,
		inventory.IntelligentTiering: tiering,
		inventory.StandardIA:         class("SIA"),
		inventory.OneZoneIA:          class("ZIA"),
		inventory.GlacierIR:          class("GIR"),
		inventory.Glacier: {
			storage: []wanted{{usage: "TimedStorage-GlacierByteHrs"}},
			put:     wanted{"Requests-GLACIER-Tier1", "PutObject"}, get: wanted{usage: "Requests-GLACIER-Tier2"},
			retrieval: wanted{"Standard-Retrieval-Bytes", "RestoreObject"},
		},
		inventory.DeepArchive: {
			// Files were seen that price this storage only under the name of
			// the tier of Intelligent-Tiering that costs the same.
			storage: []wanted{{usage: "TimedStorage-GDA-ByteHrs"}, {usage: "TimedStorage-INT-DAA-ByteHrs"}},
			// There is no usage type for a direct PUT; the transition costs the same.
			put: wanted{"Requests-Tier3", "S3-GDATransition"}, get: wanted{usage: "Requests-GDA-Tier2"},
			retrieval: wanted{"Standard-Retrieval-Bytes", "DeepArchiveRestoreObject"},
		},
	}
}

const (
	standardStorage = "TimedStorage-ByteHrs"
	monitoring      = "Monitoring-Automation-INT"
)

// readOffer reads the prices of Amazon S3 in one Region. Figures that the file
// does not have stay unknown; figures that it has twice with different prices
// are an error, as taking either would be a guess.
func readOffer(data []byte) (Prices, error) {
	var o offer
	if err := json.Unmarshal(data, &o); err != nil {
		return Prices{}, err
	}
	prefix, name, err := o.region()
	if err != nil {
		return Prices{}, err
	}
	date, _, _ := strings.Cut(o.Publication, "T")
	r := unpriced(name)
	r.Date, r.Source = cmp.Or(date, "unknown date"), "AWS offer file for Amazon S3"
	r.Classes = map[inventory.StorageClass]ClassPrices{}
	index := o.byUsage(prefix)
	if r.Monitoring, err = o.rate(index[wanted{usage: monitoring}]); err != nil {
		return Prices{}, fmt.Errorf("offer file: %w", err)
	}
	for class, w := range wantedClasses() {
		c := ClassPrices{Put: Unknown, Get: Unknown, Retrieval: Unknown}
		var errs [4]error
		for _, s := range w.storage {
			if c.Storage, errs[0] = o.tiers(index[s]); len(c.Storage) > 0 || errs[0] != nil {
				break
			}
		}
		c.Put, errs[1] = o.rate(index[w.put])
		c.Get, errs[2] = o.rate(index[w.get])
		c.Retrieval, errs[3] = o.rate(index[w.retrieval])
		if w.retrieval == (wanted{}) {
			c.Retrieval = 0
		}
		if err := errors.Join(errs[:]...); err != nil {
			return Prices{}, fmt.Errorf("offer file, %s: %w", class, err)
		}
		r.Classes[class] = c
	}
	return Prices{map[string]Region{name: r}}, nil
}

// region finds out whose prices these are. Usage types start with an
// abbreviation of the Region that is published nowhere (and is empty in
// us-east-1), so it is taken from the one product that every file has: storage
// of volume type Standard.
func (o *offer) region() (prefix, name string, err error) {
	found := false
	for _, p := range o.Products {
		a := p.Attributes
		if p.Family != "Storage" || a["volumeType"] != "Standard" || a["storageClass"] != "General Purpose" {
			continue
		}
		before, ok := strings.CutSuffix(a["usagetype"], standardStorage)
		if !ok || strings.Contains(strings.TrimSuffix(before, "-"), "-") {
			continue
		}
		if found && (before != prefix || a["regionCode"] != name) {
			return "", "", errors.New("offer file: prices of several Regions; give the file of one")
		}
		prefix, name, found = before, a["regionCode"], true
	}
	switch {
	case !found:
		return "", "", errors.New("offer file: no price of STANDARD storage")
	case name == "":
		return "", "", errors.New("offer file: it does not say which Region it is for")
	}
	return prefix, name, nil
}

// byUsage returns the ids of the products by what they are, for one Region.
func (o *offer) byUsage(prefix string) map[wanted][]string {
	index := map[wanted][]string{}
	for id, p := range o.Products {
		usage, ok := strings.CutPrefix(p.Attributes["usagetype"], prefix)
		if !ok {
			continue
		}
		if usage == standardStorage && p.Attributes["volumeType"] != "Standard" {
			continue // overheads of other classes have been listed under this usage type
		}
		w := wanted{usage, p.Attributes["operation"]}
		index[w] = append(index[w], id)
	}
	return index
}

// rate returns the one price of the products, Unknown where there is none.
func (o *offer) rate(ids []string) (Rate, error) {
	tiers, err := o.tiers(ids)
	if err != nil || len(tiers) == 0 {
		return Unknown, err
	}
	return tiers[0].Rate, nil
}

// tiers returns the price of the products step by step, nothing where there is none.
func (o *offer) tiers(ids []string) ([]Tier, error) {
	var out []Tier
	for _, id := range ids {
		tiers, err := o.product(id)
		if err != nil {
			return nil, err
		}
		if len(tiers) == 0 {
			continue
		}
		if out != nil && !slices.Equal(out, tiers) {
			return nil, fmt.Errorf("%q has more than one price", o.Products[id].Attributes["usagetype"])
		}
		out = tiers
	}
	return out, nil
}

func (o *offer) product(id string) ([]Tier, error) {
	type step struct {
		begin int64
		Tier
	}
	var steps []step
	for _, term := range o.Terms.OnDemand[id] {
		for _, d := range term.Dimensions {
			usd, ok := d.Price["USD"]
			if !ok {
				return nil, fmt.Errorf("product %.40q has no price in USD", id)
			}
			r, err := ParseRate(usd, 1)
			if err != nil {
				return nil, fmt.Errorf("price %.40q: %w", usd, err)
			}
			s := step{Tier: Tier{Rate: r}}
			if d.Begin != "" {
				if s.begin, err = strconv.ParseInt(d.Begin, 10, 64); err != nil || s.begin < 0 {
					return nil, fmt.Errorf("range from %.40q", d.Begin)
				}
			}
			if d.End != "" && d.End != "Inf" {
				if s.UpTo, err = strconv.ParseInt(d.End, 10, 64); err != nil {
					return nil, fmt.Errorf("range to %.40q", d.End)
				}
			}
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return nil, nil
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.begin, b.begin) })
	var tiers []Tier
	for i, s := range steps {
		from := int64(0)
		if i > 0 {
			from = steps[i-1].UpTo
		}
		if s.begin != from {
			return nil, fmt.Errorf("product %.40q: steps of its price do not join", id)
		}
		tiers = append(tiers, s.Tier)
	}
	return tiers, checkTiers(tiers)
}
