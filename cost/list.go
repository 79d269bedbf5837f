package cost

import (
	"strings"

	"reseal/inventory"
)

// The day on which the list below was read, and where from.
const (
	listDate   = "2026-11-21"
	listSource = "built-in list: AWS price list offer files for Amazon S3 (offers of July to September 2026, by way of a public transcription) and the AWS KMS pricing page"
)

// s3List has one line a Region: a GB-month of STANDARD (first 50 TB), 1,000 PUT
// and 1,000 GET requests of STANDARD; a GB-month of STANDARD_IA, ONEZONE_IA,
// GLACIER_IR and REDUCED_REDUNDANCY; then GLACIER: a GB-month, 1,000 PUT, a GB
// of standard retrieval; and DEEP_ARCHIVE: the same three. US dollars.
//
// Source: the per-Region files of the AWS price list (offer code AmazonS3),
// offers published from 2026-07-08 (eu-west-2) to 2026-09-26 (sa-east-1), read
// on 2026-11-21 in a public transcription of all of them; the lines of
// us-east-1, eu-west-2, eu-central-1, ap-southeast-2, sa-east-1 and
// us-gov-west-1 were compared with a second reading. Regions of China are
// billed in another currency and are not in the list, so they have no price.
const s3List = `
af-south-1     0.0274  0.006    0.0004   0.0149   0.0119  0.005   0.024   0.00405  0.036   0.012  0.0018  0.06   0.024
ap-east-1      0.025   0.005    0.0004   0.0138   0.011   0.005   0.024   0.0045   0.036   0.012  0.002   0.06   0.024
ap-east-2      0.0225  0.00423  0.000333 0.01242  0.0099  0.005   0.02376 0.0045   0.03426 0.011  0.002   0.0585 0.022
ap-northeast-1 0.025   0.0047   0.00037  0.0138   0.011   0.005   0.0264  0.0045   0.03426 0.011  0.002   0.065  0.022
ap-northeast-2 0.025   0.0045   0.00035  0.0138   0.011   0.005   0.0251  0.0045   0.03258 0.011  0.002   0.06   0.022
ap-northeast-3 0.025   0.0047   0.00037  0.0138   0.011   0.005   0.0264  0.0045   0.03426 0.011  0.002   0.065  0.022
ap-south-1     0.025   0.005    0.0004   0.0138   0.011   0.005   0.024   0.0045   0.036   0.012  0.002   0.07   0.024
ap-south-2     0.025   0.005    0.0004   0.0138   0.011   0.005   0.024   0.0045   0.036   0.012  0.002   0.07   0.024
ap-southeast-1 0.025   0.005    0.0004   0.0138   0.011   0.005   0.024   0.0045   0.036   0.012  0.002   0.06   0.024
ap-southeast-2 0.025   0.0055   0.00044  0.0138   0.011   0.005   0.0264  0.0045   0.036   0.012  0.002   0.06   0.024
ap-southeast-3 0.025   0.005    0.0004   0.0138   0.011   0.005   0.024   0.0045   0.036   0.012  0.002   0.06   0.024
ap-southeast-4 0.025   0.0055   0.00044  0.0138   0.011   0.005   0.0264  0.0045   0.036   0.012  0.002   0.06   0.024
ap-southeast-5 0.0225  0.0045   0.00036  0.01242  0.0099  0.0045  0.0216  0.00405  0.0324  0.0108 0.0018  0.054  0.0216
ap-southeast-6 0.02625 0.005775 0.000462 0.01449  0.01155 0.00525 0.02772 0.004725 0.0378  0.0126 0.0021  0.063  0.0252
ap-southeast-7 0.0225  0.0045   0.00036  0.01242  0.0099  0.0045  0.0216  0.00405  0.0324  0.0108 0.0018  0.054  0.0216
ca-central-1   0.025   0.0055   0.00044  0.0138   0.01104 0.005   0.0264  0.00405  0.033   0.011  0.0018  0.06   0.022
ca-west-1      0.025   0.0055   0.00044  0.0138   0.01104 0.005   0.0264  0.00405  0.033   0.011  0.0018  0.06   0.022
eu-central-1   0.0245  0.0054   0.00043  0.0135   0.0108  0.005   0.026   0.00405  0.036   0.012  0.0018  0.06   0.024
eu-central-2   0.02695 0.0054   0.00043  0.01485  0.01188 0.0055  0.0286  0.004455 0.036   0.012  0.00198 0.06   0.024
eu-north-1     0.023   0.005    0.0004   0.0125   0.01    0.004   0.024   0.0036   0.033   0.01   0.00099 0.055  0.02
eu-south-1     0.024   0.0053   0.0004   0.0131   0.0105  0.005   0.024   0.00405  0.036   0.012  0.0018  0.06   0.024
eu-south-2     0.023   0.0053   0.0004   0.0125   0.01    0.005   0.024   0.00405  0.036   0.012  0.0018  0.06   0.024
eu-west-1      0.023   0.005    0.0004   0.0125   0.01    0.004   0.024   0.0036   0.033   0.01   0.00099 0.055  0.02
eu-west-2      0.024   0.0053   0.00042  0.0131   0.01048 0.005   0.0252  0.00405  0.0318  0.0105 0.0018  0.06   0.021
eu-west-3      0.024   0.0053   0.00042  0.0131   0.01048 0.005   0.0252  0.00405  0.0318  0.0105 0.0018  0.06   0.021
il-central-1   0.025   0.0055   0.00044  0.0138   0.01104 0.005   0.0264  0.00405  0.0363  0.011  0.0018  0.0605 0.022
me-central-1   0.025   0.0055   0.00044  0.0138   0.01104 0.005   0.0264  0.00405  0.0363  0.011  0.0018  0.0605 0.022
me-south-1     0.025   0.0055   0.00044  0.0138   0.01104 0.005   0.0264  0.00405  0.0363  0.011  0.0018  0.0605 0.022
mx-central-1   0.02415 0.00525  0.00042  0.013125 0.0105  0.0042  0.0252  0.00378  0.0315  0.0105 0.002   0.0525 0.021
sa-east-1      0.0405  0.007    0.00056  0.0221   0.0177  0.0083  0.0326  0.00765  0.042   0.014  0.0032  0.1    0.028
us-east-1      0.023   0.005    0.0004   0.0125   0.01    0.004   0.024   0.0036   0.03    0.01   0.00099 0.05   0.02
us-east-2      0.023   0.005    0.0004   0.0125   0.01    0.004   0.024   0.0036   0.03    0.01   0.00099 0.05   0.02
us-gov-east-1  0.039   0.005    0.0004   0.02     0.016   0.0064  0.0312  0.0054   0.039   0.013  0.0024  0.065  0.026
us-gov-west-1  0.039   0.005    0.0004   0.02     0.016   0.0064  0.0312  0.0054   0.039   0.013  0.0024  0.065  0.026
us-west-1      0.026   0.0055   0.00044  0.0144   0.0115  0.005   0.0264  0.0045   0.033   0.011  0.002   0.06   0.022
us-west-2      0.023   0.005    0.0004   0.0125   0.01    0.004   0.024   0.0036   0.03    0.01   0.00099 0.05   0.02
`

// Prices that the offers show alike in every Region of the list, GovCloud
// included (same source): requests of the infrequent classes, a thousand, and
// their retrieval, a GB.
const (
	iaPut, iaGet, iaRetrieval    = "0.01", "0.001", "0.01"
	girPut, girGet, girRetrieval = "0.02", "0.01", "0.03"
)

// BuiltIn returns the dated price list of this version. It has every Region of
// the aws and aws-us-gov partitions that the offers had. What it does not have:
// any price in a Region of China; prices of KMS, S3 Batch Operations and
// Intelligent-Tiering monitoring in GovCloud; storage tiers above 50 TB outside
// us-east-1 and eu-west-2, where the first tier stands for all and the figure is
// an upper bound (Estimate.Notes says so where it matters).
func BuiltIn() Prices {
	p := Prices{map[string]Region{}}
	for line := range strings.Lines(s3List) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		p.regions[f[0]] = listed(f[0], f[1:])
	}
	// Tiers of STANDARD as far as they were seen: the offer of us-east-1 (same
	// transcription) and the S3 pricing page for London (read 2026-11-21).
	p.tiers("us-east-1", "0.022", "0.021")
	p.tiers("eu-west-2", "0.023", "0.022")
	return p
}

func (p Prices) tiers(region, next, rest string) {
	for _, class := range []inventory.StorageClass{inventory.Standard, inventory.IntelligentTiering} {
		c := p.regions[region].Classes[class]
		c.Storage = []Tier{{firstTier, c.Storage[0].Rate}, {500 << 10, mustRate(next, 1)}, {0, mustRate(rest, 1)}}
		p.regions[region].Classes[class] = c
	}
}

func listed(name string, f []string) Region {
	gb := func(i int) []Tier { return []Tier{{Rate: mustRate(f[i], 1)}} }
	put, get := mustRate(f[1], 1000), mustRate(f[2], 1000)
	r := Region{
		Name: name, Date: listDate, Source: listSource,
		Classes: map[inventory.StorageClass]ClassPrices{
			inventory.Standard:           {gb(0), put, get, 0},
			inventory.IntelligentTiering: {gb(0), put, get, 0}, // the Frequent Access tier
			inventory.ReducedRedundancy:  {gb(6), put, get, 0},
			inventory.StandardIA:         {gb(3), mustRate(iaPut, 1000), mustRate(iaGet, 1000), mustRate(iaRetrieval, 1)},
			inventory.OneZoneIA:          {gb(4), mustRate(iaPut, 1000), mustRate(iaGet, 1000), mustRate(iaRetrieval, 1)},
			inventory.GlacierIR:          {gb(5), mustRate(girPut, 1000), mustRate(girGet, 1000), mustRate(girRetrieval, 1)},
			// A HEAD of an archived object costs what one of STANDARD does; the
			// retrieval price is that of a restore, which reseal does not order.
			inventory.Glacier:     {gb(7), mustRate(f[8], 1000), get, mustRate(f[9], 1)},
			inventory.DeepArchive: {gb(10), mustRate(f[11], 1000), get, mustRate(f[12], 1)},
		},
		// $0.03 for 10,000 requests and $1 a customer managed key and month
		// (AWS KMS pricing page, read 2026-11-21).
		KMSRequest: mustRate("0.03", 10_000),
		KMSKey:     mustRate("1", 1),
		// $0.25 a job and $1.00 a million objects (Amazon S3 pricing page, as
		// quoted by third parties, read 2026-11-21).
		BatchJob:    mustRate("0.25", 1),
		BatchObject: mustRate("1", 1_000_000),
		// $0.0025 a thousand objects and month (Amazon S3 pricing page, as quoted by
		// several third parties, which know of one price for all Regions; read 2026-11-21).
		Monitoring: mustRate("0.0025", 1000),
	}
	if strings.HasPrefix(name, "us-gov-") { // not stated for GovCloud in any source that was read
		r.KMSRequest, r.KMSKey, r.BatchJob, r.BatchObject, r.Monitoring = Unknown, Unknown, Unknown, Unknown, Unknown
	}
	return r
}

// mustRate reads a price of the list above.
func mustRate(s string, per int64) Rate {
	r, err := ParseRate(s, per)
	if err != nil {
		panic("cost: built-in price " + s + ": " + err.Error())
	}
	return r
}
