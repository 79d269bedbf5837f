//go:build unix

package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// hasInput tells whether there is something to read from a socket, its end included.
func hasInput(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
	return err == nil
}

// What comes on an idle connection that nobody asked for, its end included, is
// noticed before the connection is used, so that a PUT does not fail for it.
func TestClientProbesIdleConnections(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(c net.Conn)
	}{
		{"closed", func(c net.Conn) { _ = c.Close() }},
		{"an answer to nothing", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			again, done := make(chan struct{}), make(chan struct{})
			e, w := listen(t, func(e *endpoint, n int, c net.Conn, in *bufio.Reader) {
				for e.ask(in) {
					_, _ = io.WriteString(c, shortAnswer)
					if n == 0 {
						<-again
						tt.do(c)
						close(done)
						if tt.name == "closed" {
							return
						}
					}
				}
			})
			if _, err := sendOne(t.Context(), w, http.MethodPut); err != nil {
				t.Fatal(err)
			}
			close(again)
			<-done
			w.mu.Lock()
			c := w.idle[0]
			c.since = c.since.Add(-time.Minute) // longer than is trusted
			w.mu.Unlock()
			// What was written has to have come: over loopback, by and by.
			_ = c.line.Conn.SetReadDeadline(time.Now().Add(time.Minute))
			if err := c.line.raw.Read(hasInput); err != nil {
				t.Fatal(err)
			}
			got, err := sendOne(t.Context(), w, http.MethodPut)
			if err != nil || got.Status != http.StatusOK || len(e.open) != 2 || e.asked.Load() != 2 {
				t.Errorf("%d %v, %d connections, %d requests; want 200 over a second connection", got.Status, err, len(e.open), e.asked.Load())
			}
		})
	}
}

// Over TLS an idle connection is looked at through the encryption: what a server
// sends by itself after the handshake does no harm, its farewell is noticed.
func TestClientProbesThroughTLS(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := plainTransport()
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	w := New(transport, u)
	defer w.CloseIdleConnections()
	for i, want := range []int64{1, 1, 1, 2} {
		if i == 3 {
			c := w.idle[0]
			server.CloseClientConnections()
			_ = c.line.Conn.SetReadDeadline(time.Now().Add(time.Minute))
			if err := c.line.raw.Read(hasInput); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			w.idle[0].since = time.Now().Add(-time.Second) // longer than is trusted
		}
		if got, err := sendOne(t.Context(), w, http.MethodPut); err != nil || got.Body != "ok" || opened.Load() != want {
			t.Fatalf("request %d: %+v, %v, over connection %d, want %d", i, got, err, opened.Load(), want)
		}
	}
}
