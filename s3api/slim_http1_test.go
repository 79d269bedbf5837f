package s3api

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/http1"
)

// answering is the address of a server that has serve answer each connection.
func answering(tb testing.TB, serve func(c net.Conn, in *bufio.Reader)) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				serve(c, bufio.NewReaderSize(c, 16<<10))
			})
		}
	})
	tb.Cleanup(func() {
		_ = ln.Close()
		all.Wait()
	})
	return ln.Addr().String()
}

// overHTTP1 is a client of package http1 to an address, closed before its server is.
func overHTTP1(tb testing.TB, t *http.Transport, address string) *http1.Client {
	tb.Helper()
	t.Proxy = nil
	c := http1.New(t, &url.URL{Scheme: "http", Host: address})
	if c == nil {
		tb.Skip("package http1 has no clients on this platform")
	}
	tb.Cleanup(c.CloseIdleConnections)
	return c
}

// A value that would end its header, and begin another, is not sent: net/http is
// given the request, and refuses it.
func TestSlimSendsNoUnlawfulHeader(t *testing.T) {
	var asked atomic.Int64
	address := answering(t, func(c net.Conn, in *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			asked.Add(1)
			_, _ = io.WriteString(c, cannedCopy)
		}
	})
	transport := newTransport(4).GetTransport()
	defer transport.CloseIdleConnections()
	_, s := lab(t, "eu-west-1", "http://"+address, aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, transport.RoundTrip)
	s.http1 = overHTTP1(t, transport, address)
	in := aCopy()
	for value, want := range map[string]fault{"STANDARD": faultNone, "A\r\nX-Amz-Acl: public-read": faultRequest, "A\nB": faultRequest, "A\x00": faultRequest, "A\x7f": faultRequest} {
		in.StorageClass = types.StorageClass(value)
		before := asked.Load()
		_, err := s.CopyObject(t.Context(), in)
		if got := answerOf(err).fault; got != want || (err != nil) != (want != faultNone) || want != faultNone && asked.Load() != before {
			t.Errorf("%q: %v (fault %d, want %d), %d requests", value, err, got, want, asked.Load()-before)
		}
	}
}
