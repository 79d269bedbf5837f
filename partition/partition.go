// Package partition turns a Region, an ARN or a host name into the partition of
// AWS that it belongs to. It is pure.
//
// The data is that of aws-sdk-go-v2, partitions.json, v1.47.6, read 2026-11-29.
package partition

import (
	"regexp"
	"strings"
)

// Partition is one of the separate worlds of AWS: no ARN, key or endpoint of one
// means anything in another.
type Partition struct {
	ID     string // as ARNs spell it: aws, aws-cn, …
	Suffix string // DNS suffix of the services

	regions *regexp.Regexp
}

// all are the partitions; the first is taken for what is not known.
var all = [...]Partition{
	{"aws", "amazonaws.com", regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$`)},
	{"aws-cn", "amazonaws.com.cn", regexp.MustCompile(`^cn-\w+-\d+$`)},
	{"aws-us-gov", "amazonaws.com", regexp.MustCompile(`^us-gov-\w+-\d+$`)},
	{"aws-eusc", "amazonaws.eu", regexp.MustCompile(`^eusc-de-\w+-\d+$`)},
	{"aws-iso", "c2s.ic.gov", regexp.MustCompile(`^us-iso-\w+-\d+$`)},
	{"aws-iso-b", "sc2s.sgov.gov", regexp.MustCompile(`^us-isob-\w+-\d+$`)},
	{"aws-iso-e", "cloud.adc-e.uk", regexp.MustCompile(`^eu-isoe-\w+-\d+$`)},
	{"aws-iso-f", "csp.hci.ic.gov", regexp.MustCompile(`^us-isof-\w+-\d+$`)},
}

// OfRegion is the partition of a Region, aws where none has it.
func OfRegion(region string) Partition {
	for _, p := range all {
		if p.regions.MatchString(region) {
			return p
		}
	}
	return all[0]
}

// OfARN is the partition that an ARN names, aws for all that is no ARN of a
// known one.
func OfARN(arn string) Partition {
	if f := strings.SplitN(arn, ":", 3); len(f) == 3 && f[0] == "arn" {
		for _, p := range all {
			if p.ID == f[1] {
				return p
			}
		}
	}
	return all[0]
}

// Of is the partition that an ARN names, and that of the Region where the ARN is
// none: a key may be named by its bare id.
func Of(arn, region string) Partition {
	if strings.HasPrefix(arn, "arn:") {
		return OfARN(arn)
	}
	return OfRegion(region)
}

// Bucket is the ARN of a bucket.
func (p Partition) Bucket(name string) string { return "arn:" + p.ID + ":s3:::" + name }

// Root is the ARN of an account, which stands for all its users and roles.
func (p Partition) Root(account string) string { return "arn:" + p.ID + ":iam::" + account + ":root" }

// S3 is the name of S3 in a Region, as kms:ViaService has it (AWS KMS Developer
// Guide, "conditions-kms", read 2026-11-29).
func (p Partition) S3(region string) string { return "s3." + region + "." + p.Suffix }
