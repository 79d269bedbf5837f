package s3api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// noAnswer says in one phrase why a request got no answer of the service, and
// what was tried: the type of the error tells, never its text. It is "" where
// nothing is known that the error does not say itself.
func noAnswer(err error) string {
	var (
		between *foreignError
		skewed  *skewError
		proxy   *proxyError
		dns     *net.DNSError
		op      *net.OpError
		plain   tls.RecordHeaderError
		alert   tls.AlertError
		netErr  net.Error
	)
	switch {
	case errors.As(err, &between):
		return between.Error()
	case errors.As(err, &skewed):
		return skewed.Error()
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "no more files and connections may be open (ulimit -n)"
	case proxyUnreached(err):
		return "the proxy " + addressOf(err) + " was not reached: " + reason(err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("DNS does not know the name %s", dns.Name)
	case errors.As(err, &dns):
		return fmt.Sprintf("DNS gave no answer about %s", dns.Name)
	}
	if problem := certificateProblem(err); problem != "" {
		return problem
	}
	switch {
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return "the other side does not speak TLS: an http:// address, or a proxy's"
	case errors.As(err, &alert):
		return "the other side refused the TLS connection: " + alert.Error()
	case oldTLS(err):
		return "the two sides have no TLS version in common; reseal speaks 1.2 and 1.3"
	case errors.As(err, &op) && op.Op == "dial":
		return addressOf(err) + ": " + reason(err)
	case errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "no answer within the time limit"
	}
	if r := reason(err); r != "" {
		return r
	}
	return ""
}

// reasons are the causes of failed connections that the system names by number.
var reasons = []struct {
	cause error
	words string
}{
	{syscall.ECONNREFUSED, "nothing listens there (connection refused)"},
	{syscall.ECONNRESET, "the connection was reset before an answer came"},
	{syscall.EPIPE, "the connection was closed before the request was sent"},
	{syscall.EHOSTUNREACH, "no route to the host"},
	{syscall.ENETUNREACH, "no route to the network"},
	{syscall.ETIMEDOUT, "no answer within the time limit"},
	{syscall.EADDRNOTAVAIL, "no free local port: too many connections"},
	{io.ErrUnexpectedEOF, "the answer broke off in the middle"},
	{io.EOF, "the connection was closed before an answer came"},
}

// reason says why a connection failed, "" where that is not known.
func reason(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.cause) {
			return r.words
		}
	}
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return "no answer within the time limit"
	}
	return ""
}

// addressOf returns the address that a connection was to be made to.
func addressOf(err error) string {
	var op *net.OpError
	for errors.As(err, &op) {
		if op.Addr != nil {
			return op.Addr.String()
		}
		err = op.Err
	}
	return "the address"
}

// noAnswerKind tells apart, for the hints of a command, what is unreachable in
// ways that want different remedies; "" for all others.
func noAnswerKind(err error) SetupKind {
	var dns *net.DNSError
	var plain tls.RecordHeaderError
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return OpenFiles
	case errors.As(err, &dns):
		return UnknownHost
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return NotTLS
	case oldTLS(err):
		return OldTLS
	}
	return ""
}

// oldTLS tells whether a connection failed for want of a TLS version that both sides
// speak. Package crypto/tls has no type for it: one text is of the alert that the other
// side sends (RFC 8446, protocol_version), one of the version that it chose.
func oldTLS(err error) bool {
	text := innermost(err).Error()
	return strings.HasPrefix(text, "tls: protocol version not supported") || strings.HasPrefix(text, "tls: server selected unsupported protocol version")
}

// certificateProblem says what is wrong with the certificate of the other side,
// "" where that is not what err is about.
func certificateProblem(err error) string {
	var (
		unverified *tls.CertificateVerificationError
		authority  x509.UnknownAuthorityError
		host       x509.HostnameError
		invalid    x509.CertificateInvalidError
		roots      x509.SystemRootsError
	)
	switch {
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate is not for %s: a wrong endpoint, or something between that opens TLS", host.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return fmt.Sprintf("the certificate is valid from %s to %s, and this machine's clock says %s",
			day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter), day(time.Now()))
	case errors.As(err, &authority):
		return "the certificate is from an authority that this machine does not trust: a private one, or something between that opens TLS"
	case errors.As(err, &roots):
		return "this machine has no list of certificate authorities"
	case errors.As(err, &invalid), errors.As(err, &unverified):
		return "the certificate was not verified: " + innermost(err).Error()
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// innermost returns the cause at the end of the chain.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// proxyError is a proxy that did not let a connection through.
type proxyError struct {
	proxy  string // host
	status int
}

// Error says what the proxy answered.
func (e *proxyError) Error() string {
	name := "the proxy"
	if e.proxy != "" {
		name += " " + e.proxy
	}
	if e.status == http.StatusProxyAuthRequired {
		return name + " wants a user and password (HTTP 407)"
	}
	return fmt.Sprintf("%s does not let the connection through (HTTP %d)", name, e.status)
}

// proxyAnswer is http.Transport's OnProxyConnectResponse: the refusal of a
// proxy is an error of a type.
func proxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: proxy.Host, status: answer.StatusCode}
}

// proxyUnreached tells whether the proxy itself was not reached.
func proxyUnreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}
