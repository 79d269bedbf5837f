package main

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
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"reseal/internal/http1"
)

// asker sends one request and reads the answer; an answer that did not come whole is an error.
type asker func(ctx context.Context, method, value string, until time.Time) (status int, body string, err error)

// askers are the clients under trial, each made for a server.
var askers = map[string]func(u *url.URL, config *tls.Config) asker{
	"internal/http1": func(u *url.URL, config *tls.Config) asker {
		c := http1.New(tuned(config, 8), u)
		return func(ctx context.Context, method, value string, until time.Time) (int, string, error) {
			var r http1.Request
			var a http1.Answer
			r.Start(method, "/k", "", u.Host)
			r.Header("X-Value", value)
			if err := r.Finish(""); err != nil {
				return 0, "", err
			}
			err := c.Do(ctx, &r, until, &a)
			return a.Status, a.Body, errors.Join(err, a.Err)
		}
	},
	"fasthttp": func(u *url.URL, config *tls.Config) asker {
		c := fastClient(u, config, 8)
		return func(_ context.Context, method, value string, until time.Time) (int, string, error) {
			r, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(r)
			defer fasthttp.ReleaseResponse(a)
			r.Header.SetMethod(method)
			r.SetRequestURI(u.String() + "/k")
			r.Header.Set("X-Value", value)
			err := c.DoDeadline(r, a, until) // it knows no contexts
			return a.StatusCode(), string(a.Body()), err
		}
	},
}

// host is a server of which a trial has the connections in its hand.
type host struct {
	url    *url.URL
	opened atomic.Int64
	asked  atomic.Int64
}

// open serves connections with serve, which has the connection's number, from 0.
func open(t *testing.T, serve func(h *host, n int64, c net.Conn, in *bufio.Reader)) *host {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{url: &url.URL{Scheme: "http", Host: ln.Addr().String()}}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			n := h.opened.Add(1) - 1
			all.Go(func() {
				defer c.Close()
				serve(h, n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return h
}

// ask reads one request.
func (h *host) ask(in *bufio.Reader) bool {
	_, err := http.ReadRequest(in)
	if err == nil {
		h.asked.Add(1)
	}
	return err == nil
}

const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// readAlike are answers that a client has to read as net/http's reader does: the
// same status and body, or an error where that has one. Those of internal/http1's fuzz target.
var readAlike = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
	"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\n\r\nuntil the end",
	"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
	"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA: \x00\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	"HTTP/1.1 200 OK\r\nContent-Len",
	"", "\r\n\r\n", "junk\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
}

// trial is one thing that a client has to get right; its error says how it did not.
type trial struct {
	name string
	run  func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error
}

// soon is when a trial's answer must be there.
func soon() time.Time { return time.Now().Add(20 * time.Second) }

func trials() []trial {
	var all []trial
	for _, answer := range readAlike {
		all = append(all, trial{fmt.Sprintf("reads %q", answer), func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return alike(t, dial, answer) }})
	}
	for name, first := range map[string]string{
		"two answers at once": good + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "half of a second answer": good + "HTTP/1.1 2",
		"Connection: close": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0": "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
	} {
		all = append(all, trial{"gives up a connection after: " + name, func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return drops(t, dial, first) }})
	}
	for name, begun := range map[string]string{"nothing": "", "half a head": "HTTP/1.1 200 OK\r\nContent-Len", "half a body": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"} {
		all = append(all, trial{"ends with its context after " + name, func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return cancelled(t, dial, begun) }},
			trial{"ends at its deadline after " + name, func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return late(t, dial, begun) }})
	}
	for _, begin := range []string{"HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"} {
		all = append(all, trial{fmt.Sprintf("bounds an endless %q", begin), func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return bounds(t, dial, begin) }})
	}
	for _, method := range []string{http.MethodPut, http.MethodHead} {
		all = append(all, trial{"a " + method + " without an answer", func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return again(t, dial, method) }})
	}
	return append(all,
		trial{"reads metadata of 8 KB in a head of 20", wide},
		trial{"uses a connection again", reuses},
		trial{"a PUT survives an idle connection that was closed", func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error { return idle(t, dial, "") }},
		trial{"a late answer to nobody is not the next one's", func(t *testing.T, dial func(*url.URL, *tls.Config) asker) error {
			return idle(t, dial, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		}},
		trial{"sends no header with a line break", injects},
		trial{"checks certificates", verifies},
	)
}

// alike compares what a client makes of an answer with what net/http does.
func alike(t *testing.T, dial func(*url.URL, *tls.Config) asker, answer string) error {
	h := open(t, func(h *host, _ int64, c net.Conn, in *bufio.Reader) {
		if h.ask(in) {
			_, _ = io.WriteString(c, answer)
		}
	})
	status, body, err := dial(h.url, nil)(t.Context(), http.MethodPut, "v", soon())
	in := bufio.NewReader(strings.NewReader(answer))
	want, wantErr := http.ReadResponse(in, nil)
	for wantErr == nil && want.StatusCode < 200 {
		want, wantErr = http.ReadResponse(in, nil)
	}
	var text []byte
	if wantErr == nil {
		text, wantErr = io.ReadAll(want.Body)
	}
	switch {
	case (err == nil) != (wantErr == nil):
		return fmt.Errorf("%v, net/http: %v", err, wantErr)
	case err == nil && (status != want.StatusCode || body != string(text)):
		return fmt.Errorf("%d %q, net/http: %d %q", status, body, want.StatusCode, text)
	}
	return nil
}

// drops sends a first answer after which the connection is not to be used, and looks at the next.
func drops(t *testing.T, dial func(*url.URL, *tls.Config) asker, first string) error {
	h := open(t, func(h *host, n int64, c net.Conn, in *bufio.Reader) {
		for h.ask(in) {
			if n == 0 {
				_, _ = io.WriteString(c, first)
				continue
			}
			_, _ = io.WriteString(c, good)
		}
	})
	ask := dial(h.url, nil)
	for range 2 {
		if status, body, err := ask(t.Context(), http.MethodPut, "v", soon()); err != nil || status != http.StatusOK || body != "ok" {
			return fmt.Errorf("%d %q %w", status, body, errors.Join(err, errors.New("want 200 ok")))
		}
	}
	if n := h.opened.Load(); n != 2 {
		return fmt.Errorf("%d connections, want a second one", n)
	}
	return nil
}

// cancelled ends the context while an answer is being read.
func cancelled(t *testing.T, dial func(*url.URL, *tls.Config) asker, begun string) error {
	ctx, cancel := context.WithCancel(t.Context())
	h := open(t, func(h *host, _ int64, c net.Conn, in *bufio.Reader) {
		if h.ask(in) {
			_, _ = io.WriteString(c, begun)
			cancel()
			_, _ = in.ReadByte() // until the client hangs up
		}
	})
	from := time.Now()
	_, _, err := dial(h.url, nil)(ctx, http.MethodPut, "v", from.Add(5*time.Second))
	if took := time.Since(from); err == nil || took > 4*time.Second {
		return fmt.Errorf("%v after %s", err, took.Round(time.Second))
	}
	return nil
}

// late lets the deadline pass while an answer is being read.
func late(t *testing.T, dial func(*url.URL, *tls.Config) asker, begun string) error {
	h := open(t, func(h *host, _ int64, c net.Conn, in *bufio.Reader) {
		if h.ask(in) {
			_, _ = io.WriteString(c, begun)
			_, _ = in.ReadByte() // until the client hangs up
		}
	})
	ask, from := dial(h.url, nil), time.Now()
	_, _, err := ask(t.Context(), http.MethodPut, "v", from.Add(time.Second))
	if took := time.Since(from); err == nil || took > 10*time.Second {
		return fmt.Errorf("%v after %s", err, took.Round(time.Second))
	}
	return nil
}

// bounds sends an answer without end, of which little may be kept.
func bounds(t *testing.T, dial func(*url.URL, *tls.Config) asker, begin string) error {
	var sent atomic.Int64
	h := open(t, func(h *host, _ int64, c net.Conn, in *bufio.Reader) {
		filler := strings.Repeat("x", 32<<10)
		if strings.HasSuffix(begin, "Hints\r\n\r\n") {
			filler = strings.Repeat(begin, 100)
		}
		if h.ask(in) {
			for n, err := io.WriteString(c, begin); err == nil && sent.Add(int64(n)) < 256<<20; n, err = io.WriteString(c, filler) {
			}
			_, _ = in.ReadByte()
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := dial(h.url, nil)(t.Context(), http.MethodPut, "v", soon())
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; err == nil || taken > 64<<20 || sent.Load() > 64<<20 {
		return fmt.Errorf("%v, %d MiB read, %d MiB allocated", err, sent.Load()>>20, taken>>20)
	}
	return nil
}

// again ends a connection that was used before instead of answering: a PUT is
// not to be sent again, and a HEAD is to get its answer.
func again(t *testing.T, dial func(*url.URL, *tls.Config) asker, method string) error {
	h := open(t, func(h *host, n int64, c net.Conn, in *bufio.Reader) {
		for i := 0; h.ask(in); i++ {
			if n == 0 && i == 1 {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	ask := dial(h.url, nil)
	if _, _, err := ask(t.Context(), method, "v", soon()); err != nil {
		return err
	}
	_, _, err := ask(t.Context(), method, "v", soon())
	if (err != nil) != (method == http.MethodPut) || method == http.MethodPut && h.asked.Load() != 2 {
		return fmt.Errorf("%v after %d requests", err, h.asked.Load())
	}
	return nil
}

// wide sends a head as long as S3's may be with much metadata, and some more.
func wide(t *testing.T, dial func(*url.URL, *tls.Config) asker) error {
	head := "HTTP/1.1 200 OK\r\n"
	for i := range 40 {
		head += fmt.Sprintf("x-amz-meta-%d: %s\r\n", i, strings.Repeat("m", 500))
	}
	return alike(t, dial, head+"Content-Length: 2\r\n\r\nok")
}

// reuses counts the connections of requests in turn.
func reuses(t *testing.T, dial func(*url.URL, *tls.Config) asker) error {
	h := open(t, func(h *host, _ int64, c net.Conn, in *bufio.Reader) {
		for h.ask(in) {
			_, _ = io.WriteString(c, good)
		}
	})
	ask := dial(h.url, nil)
	for range 20 {
		if _, _, err := ask(t.Context(), http.MethodPut, "v", soon()); err != nil {
			return err
		}
	}
	if n := h.opened.Load(); n != 1 {
		return fmt.Errorf("%d connections", n)
	}
	return nil
}

// idle has the server close an idle connection, or say something on it.
func idle(t *testing.T, dial func(*url.URL, *tls.Config) asker, said string) error {
	next, done := make(chan struct{}), make(chan struct{})
	h := open(t, func(h *host, n int64, c net.Conn, in *bufio.Reader) {
		for h.ask(in) {
			_, _ = io.WriteString(c, good)
			if n == 0 {
				<-next
				_, _ = io.WriteString(c, said)
				if said == "" {
					_ = c.Close()
				}
				close(done)
				n = -1
			}
		}
	})
	ask := dial(h.url, nil)
	if _, _, err := ask(t.Context(), http.MethodPut, "v", soon()); err != nil {
		return err
	}
	close(next)
	<-done
	time.Sleep(100 * time.Millisecond) // an idle connection is idle for a while, and loopback delivers
	if status, body, err := ask(t.Context(), http.MethodPut, "v", soon()); err != nil || body != "ok" {
		return fmt.Errorf("%d %q %v", status, body, err)
	}
	return nil
}

// injects tries to add a header by the value of another.
func injects(t *testing.T, dial func(*url.URL, *tls.Config) asker) error {
	var raw []byte
	h := open(t, func(_ *host, _ int64, c net.Conn, in *bufio.Reader) {
		raw, _ = in.ReadBytes('\x00')
	})
	_, _, err := dial(h.url, nil)(t.Context(), http.MethodPut, "a\r\nX-Amz-Acl: public-read", time.Now().Add(time.Second))
	if err == nil || bytes.Contains(raw, []byte("\nX-Amz-Acl")) {
		return fmt.Errorf("%v", err)
	}
	return nil
}

// verifies speaks to a server with a certificate of its own making.
func verifies(t *testing.T, dial func(*url.URL, *tls.Config) asker) error {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		return err
	}
	_, _, err = dial(u, &tls.Config{MinVersion: tls.VersionTLS12})(t.Context(), http.MethodPut, "v", soon())
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) {
		return fmt.Errorf("%v", err)
	}
	return nil
}

// The client that reseal uses gets all of it right. What fasthttp does not is why it is not
// used (docs/decisions/037): where it has learned something, that must be looked at again.
func TestHostileAnswers(t *testing.T) {
	for name, dial := range askers {
		var failed []string
		all := trials()
		for _, tr := range all {
			t.Run(name+"/"+tr.name, func(t *testing.T) {
				if err := tr.run(t, dial); err != nil {
					failed = append(failed, tr.name)
					t.Logf("FAILS: %v", err)
				}
			})
		}
		slices.Sort(failed)
		t.Logf("%s fails %d of %d:\n%s", name, len(failed), len(all), strings.Join(failed, "\n"))
		want := fails[name]
		slices.Sort(want)
		if !slices.Equal(failed, want) {
			t.Errorf("%s fails\n%s\nwant\n%s", name, strings.Join(failed, "\n"), strings.Join(want, "\n"))
		}
	}
}

// fails are the trials that a client does not get right.
var fails = map[string][]string{"fasthttp": {
	"a PUT survives an idle connection that was closed",
	"a late answer to nobody is not the next one's",
	"ends with its context after half a body",
	"ends with its context after half a head",
	"ends with its context after nothing",
	"gives up a connection after: half of a second answer",
	"gives up a connection after: two answers at once",
	`reads "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"`,
	`reads "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"`,
}}
