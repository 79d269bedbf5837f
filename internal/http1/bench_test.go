package http1

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// copied is an answer like S3's to a copy.
var copied = func() string {
	body := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>2026-11-21T01:02:03.000Z</LastModified><ETag>&quot;9e107d9d372bb6826bd81d3542a419d6&quot;</ETag></CopyObjectResult>`
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nx-amz-id-2: %s\r\nx-amz-request-id: 4A9C2E7B5D1F8036\r\nDate: Fri, 20 Nov 2026 01:00:00 GMT\r\n"+
		"x-amz-server-side-encryption: aws:kms\r\nContent-Type: application/xml\r\nServer: AmazonS3\r\nContent-Length: %d\r\n\r\n%s", strings.Repeat("Kq3", 25), len(body), body)
}()

// BenchmarkAnswer reads an answer like S3's to a copy, by this package and by net/http.
func BenchmarkAnswer(b *testing.B) {
	b.Run("by=http1", func(b *testing.B) {
		text, at := []byte(copied), time.Now().Add(time.Hour)
		s := &script{step: len(text)}
		l := &line{Conn: s}
		c, a := &conn{Conn: l, line: l}, new(Answer)
		b.ReportAllocs()
		for b.Loop() {
			s.left = text
			if keep, err := a.receive(c, http.MethodPut, at); err != nil || !keep || a.parsed != nil {
				b.Fatal(keep, err)
			}
		}
	})
	b.Run("by=net-http", func(b *testing.B) {
		in, asked := bufio.NewReader(nil), &http.Request{Method: http.MethodPut}
		b.ReportAllocs()
		for b.Loop() {
			in.Reset(strings.NewReader(copied))
			a, err := http.ReadResponse(in, asked)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(a.Body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDo sends a request over TLS on loopback, one at a time: by this package and
// by net/http. The server's time, some 20 us, is in both.
func BenchmarkDo(b *testing.B) {
	_, body, _ := strings.Cut(copied, "\r\n\r\n")
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		b.Fatal(err)
	}
	t := plainTransport()
	t.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	defer t.CloseIdleConnections()
	b.Run("by=http1", func(b *testing.B) {
		c := New(t, u)
		defer c.CloseIdleConnections()
		var r Request
		var a Answer
		b.ReportAllocs()
		for b.Loop() {
			r.Start(http.MethodPut, "/k", "", u.Host)
			r.Header("X-Amz-Acl", "private")
			if err := r.Finish(""); err != nil {
				b.Fatal(err)
			}
			if err := c.Do(context.Background(), &r, time.Now().Add(time.Hour), &a); err != nil || a.Body != body {
				b.Fatal(err, a.Body)
			}
		}
	})
	b.Run("by=net-http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := &http.Request{Method: http.MethodPut, URL: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/k"}, Header: http.Header{"X-Amz-Acl": {"private"}}}
			a, err := t.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, a.Body); err != nil {
				b.Fatal(err)
			}
			_ = a.Body.Close()
		}
	})
}
