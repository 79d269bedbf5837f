package http1

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// soon is a time that no test reaches.
func soon() time.Time { return time.Now().Add(time.Minute) }

// pipes is a client with limits whose connections end in serve, without a network.
func pipes(t *testing.T, limits *http.Transport, serve func(c net.Conn, in *bufio.Reader)) *Client {
	t.Helper()
	limits.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			serve(theirs, bufio.NewReader(theirs))
		}()
		return ours, nil
	}
	c := New(limits, &url.URL{Scheme: "http", Host: "h"})
	if c == nil {
		t.Skip("there are no clients on this platform")
	}
	return c
}

// Head and body have limits of their own, and both end at the deadline, give or
// take its sixteenth.
func TestClientEndsAtItsLimits(t *testing.T) {
	for _, tt := range []struct {
		name, begun string
		head, whole time.Duration
		want        time.Duration // at least; a sixteenth more at most
		inBody      bool
	}{
		{"no answer", "", time.Minute, time.Hour, time.Minute, false},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Len", time.Minute, time.Hour, time.Minute, false},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", time.Minute, time.Hour, time.Hour, true},
		{"half a body, read by net/http", "HTTP/1.1 200 OK\r\n\r\nhalf", time.Minute, time.Hour, time.Hour, true},
		{"the deadline comes first", "", time.Hour, time.Minute, time.Minute, false},
		{"no limit for heads", "", 0, time.Minute, time.Minute, false},
		{"no deadline", "", time.Minute, 0, time.Minute, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := pipes(t, &http.Transport{ResponseHeaderTimeout: tt.head}, func(c net.Conn, in *bufio.Reader) {
					if _, err := http.ReadRequest(in); err == nil {
						_, _ = io.WriteString(c, tt.begun)
						_, _ = in.ReadByte() // until the client hangs up
					}
				})
				var r Request
				var a Answer
				r.Start(http.MethodPut, "/k", "", "h")
				if err := r.Finish(""); err != nil {
					t.Fatal(err)
				}
				begun, at := time.Now(), time.Time{}
				if tt.whole > 0 {
					at = begun.Add(tt.whole)
				}
				err := c.Do(t.Context(), &r, at, &a)
				if tt.inBody && err == nil {
					err = a.Err
				}
				took := time.Since(begun)
				if !os.IsTimeout(err) || took < tt.want || took > tt.want+tt.want/deadlineSlack+time.Second {
					t.Errorf("%v after %s, want a timeout after %s", err, took, tt.want)
				}
				if len(c.idle) != 0 {
					t.Error("the connection is kept")
				}
			})
		})
	}
}

// A context that ends takes the idle connection of its last request with it.
func TestClientLosesTheConnectionOfAContext(t *testing.T) {
	e, c := listen(t, func(e *endpoint, _ int, c net.Conn, in *bufio.Reader) {
		for e.ask(in) {
			_, _ = io.WriteString(c, shortAnswer)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i, want := range []int{1, 1, 2, 2} {
		if i == 2 {
			cancel()
			ctx = t.Context()
		}
		if a, err := sendOne(ctx, c, http.MethodPut); err != nil || a.Body != "ok" {
			t.Fatalf("request %d: %q, %v", i, a.Body, err)
		}
		e.mu.Lock()
		if n := len(e.open); n != want {
			t.Errorf("%d connections after request %d, want %d", n, i, want)
		}
		e.mu.Unlock()
	}
}
