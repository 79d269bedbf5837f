package http1

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// script is a connection that has an answer to give, a few bytes at a time.
type script struct {
	net.Conn
	left []byte
	step int
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), s.step)], s.left)
	s.left = s.left[n:]
	return n, nil
}

func (*script) SetReadDeadline(time.Time) error { return nil }
func (*script) SetDeadline(time.Time) error     { return nil }

// scripted is a connection about to read an answer.
func scripted(answer []byte, step int) *conn {
	l := &line{Conn: &script{left: answer, step: step}}
	return &conn{Conn: l, line: l}
}

// reference is what net/http makes of an answer, and how many of its bytes it took.
func reference(answer []byte, method string) (response *http.Response, body []byte, bodyErr error, took int, err error) {
	whole := bytes.NewReader(answer)
	in := bufio.NewReader(whole)
	for n := 0; ; n++ {
		if response, err = http.ReadResponse(in, &http.Request{Method: method}); err != nil || n > maxInformational {
			return nil, nil, nil, 0, errors.Join(err, errNoEnd)
		}
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	body, bodyErr = io.ReadAll(response.Body)
	return response, body, bodyErr, len(answer) - whole.Len() - in.Buffered(), nil
}

var answers = []string{
	"HTTP/1.1 200 OK\r\nx-amz-request-id: R\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\n\r\nuntil the end",
	"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200  two\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
	"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\na : b\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA: \x00\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA: \xff\tb \t\r\nx-Amz-META-ü: 1\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	"HTTP/1.1 200 OK\r\nContent-Len",
	"", "\r\n\r\n", "junk\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\nhello",
	"HTTP/1.1 200 00\r\nContent-Length:1070000\r\n\r\n0000",
}

// What the client's own reader accepts, net/http reads in the same way, and a
// connection is kept only where net/http would find nothing left on it.
func FuzzAnswer(f *testing.F) {
	for i, a := range answers {
		f.Add([]byte(a), i%2 == 0, 1+i*3)
		f.Add([]byte(a), i%2 == 1, 4096)
	}
	f.Fuzz(func(t *testing.T, answer []byte, looks bool, step int) {
		if step < 1 || step > 1<<16 || len(answer) > 1<<16 {
			return
		}
		method := http.MethodPut
		if looks {
			method = http.MethodHead
		}
		want, wantBody, wantBodyErr, took, wantErr := reference(bytes.Clone(answer), method)
		a := new(Answer)
		c := scripted(bytes.Clone(answer), step)
		keep, err := a.receive(c, method, time.Now().Add(time.Hour))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, net/http's %v", err, wantErr)
		}
		if err != nil {
			if keep {
				t.Error("the connection is kept after an error")
			}
			return
		}
		got := a.Response()
		if got.StatusCode != want.StatusCode || got.Status != want.Status {
			t.Errorf("status %d %q, net/http's %d %q", got.StatusCode, got.Status, want.StatusCode, want.Status)
		}
		if fmt.Sprint(got.Header) != fmt.Sprint(want.Header) {
			t.Errorf("headers %q, net/http's %q", got.Header, want.Header)
		}
		for _, p := range a.Header {
			if v := want.Header[p.Name]; len(v) == 0 || v[0] != p.Value {
				t.Errorf("%s: %q, net/http's %q", p.Name, p.Value, want.Header[p.Name])
			}
		}
		if errors.Is(a.Err, ErrBodyTooLong) { // said so by its head, and read no further
			if wantBodyErr == nil || !strings.HasPrefix(string(wantBody), a.Body) || keep {
				t.Errorf("body %q (%v), kept %v, net/http's %q (%v)", a.Body, a.Err, keep, wantBody, wantBodyErr)
			}
			return
		}
		if (a.Err == nil) != (wantBodyErr == nil) || a.Body != string(wantBody) {
			t.Errorf("body %q (%v), net/http's %q (%v)", a.Body, a.Err, wantBody, wantBodyErr)
		}
		if keep && (want.Close || wantBodyErr != nil || int64(took) != c.line.received) {
			t.Errorf("the connection is kept; net/http: close %v, body %v, %d of %d bytes used", want.Close, wantBodyErr, took, c.line.received)
		}
	})
}

// The answers of S3 are read without net/http's reader, whatever their pieces are.
func TestClientReadsUsualAnswersItself(t *testing.T) {
	for _, i := range []int{0, 3} {
		for step := 1; step < 80; step++ {
			a := new(Answer)
			keep, err := a.receive(scripted([]byte(answers[i]), step), http.MethodPut, time.Now().Add(time.Hour))
			if err != nil || !keep || a.parsed != nil || a.Body != "hello" {
				t.Fatalf("%q by %d bytes: %v, keep %v, by net/http %v, body %q", answers[i], step, err, keep, a.parsed != nil, a.Body)
			}
		}
	}
}

// endpoint is a server of which the connections are in the test's hand.
type endpoint struct {
	address string
	mu      sync.Mutex
	open    []net.Conn
	asked   atomic.Int64
}

// listen serves connections with serve, which has the connection's number, from 0.
func listen(t *testing.T, serve func(e *endpoint, n int, c net.Conn, in *bufio.Reader)) (*endpoint, *Client) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{address: ln.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			e.mu.Lock()
			e.open = append(e.open, c)
			e.mu.Unlock()
			all.Go(func() {
				defer c.Close()
				serve(e, n, c, bufio.NewReader(c))
			})
		}
	})
	w := &Client{address: e.address, most: 64, dials: make(chan struct{}, 8), dial: new(net.Dialer).DialContext}
	t.Cleanup(func() {
		w.CloseIdleConnections()
		_ = ln.Close()
		e.mu.Lock()
		for _, c := range e.open {
			_ = c.Close()
		}
		e.mu.Unlock()
		all.Wait()
	})
	return e, w
}

// ask reads one request.
func (e *endpoint) ask(in *bufio.Reader) bool {
	_, err := http.ReadRequest(in)
	if err == nil {
		e.asked.Add(1)
	}
	return err == nil
}

const shortAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// sendOne sends a request over w.
func sendOne(ctx context.Context, w *Client, method string) (Answer, error) {
	var r Request
	var a Answer
	r.Start(method, "/k", "", "h")
	if err := r.Finish(""); err != nil {
		return a, err
	}
	err := w.Do(ctx, &r, time.Now().Add(time.Minute), &a)
	return a, err
}

// One connection carries one request after the other.
func TestClientUsesConnectionsAgain(t *testing.T) {
	e, w := listen(t, func(e *endpoint, _ int, c net.Conn, in *bufio.Reader) {
		for e.ask(in) {
			_, _ = io.WriteString(c, shortAnswer)
		}
	})
	for range 20 {
		if got, err := sendOne(t.Context(), w, http.MethodPut); err != nil || got.Body != "ok" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := len(e.open); n != 1 {
		t.Errorf("%d connections for 20 requests in turn, want 1", n)
	}
}

// A connection on which something is left, or that the server gave up, or that
// it said it would, does not carry another request, and nobody's answer is
// somebody else's.
func TestClientDropsConnections(t *testing.T) {
	for _, tt := range []struct{ name, first string }{
		{"two answers at once", shortAnswer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"},
		{"half of another", shortAnswer + "HTTP/1.1 2"},
		{"said so", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, w := listen(t, func(e *endpoint, n int, c net.Conn, in *bufio.Reader) {
				for e.ask(in) {
					if n == 0 {
						_, _ = io.WriteString(c, tt.first)
						if strings.HasPrefix(tt.name, "until") {
							return
						}
						continue
					}
					_, _ = io.WriteString(c, shortAnswer)
				}
			})
			for range 2 {
				if got, err := sendOne(t.Context(), w, http.MethodPut); err != nil || got.Body != "ok" {
					t.Fatalf("%+v, %v", got, err)
				}
			}
			if n := len(e.open); n != 2 {
				t.Errorf("%d connections, want a second one", n)
			}
		})
	}
}

// A PUT that got no answer is not sent again, as nobody knows what became of it; a
// HEAD is, where it went out on a connection that was idle before.
func TestClientSendsAgainOnlyWhatIsSafe(t *testing.T) {
	for _, tt := range []struct {
		method string
		asked  int64
		fails  bool
	}{{http.MethodPut, 2, true}, {http.MethodHead, 3, false}} {
		e, w := listen(t, func(e *endpoint, n int, c net.Conn, in *bufio.Reader) {
			for i := 0; e.ask(in); i++ {
				if n == 0 && i == 1 {
					return // instead of an answer
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		if _, err := sendOne(t.Context(), w, tt.method); err != nil {
			t.Fatal(err)
		}
		_, err := sendOne(t.Context(), w, tt.method)
		if (err != nil) != tt.fails || e.asked.Load() != tt.asked {
			t.Errorf("%s: %v after %d requests, want %d", tt.method, err, e.asked.Load(), tt.asked)
		}
	}
}

// A context that ends ends the request, and its connection is not used again.
func TestClientHeedsItsContext(t *testing.T) {
	for _, begun := range []string{"", "HTTP/1.1 200 OK\r\nContent-Len", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"} {
		ctx, cancel := context.WithCancel(t.Context())
		e, w := listen(t, func(e *endpoint, _ int, c net.Conn, in *bufio.Reader) {
			if e.ask(in) {
				_, _ = io.WriteString(c, begun)
				cancel()
				_, _ = in.ReadByte() // until the client hangs up
			}
		})
		got, err := sendOne(ctx, w, http.MethodPut)
		if err == nil && got.Err == nil {
			t.Errorf("%q: %+v, want an error", begun, got)
		}
		if len(w.idle) != 0 || len(e.open) != 1 {
			t.Errorf("%q: %d idle connections, want none", begun, len(w.idle))
		}
	}
}

// An answer without end is not read for ever, and takes no more memory than its limit.
func TestClientBoundsAnswers(t *testing.T) {
	for _, begin := range []string{"HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\nA: b\r\n c", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nA: "} {
		_, w := listen(t, func(e *endpoint, _ int, c net.Conn, in *bufio.Reader) {
			filler := strings.Repeat("x", 32<<10)
			if strings.HasSuffix(begin, "Hints\r\n\r\n") {
				filler = strings.Repeat(begin, 100)
			}
			if e.ask(in) {
				for _, err := io.WriteString(c, begin); err == nil; _, err = io.WriteString(c, filler) {
				}
			}
		})
		a, err := sendOne(t.Context(), w, http.MethodPut)
		if err == nil && a.Err == nil {
			t.Errorf("%q: no error", begin)
		}
		if len(a.in) > headLimit+MaxBody || len(a.Body) > MaxBody+1 {
			t.Errorf("%q: %d bytes kept", begin, len(a.in)+len(a.Body))
		}
	}
}

// Where net/http would not connect by itself, there is no client; and it does not
// speak to a server that cannot be verified.
func TestClientLeavesToNetHTTP(t *testing.T) {
	u, proxy := &url.URL{Scheme: "https", Host: "s3.example.com"}, &url.URL{Scheme: "http", Host: "proxy.example.com:3128"}
	for _, tt := range []struct {
		name string
		u    *url.URL
		set  func(*http.Transport)
		want bool
	}{
		{"plain", u, func(*http.Transport) {}, true},
		{"proxy", u, func(t *http.Transport) { t.Proxy = http.ProxyURL(proxy) }, false},
		{"no proxy for this host", u, func(t *http.Transport) { t.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil } }, true},
		{"proxy unknown", u, func(t *http.Transport) { t.Proxy = func(*http.Request) (*url.URL, error) { return nil, io.EOF } }, false},
		{"own TLS", u, func(t *http.Transport) {
			t.DialTLSContext = func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }
		}, false},
		{"own names", &url.URL{Scheme: "https", Host: "bücket.example.com"}, func(*http.Transport) {}, false},
		{"zone", &url.URL{Scheme: "http", Host: "[fe80::1%eth0]:9000"}, func(*http.Transport) {}, false},
	} {
		transport := plainTransport()
		transport.Proxy = nil
		tt.set(transport)
		if w := New(transport, tt.u); (w != nil) != tt.want {
			t.Errorf("%s: client %v, want one: %v", tt.name, w, tt.want)
		}
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = nil
	address, _ := url.Parse(server.URL)
	_, err := sendOne(t.Context(), New(plainTransport(), address), http.MethodPut)
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) {
		t.Errorf("a server with a certificate of its own making: %v", err)
	}
}

// plainTransport is what a program would give New, without a proxy.
func plainTransport() *http.Transport {
	return &http.Transport{DialContext: new(net.Dialer).DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 4, TLSHandshakeTimeout: time.Minute, ResponseHeaderTimeout: time.Minute, IdleConnTimeout: time.Minute}
}
