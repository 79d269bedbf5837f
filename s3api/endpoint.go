package s3api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/plan"
)

// Endpoint is what is known of the S3 endpoint before any request.
type Endpoint struct {
	URL        string
	Overridden bool // by flag, environment or profile

	// AWS is Yes only where nothing overrides the endpoint, its host belongs to
	// an AWS partition, and TLS is verified against the system's roots. With
	// roots of the user's own it is Unknown, as those can vouch for any host.
	AWS plan.Answer

	ownRoots bool
}

// partitionSuffixes are the DNS suffixes of the AWS partitions (aws-sdk-go-v2,
// partitions.json, 2026-11-04).
var partitionSuffixes = [...]string{
	"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu",
	"c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov",
}

// partitionHost tells whether host lies in the domain of an AWS partition.
func partitionHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, suffix := range partitionSuffixes {
		if strings.HasSuffix(host, "."+suffix) {
			return true
		}
	}
	return false
}

// hostOf returns the host of a URL without its port, "" where there is none.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// checkEndpoint refuses endpoints that are no plain URL of a host, and ones
// without TLS that are not on this machine. A nil base is AWS's own, over TLS.
func checkEndpoint(base *string, allowHTTP bool) error {
	if base == nil {
		return nil
	}
	u, err := url.Parse(*base)
	bad := func(why string) error {
		return &SetupError{Kind: BadEndpoint, Op: "check endpoint", Subject: redacted(u, *base), Err: errors.New(why)}
	}
	switch {
	case err != nil:
		return bad("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("an endpoint starts with https:// or http://")
	case u.Hostname() == "":
		return bad("no host")
	case u.User != nil:
		return bad("credentials do not belong into an endpoint")
	case u.RawQuery != "" || u.Fragment != "":
		return bad("query and fragment mean nothing in an endpoint")
	case u.Scheme == "http" && !allowHTTP && !loopback(u.Hostname()):
		return &SetupError{Kind: PlainHTTP, Op: "check endpoint", Subject: *base,
			Err: errors.New("requests would cross the network without TLS")}
	}
	return nil
}

// redacted returns raw without what may be a secret in it.
func redacted(u *url.URL, raw string) string {
	if u == nil {
		if i := strings.LastIndexByte(raw, '@'); i >= 0 {
			raw = raw[i+1:]
		}
		return raw
	}
	clean := *u
	clean.User, clean.RawQuery, clean.Fragment = nil, "", ""
	return clean.String()
}

// loopback tells whether host is this machine by name or number; it asks no DNS.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// resolveEndpoint finds out where S3 requests go and whose that is.
func resolveEndpoint(base *string, region string, ownRoots bool) (Endpoint, error) {
	if base != nil {
		return Endpoint{URL: *base, Overridden: true, AWS: plan.No, ownRoots: ownRoots}, nil
	}
	at, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), s3.EndpointParameters{Region: aws.String(region)})
	if err != nil {
		return Endpoint{}, &SetupError{Kind: BadConfig, Op: "find the endpoint of Region", Subject: region, Err: err}
	}
	e := Endpoint{URL: at.URI.String(), AWS: plan.Yes, ownRoots: ownRoots}
	switch {
	case at.URI.Scheme != "https" || !partitionHost(at.URI.Hostname()):
		return Endpoint{}, &SetupError{Kind: BadConfig, Op: "find the endpoint of Region", Subject: region,
			Err: fmt.Errorf("%s is not AWS's", at.URI.Host)}
	case ownRoots:
		e.AWS = plan.Unknown
	}
	return e, nil
}
