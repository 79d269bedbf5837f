// Package ownhost turns the host that a request names into whether nobody else can have
// chosen it. A page in a browser can have its own name lead to an address of this machine
// (DNS rebinding); it cannot have the browser name a number, or localhost.
package ownhost

import (
	"net"
	"net/netip"
	"strings"
)

// Known tells whether host, with or without a port, is an address in numbers, localhost, or
// name; a name of "" is none. at is the address, and not valid for the others. The port
// does not count: an ssh tunnel may lead here.
func Known(host, name string) (at netip.Addr, known bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if at, err := netip.ParseAddr(host); err == nil {
		return at, true
	}
	return at, strings.EqualFold(host, "localhost") || name != "" && strings.EqualFold(host, name)
}
