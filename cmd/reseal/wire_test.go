package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// wire lies between reseal and a server. It sees each request and each answer,
// so that a test can do something exactly between two of them. A request that
// has arrived reaches the server, and is ended by it, whatever becomes of the
// client: that is the worst that a crash can meet.
type wire struct {
	Before func(*http.Request)                 // nil, or called before a request goes on
	After  func(*http.Request, *http.Response) // nil, or called before its answer goes back

	Get func(*http.Request) *http.Response // nil, or answers a GET in the server's place where it is not nil

	URL string // from serve on

	open   atomic.Int64 // connections
	copies atomic.Int64 // CopyObject answered with 200
	parts  atomic.Int64 // UploadPartCopy answered with 200
	writes atomic.Int64 // all else that is not GET or HEAD, answered with 200
}

// serve puts the wire before the server at target, until the test ends.
func (w *wire) serve(t *testing.T, target string) *wire {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host
			r.Out.Host = r.In.Host // signed
		},
		Transport: w,
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) {
			rw.WriteHeader(http.StatusBadGateway)
		},
	})
	front.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			w.open.Add(1)
		case http.StateClosed:
			w.open.Add(-1)
		}
	}
	front.Start()
	t.Cleanup(front.Close)
	w.URL = front.URL
	return w
}

// settle waits, after a client was killed, until the server has answered all
// that it had asked.
func (w *wire) settle(t *testing.T) {
	t.Helper()
	// Connections are taken up in their order, so that none of the client's waits behind this one.
	last := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := last.Get(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for w.open.Load() > 0 { // each is closed once its last request was answered
		select {
		case <-t.Context().Done():
			t.Fatal("connections stay open")
		case <-time.After(time.Millisecond):
		}
	}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet { // may be long, and changes nothing
		if w.Get != nil {
			if resp := w.Get(r); resp != nil {
				return resp, nil
			}
		}
		return http.DefaultTransport.RoundTrip(r)
	}
	r = r.WithContext(context.WithoutCancel(r.Context()))
	if w.Before != nil {
		w.Before(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if resp.StatusCode == http.StatusOK {
		w.count(r)
	}
	if w.After != nil {
		w.After(r, resp)
	}
	return resp, nil
}

func (w *wire) count(r *http.Request) {
	switch {
	case r.Method == http.MethodHead:
	case isCopy(r):
		w.copies.Add(1)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		w.parts.Add(1)
	default:
		w.writes.Add(1)
	}
}

// isCopy tells whether r is a CopyObject.
func isCopy(r *http.Request) bool {
	return r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "" && !r.URL.Query().Has("uploadId")
}

// keyOf returns the key that a request in path style names.
func keyOf(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return key
}
