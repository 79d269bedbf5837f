package s3api

import (
	"errors"
	"net"
	"net/url"
)

// EndpointOf returns the address that a request went to which got no answer of the
// service, such as https://s3.example.com:9000; "" where err does not tell.
func EndpointOf(err error) string {
	var sent *url.Error
	if !errors.As(err, &sent) {
		return ""
	}
	u, err := url.Parse(sent.URL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// UnknownNameOf returns the name that DNS does not know; "" where err is about none.
func UnknownNameOf(err error) string {
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		return ""
	}
	return dns.Name
}
