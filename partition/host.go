package partition

import (
	"regexp"
	"strings"
)

// The labels that may stand before an S3 endpoint's Region, and the names of
// interface endpoints and access points (Amazon S3 User Guide, "dual-stack-endpoints",
// "privatelink-interface-endpoints", "access-points-naming"; AWS General
// Reference, "s3"; read 2026-11-29).
var (
	regional   = regexp.MustCompile(`^(?:s3|s3-fips)(?:\.dualstack)?$`)
	point      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*-\d{12}\.(?:s3-accesspoint|s3-accesspoint-fips)(?:\.dualstack)?$`)
	interfaces = regexp.MustCompile(`^(?:(?:bucket|accesspoint)\.)?vpce-[a-z0-9]+(?:-[a-z0-9-]+)?\.s3$`)
	legacy     = regexp.MustCompile(`^s3-([a-z0-9-]+)$`)
)

// S3Host tells whether a host is an endpoint of S3 itself, and of which Region, ""
// for the global one. It is strict: other names under AWS's domains belong to
// AWS's customers (load balancers, machines, APIs, endpoint services), or to
// relatives of S3 that do not speak all of it (websites, Object Lambda, control,
// Express, Outposts, acceleration).
func S3Host(host string) (region string, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, p := range all {
		name, found := strings.CutSuffix(host, "."+p.Suffix)
		if !found {
			continue
		}
		if region, ok := p.s3Host(name); ok {
			return region, true
		}
	}
	return "", false
}

func (p *Partition) s3Host(name string) (region string, ok bool) {
	if p.ID == "aws" {
		if name == "s3" || name == "s3-external-1" {
			return map[string]string{"s3-external-1": "us-east-1"}[name], true
		}
		if m := legacy.FindStringSubmatch(name); m != nil && p.regions.MatchString(m[1]) {
			return m[1], true
		}
	}
	kind := []*regexp.Regexp{regional, point}
	if rest, found := strings.CutSuffix(name, ".vpce"); found {
		name, kind = rest, []*regexp.Regexp{interfaces}
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 || !p.regions.MatchString(name[i+1:]) {
		return "", false
	}
	for _, k := range kind {
		if k.MatchString(name[:i]) {
			return name[i+1:], true
		}
	}
	return "", false
}
