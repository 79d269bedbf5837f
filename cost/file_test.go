package cost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"reseal/inventory"
)

const ownFile = `{"format": "reseal-prices/1", "currency": "USD", "date": "2026-12-01", "source": "our contract",
 "regions": {
  "cn-north-1": {"classes": {"STANDARD": {"put_1000": 0.004, "storage_gb_month": [{"up_to_gb": 1024, "price": 0.02}, {"price": 0.01}]}}},
  "eu-west-2": {"kms_10000_requests": 0.025, "monitoring_1000_objects": 0.002, "classes": {"STANDARD": {"get_1000": 0.0004}}}
 }}`

func TestReadOwnPrices(t *testing.T) {
	p, err := ReadPrices(strings.NewReader(ownFile))
	if err != nil {
		t.Fatal(err)
	}
	p = BuiltIn().With(p)
	london, _ := p.Region("eu-west-2")
	peking, ok := p.Region("cn-north-1")
	std := london.Class(inventory.Standard)
	if london.Date != "2026-12-01" || std.Get.Dollars(1000) != "0.0004" || std.Put.Dollars(1000) != "0.0053" || london.KMSRequest.Dollars(10_000) != "0.025" {
		t.Errorf("London with a file over it: %s, GET %s, PUT %s, KMS %s", london.Date, std.Get.Dollars(1000), std.Put.Dollars(1000), london.KMSRequest.Dollars(10_000))
	}
	if london.Monitoring.Dollars(1000) != "0.002" || peking.Monitoring != Unknown {
		t.Errorf("monitoring: %s in London, %s in Peking", london.Monitoring.Dollars(1000), peking.Monitoring.Dollars(1000))
	}
	if !strings.Contains(london.Source, "our contract") || !strings.Contains(london.Source, listDate) {
		t.Errorf("source %q names not both lists", london.Source)
	}
	std = peking.Class(inventory.Standard)
	if !ok || std.Get != Unknown || peking.KMSRequest != Unknown {
		t.Errorf("what a file leaves out must stay unknown: %+v", peking)
	}
	if m, ok := std.storageMonth(2048 * GB); !ok || m != 30_720_000_000 { // 1,024 x 0.02 + 1,024 x 0.01
		t.Errorf("2,048 GB in two tiers = %d, want 30.72 dollars", m)
	}
	if was, _ := BuiltIn().Region("eu-west-2"); was.KMSRequest.Dollars(10_000) != "0.03" {
		t.Error("With changed the list it was put over")
	}
}

func TestRefusedPrices(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(ownFile, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(ownFile, old, new, 1)
	}
	for name, file := range map[string]string{
		"negative":         edit("0.025", "-0.025"),
		"NaN":              edit("0.025", "NaN"),
		"text":             edit("0.025", `"0.025"`),
		"exponent":         edit("0.025", "25e-3"),
		"null":             edit(`"price": 0.01`, `"price": null`),
		"currency":         edit("USD", "CNY"),
		"no currency":      edit(`"currency": "USD", `, ""),
		"date":             edit("2026-12-01", "1.12.2026"),
		"unknown name":     edit("kms_10000_requests", "kms_requests"),
		"name twice":       edit(`"classes": {"STANDARD": {"put_1000"`, `"kms_key_month": 1, "kms_key_month": 2, "classes": {"STANDARD": {"put_1000"`),
		"class":            edit(`"STANDARD": {"put`, `"STANDRAD": {"put`),
		"tiers":            edit(`"up_to_gb": 1024, `, ""),
		"last tier":        edit(`{"price": 0.01}`, `{"up_to_gb": 2048, "price": 0.01}`),
		"tier below":       edit(`"up_to_gb": 1024`, `"up_to_gb": -1`),
		"more":             ownFile + "{}",
		"no regions":       `{"format": "reseal-prices/1", "currency": "USD", "date": "2026-12-01", "regions": {}}`,
		"too many digits":  edit("0.025", "0.0250000000000001"),
		"too large":        edit("0.025", "99999999999999"),
		"other file":       `{}`,
		"empty":            ``,
		"other offer":      `{"offerCode": "AmazonEC2"}`,
		"offer of nothing": `{"offerCode": "AmazonS3"}`,
		"too long":         `{"format": "` + strings.Repeat("x", MaxPriceFile) + `"}`,
	} {
		if p, err := ReadPrices(strings.NewReader(file)); err == nil {
			t.Errorf("%s: no error, got %v", name, p.Names())
		}
	}
}

// product is one product of an offer file.
type product struct {
	usage, operation, volume string
	steps                    []string // prices, step by step
}

// offerFile puts together an offer file of one Region. Real ones of one Region
// have about 400 products; the shapes here are those that can be mistaken.
func offerFile(prefix, region string, products ...product) []byte {
	type object = map[string]any
	ps, terms := object{}, object{}
	for i, p := range products {
		id := fmt.Sprintf("SKU%d", i)
		attributes := object{"usagetype": prefix + p.usage, "operation": p.operation, "regionCode": region}
		family := "API Request"
		if p.volume != "" {
			family = "Storage"
			attributes["volumeType"], attributes["storageClass"] = p.volume, "General Purpose"
		}
		ps[id] = object{"sku": id, "productFamily": family, "attributes": attributes}
		dims := object{}
		limits := []string{"0", "51200", "512000"}
		for j, usd := range p.steps {
			end := "Inf"
			if j < len(p.steps)-1 {
				end = limits[j+1]
			}
			dims[fmt.Sprint(id, ".", j)] = object{"beginRange": limits[j], "endRange": end, "pricePerUnit": object{"USD": usd}}
		}
		terms[id] = object{id + ".T": object{"priceDimensions": dims}}
	}
	data, err := json.Marshal(object{"offerCode": "AmazonS3", "publicationDate": "2026-07-08T12:00:00Z", "products": ps, "terms": object{"OnDemand": terms}})
	if err != nil {
		panic(err)
	}
	return data
}

func london() []product {
	return []product{
		{"TimedStorage-ByteHrs", "", "Standard", []string{"0.0240000000", "0.0230000000", "0.0220000000"}},
		{"Requests-Tier1", "", "", []string{"0.0000053000"}},
		{"Requests-Tier2", "", "", []string{"0.0000004200"}},
		{"TimedStorage-SIA-ByteHrs", "", "Standard - Infrequent Access", []string{"0.0131000000"}},
		{"Requests-SIA-Tier1", "", "", []string{"0.0000100000"}},
		{"Retrieval-SIA", "", "", []string{"0.0100000000"}},
		// one usage type, several prices: the operation decides
		{"Requests-GLACIER-Tier1", "PutObject", "", []string{"0.0000318000"}},
		{"Requests-GLACIER-Tier1", "S3-GlacierTransition", "", []string{"0.0000400000"}},
		{"Requests-Tier3", "RestoreObject", "", []string{"0.0000530000"}},
		{"Monitoring-Automation-INT", "", "", []string{"0.0000025000"}},
		{"Requests-Tier3", "S3-GDATransition", "", []string{"0.0000600000"}},
		// other things whose usage type ends alike, or is the same with another volume type
		{"Tables-TimedStorage-ByteHrs", "", "Tables", []string{"0.0265000000"}},
		{"TimedStorage-ByteHrs", "", "Intelligent-Tiering overhead", []string{"0.0210000000"}},
		{"TimedStorage-INT-DAA-ByteHrs", "", "Deep Archive Access", []string{"0.0018000000"}},
	}
}

func TestReadOffer(t *testing.T) {
	for _, prefix := range []string{"EUW2-", ""} {
		p, err := ReadPrices(bytes.NewReader(offerFile(prefix, "eu-west-2", london()...)))
		if err != nil {
			t.Fatalf("prefix %q: %v", prefix, err)
		}
		r, ok := p.Region("eu-west-2")
		if !ok || r.Date != "2026-07-08" {
			t.Fatalf("prefix %q: Region %v, date %s", prefix, p.Names(), r.Date)
		}
		std, sia := r.Class(inventory.Standard), r.Class(inventory.StandardIA)
		got := fmt.Sprint(std.Put.Dollars(1000), " ", std.Get.Dollars(1000), " ", sia.Put.Dollars(1000), " ", sia.Retrieval.Dollars(1), " ",
			r.Class(inventory.Glacier).Put.Dollars(1000), " ", r.Class(inventory.DeepArchive).Put.Dollars(1000), " ",
			r.Class(inventory.GlacierIR).Put.Dollars(1000), " ", r.KMSRequest.Dollars(1), " ", r.Monitoring.Dollars(1000))
		if want := "0.0053 0.00042 0.01 0.01 0.0318 0.06 unknown unknown 0.0025"; got != want {
			t.Errorf("prefix %q: %s, want %s", prefix, got, want)
		}
		if want := []Tier{{51200, 24_000_000_000}, {512000, 23_000_000_000}, {0, 22_000_000_000}}; fmt.Sprint(std.Storage) != fmt.Sprint(want) {
			t.Errorf("prefix %q: tiers %v, want %v", prefix, std.Storage, want)
		}
		if da := r.Class(inventory.DeepArchive).Storage; len(da) != 1 || da[0].Rate.Dollars(1) != "0.0018" {
			t.Errorf("DEEP_ARCHIVE storage %v", da)
		}
	}
}

func TestRefusedOffers(t *testing.T) {
	with := func(p ...product) []byte { return offerFile("EUW2-", "eu-west-2", append(london(), p...)...) }
	two := bytes.Replace(with(product{"TimedStorage-ByteHrs", "", "Standard", []string{"0.024"}}), []byte(`"EUW2-TimedStorage-ByteHrs","volumeType":"Standard"`), []byte(`"EUN1-TimedStorage-ByteHrs","volumeType":"Standard"`), 1)
	for name, file := range map[string][]byte{
		"two prices for one thing": with(product{"Requests-Tier1", "", "", []string{"0.0000055"}}),
		"several Regions":          two,
		"negative":                 with(product{"Requests-INT-Tier1", "", "", []string{"-0.0000055"}}),
		"NaN":                      with(product{"Requests-INT-Tier1", "", "", []string{"NaN"}}),
		"CNY only":                 bytes.ReplaceAll(with(), []byte(`"USD"`), []byte(`"CNY"`)),
		"steps with a gap":         bytes.Replace(with(), []byte(`"beginRange":"51200"`), []byte(`"beginRange":"51201"`), 1),
		"no Region code":           bytes.ReplaceAll(with(), []byte(`"regionCode"`), []byte(`"region"`)),
	} {
		if p, err := ReadPrices(bytes.NewReader(file)); err == nil {
			t.Errorf("%s: no error, got %v", name, p.Names())
		}
	}
}

// TestOfferFileOfAWS reads a real offer file where RESEAL_OFFER_FILE names one.
func TestOfferFileOfAWS(t *testing.T) {
	name := os.Getenv("RESEAL_OFFER_FILE")
	if name == "" {
		t.Skip("NOT RUN: no real offer file here. To run it: " +
			"curl -o s3.json https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonS3/current/eu-west-2/index.json && RESEAL_OFFER_FILE=$PWD/s3.json go test -run TestOfferFileOfAWS -v ./cost")
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := ReadPrices(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range p.Names() {
		r, _ := p.Region(region)
		for _, class := range classes[:otherClass] {
			c := r.Class(class)
			t.Logf("%s %s: storage %v, PUT %s, GET %s a thousand, retrieval %s a GB", region, class, c.Storage, c.Put.Dollars(1000), c.Get.Dollars(1000), c.Retrieval.Dollars(1))
			if c.Put == Unknown || len(c.Storage) == 0 {
				t.Errorf("%s %s: no price", region, class)
			}
		}
	}
}

func FuzzReadPrices(f *testing.F) {
	f.Add([]byte(ownFile))
	f.Add(offerFile("EUW2-", "eu-west-2", london()...))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPrices(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, name := range p.Names() {
			r, _ := p.Region(name)
			for _, class := range classes {
				c := r.Class(class)
				for _, rate := range []Rate{c.Put, c.Get, c.Retrieval} {
					if rate < Unknown {
						t.Errorf("%s %s: rate %d", name, class, rate)
					}
				}
				if m, ok := c.storageMonth(1 << 60); ok && m < 0 {
					t.Errorf("%s %s: a negative month %d", name, class, m)
				}
			}
		}
	})
}
