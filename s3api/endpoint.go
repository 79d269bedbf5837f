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

	"reseal/partition"
	"reseal/plan"
)

// Endpoint is what is known of the S3 endpoint before any request.
type Endpoint struct {
	URL string
	KMS string // of requests to KMS; "" = AWS's own

	// AWS is Yes only where the host is an endpoint of S3 in an AWS partition,
	// however it was given, and TLS is verified against the system's roots. With
	// roots of the user's own it is Unknown, as those can vouch for any host.
	AWS plan.Answer

	ownRoots bool
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

// s3Endpoint tells whether a URL is an endpoint of S3 itself over TLS, and of which
// Region, "" for the global one.
func s3Endpoint(raw string) (region string, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Port() != "" && u.Port() != "443" || strings.Trim(u.Path, "/") != "" {
		return "", false
	}
	return partition.S3Host(u.Hostname())
}

// Own tells whether a URL is an endpoint of S3 itself, over TLS.
func Own(url string) bool {
	_, own := s3Endpoint(url)
	return own
}

// resolveEndpoint finds out where S3 requests go and whose that is.
func resolveEndpoint(o *s3.Options, region string, ownRoots bool) (Endpoint, error) {
	e := Endpoint{AWS: plan.Yes, ownRoots: ownRoots}
	if ownRoots {
		e.AWS = plan.Unknown
	}
	if base := o.BaseEndpoint; base != nil {
		e.URL = *base
		switch of, ok := s3Endpoint(*base); {
		case !ok:
			e.AWS = plan.No
		case of != "" && of != region:
			return Endpoint{}, &SetupError{Kind: WrongRegion, Op: "check endpoint", Subject: *base, Region: of,
				Err: fmt.Errorf("the endpoint is one of %s, but requests are signed for %s", of, region)}
		}
		return e, nil
	}
	at, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), s3.EndpointParameters{Region: aws.String(region),
		UseFIPS: aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled), UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled)})
	if err != nil {
		return Endpoint{}, &SetupError{Kind: BadConfig, Op: "find the endpoint of Region", Subject: region, Err: err}
	}
	e.URL = at.URI.String()
	if _, ok := s3Endpoint(e.URL); !ok {
		return Endpoint{}, &SetupError{Kind: BadConfig, Op: "find the endpoint of Region", Subject: region,
			Err: fmt.Errorf("%s is not AWS's", at.URI.Host)}
	}
	return e, nil
}

// serviceEndpoint is where requests to another service than S3 go: where its own
// variable or profile says, else where all services are said to be, else AWS's
// own, which nil stands for. An endpoint of S3 itself speaks for no other service.
func serviceEndpoint(own, all *string, override string) *string {
	if own != nil && (all == nil || *own != *all) {
		return own
	}
	if override != "" {
		own = &override
	}
	if own != nil {
		if _, s3 := s3Endpoint(*own); s3 {
			return nil
		}
	}
	return own
}
