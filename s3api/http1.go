package s3api

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	idleLimit = 90 * time.Second // as newTransport's

	// maxDials is how many connections are made at once: enough for 500 a second
	// at three round trips of 80 ms, few enough for their keys and certificates.
	maxDials = 128

	// trustedIdle is how long a connection may lie unused before the socket is
	// asked whether the server has closed it. Below, asking costs more than it finds.
	trustedIdle = 10 * time.Millisecond

	// deadlineSlack is by which part of it a time limit may be exceeded, so that the
	// deadline of a connection need not be set for each request.
	deadlineSlack = 16
)

// http1Client sends requests with little or no body to one endpoint, over HTTP/1.1 connections
// of its own. It does what net/http does for them with a third of the CPU time:
// the goroutine that has the request writes and reads it itself, where net/http
// hands it to two others, and an answer's head is one string, not a map.
//
// A connection carries one request at a time and is used again only after an
// answer that was read to its end, said so itself, and left nothing behind. So
// there are never more connections than requests in flight. Whatever is unusual
// about an answer is read by net/http's own reader. Safe for concurrent use.
type http1Client struct {
	address string      // host:port
	secure  *tls.Config // nil without TLS
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	most    int           // idle connections kept
	dials   chan struct{} // one for each connection being made

	mu   sync.Mutex
	idle []*http1Conn // the one used last at the end
}

// newHTTP1Client returns a client to u's host that connects as t does, or nil where t has
// means to connect that the client has not: a proxy, or a dialler of its own for TLS.
func newHTTP1Client(t *http.Transport, u *url.URL) *http1Client {
	if t.DialContext == nil || t.DialTLSContext != nil || !canProbe || !plainHost(u.Host) {
		return nil
	}
	if t.Proxy != nil {
		if proxy, err := t.Proxy(&http.Request{URL: u}); err != nil || proxy != nil {
			return nil
		}
	}
	w := &http1Client{address: u.Host, dial: t.DialContext, most: t.MaxIdleConnsPerHost, dials: make(chan struct{}, maxDials)}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
		w.secure = t.TLSClientConfig.Clone()
		if w.secure.ServerName == "" {
			w.secure.ServerName = u.Hostname()
		}
	}
	if u.Port() == "" {
		w.address = net.JoinHostPort(u.Hostname(), port)
	}
	return w
}

// plainHost tells whether a host, with or without port, goes into a Host header as it is.
func plainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; !unreserved(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return host != ""
}

// http1Conn is one connection. One goroutine at a time has it.
type http1Conn struct {
	net.Conn           // TLS, or the line itself
	line     *line     // below TLS
	used     bool      // by a request before
	since    time.Time // when it became idle
	deadline time.Time // of reading and writing
	one      [1]byte   // to probe with

	ended   <-chan struct{} // of the context that aborts it
	unhook  func() bool
	aborted atomic.Bool
}

// line is a TCP connection that can be read without waiting, and counts.
type line struct {
	net.Conn
	raw      syscall.RawConn // nil where it cannot be probed
	probing  probe
	sent     int64 // bytes
	received int64
}

// probe says how a line is read.
type probe uint8

const (
	waiting  probe = iota // until there is something
	ready                 // what the socket has now
	buffered              // nothing: only what lies above it
)

// Read implements net.Conn.
func (l *line) Read(b []byte) (n int, err error) {
	switch l.probing {
	case waiting:
		n, err = l.Conn.Read(b)
	case ready:
		n, err = readNow(l.raw, b)
	default:
		return 0, errNothing
	}
	l.received += int64(n)
	return n, err
}

// Write implements net.Conn.
func (l *line) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	l.sent += int64(n)
	return n, err
}

// errNothing is what probing a connection ends with that is as it should be: still
// open, and silent. crypto/tls can go on after a temporary error.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing to read yet" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

// alive tells whether an idle connection can be used: the server has neither
// closed it nor sent anything that nobody asked for.
func (c *http1Conn) alive(now time.Time) bool {
	if c.line.raw == nil {
		return false
	}
	c.line.probing = buffered
	if now.Sub(c.since) > trustedIdle {
		c.line.probing = ready
	}
	before := c.line.received
	n, err := c.Read(c.one[:])
	c.line.probing = waiting
	return n == 0 && err == error(errNothing) && c.line.received == before
}

// abort ends reading and writing, now and later.
func (c *http1Conn) abort() {
	c.aborted.Store(true)
	_ = c.line.SetDeadline(time.Unix(1, 0))
}

// abortWhenDone has the end of ctx abort what is done with the connection, and tells
// whether it can be used. Mostly the context is the one of the last request.
func (c *http1Conn) abortWhenDone(ctx context.Context) bool {
	ended := ctx.Done()
	if ended != c.ended {
		if c.unhook != nil && !c.unhook() {
			return false
		}
		c.ended, c.unhook = ended, nil
		if ended != nil {
			c.unhook = context.AfterFunc(ctx, c.abort)
		}
	}
	return !c.aborted.Load()
}

// until sets the deadline, give or take the slack, counted from now.
func (c *http1Conn) until(now, at time.Time) error {
	if over := c.deadline.Sub(at); over >= 0 && over <= at.Sub(now)/deadlineSlack {
		return nil
	}
	c.deadline = at.Add(at.Sub(now) / deadlineSlack)
	err := c.line.SetDeadline(c.deadline)
	if c.aborted.Load() {
		c.abort() // which may have been undone just now
	}
	return err
}

// close ends the connection at once.
func (c *http1Conn) close() {
	if c.unhook != nil {
		c.unhook()
	}
	_ = c.line.Close()
}

// take returns an idle connection, or a new one.
func (w *http1Client) take(ctx context.Context, now time.Time) (*http1Conn, error) {
	for {
		c := w.pop(now)
		if c == nil {
			c, err := w.connect(ctx)
			if err == nil {
				c.abortWhenDone(ctx)
			}
			return c, err
		}
		if c.abortWhenDone(ctx) && c.alive(now) {
			return c, nil
		}
		c.close()
	}
}

// pop returns the idle connection that was used last, nil if there is none.
func (w *http1Client) pop(now time.Time) *http1Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle) - 1
	if n < 0 {
		return nil
	}
	c := w.idle[n]
	if now.Sub(c.since) > idleLimit { // so all the others are older still
		w.closeAll()
		return nil
	}
	w.idle[n] = nil
	w.idle = w.idle[:n]
	return c
}

// put keeps a connection for the next request.
func (w *http1Client) put(c *http1Conn) {
	c.used, c.since = true, time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.idle) > 0 && c.since.Sub(w.idle[0].since) > idleLimit || len(w.idle) >= w.most && w.most > 0 {
		w.idle[0].close()
		w.idle = append(w.idle[:0], w.idle[1:]...)
	}
	w.idle = append(w.idle, c)
}

// closeAll closes the idle connections. The caller holds the lock.
func (w *http1Client) closeAll() {
	for _, c := range w.idle {
		c.close()
	}
	clear(w.idle)
	w.idle = w.idle[:0]
}

// CloseIdleConnections closes connections that no request uses.
func (w *http1Client) CloseIdleConnections() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closeAll()
}

// connect makes a connection. A handshake takes four times the stack of anything
// else that a worker does, so it has a goroutine of its own: the stacks of
// thousands of workers stay small.
func (w *http1Client) connect(ctx context.Context) (c *http1Conn, err error) {
	select {
	case w.dials <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err = w.handshake(ctx)
	}()
	<-done // dialling heeds ctx
	<-w.dials
	return c, err
}

// handshake makes a connection, up to where requests can be sent.
func (w *http1Client) handshake(ctx context.Context) (*http1Conn, error) {
	tcp, err := w.dial(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: tcp}
	if s, ok := tcp.(syscall.Conn); ok {
		l.raw, _ = s.SyscallConn()
	}
	c := &http1Conn{Conn: l, line: l}
	if w.secure == nil {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	secured := tls.Client(l, w.secure)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = tcp.Close()
		return nil, err
	}
	c.Conn = secured
	return c, nil
}

// send sends the request that m holds and reads the answer into it. An error
// says that there is no answer; what became of the request is not known then.
//
// As with net/http, a request is sent again where that is safe: on a connection
// that was idle before, if not a byte of it left, or, for HEAD, if not a
// byte of an answer came.
func (w *http1Client) send(ctx context.Context, m *message, method string) error {
	ctx, at := without(ctx)
	for {
		now := time.Now()
		until := now.Add(headerTimeout)
		if at.IsZero() || at.After(until.Add(writeLimit)) {
			at = until.Add(writeLimit)
		}
		if at.Before(until) {
			until = at
		}
		c, err := w.take(ctx, now)
		if err != nil {
			return err
		}
		used := c.used
		unanswered, err := true, c.until(now, until)
		if err == nil {
			unanswered, err = c.exchange(m, method, at)
		}
		if err == nil && m.keep && !c.aborted.Load() {
			w.put(c)
			return nil
		}
		c.close()
		if err == nil || !used || !unanswered || ctx.Err() != nil {
			return err
		}
	}
}

// exchange sends m's request and reads the answer, which has to be there at the
// given time. unanswered says of an error that the server cannot have acted on
// the request, or that it does not matter whether it did.
func (c *http1Conn) exchange(m *message, method string, at time.Time) (unanswered bool, err error) {
	before := c.line.sent
	if _, err := c.Write(m.out); err != nil {
		return c.line.sent == before, err
	}
	m.keep, err = m.receive(c, method, at)
	return err != nil && method == http.MethodHead && len(m.in) == 0, err
}

// pool is an HTTP client's transport with the wires that share its settings, and
// what is known about the hosts.
type pool struct {
	*http.Transport

	flight chan struct{} // one for each request in flight; nil: any number
	peers  sync.Map      // host -> *peer
	log    *requestLog   // nil: none

	mu    sync.Mutex
	wires map[string]*http1Client // by scheme and host; nil ones are for net/http
}

// newPool returns a pool on a transport that has so many connections open at
// once at most, 0 for any number: half of them with requests on, and a quarter idle
// below either way to send.
func newPool(t *http.Transport, connections int, log *requestLog) *pool {
	p := &pool{Transport: t, log: log}
	if connections > 0 {
		p.flight = make(chan struct{}, max(1, connections/2))
		t.MaxIdleConns = max(1, connections/4)
		t.MaxIdleConnsPerHost = t.MaxIdleConns
	}
	return p
}

// enter waits until another request may be in flight.
func (p *pool) enter(ctx context.Context) error {
	if p == nil || p.flight == nil {
		return nil
	}
	select {
	case p.flight <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave ends what enter began.
func (p *pool) leave() {
	if p != nil && p.flight != nil {
		<-p.flight
	}
}

// http1ClientFor returns the client to u's host, nil where there can be none.
func (p *pool) http1ClientFor(u *url.URL) *http1Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := strings.ToLower(u.Scheme + "://" + u.Host)
	w, known := p.wires[name]
	if !known {
		if p.wires == nil {
			p.wires = map[string]*http1Client{}
		}
		w = newHTTP1Client(p.Transport, u)
		p.wires[name] = w
	}
	return w
}

// CloseIdleConnections closes connections that no request uses.
func (p *pool) CloseIdleConnections() {
	p.Transport.CloseIdleConnections()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wires {
		if w != nil {
			w.CloseIdleConnections()
		}
	}
}
