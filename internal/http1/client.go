package http1

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"
)

const (
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

// Client sends requests to one server. Make it with New. Safe for concurrent use.
type Client struct {
	address string      // host:port
	secure  *tls.Config // nil without TLS
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	most    int           // idle connections kept; 0: any number
	dials   chan struct{} // one for each connection being made

	idleLimit      time.Duration // of lying unused; 0: none
	handshakeLimit time.Duration // of a TLS handshake; 0: none
	answerLimit    time.Duration // from sending to an answer's head; 0: none

	mu   sync.Mutex
	idle []*conn // the one used last at the end
}

// New returns a client to u's scheme and host that connects as t does and keeps t's
// limits: of time, and of idle connections for a host. It returns nil where t has means to
// connect that the client has not (a proxy, or a dialler of its own for TLS), where
// u's host must be escaped, and where the platform cannot look at an idle socket.
func New(t *http.Transport, u *url.URL) *Client {
	if t.DialContext == nil || t.DialTLSContext != nil || !canProbe || !plainHost(u.Host) {
		return nil
	}
	if t.Proxy != nil {
		if proxy, err := t.Proxy(&http.Request{URL: u}); err != nil || proxy != nil {
			return nil
		}
	}
	c := &Client{address: u.Host, dial: t.DialContext, most: t.MaxIdleConnsPerHost, dials: make(chan struct{}, maxDials),
		idleLimit: t.IdleConnTimeout, handshakeLimit: t.TLSHandshakeTimeout, answerLimit: t.ResponseHeaderTimeout}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
		if c.secure = t.TLSClientConfig.Clone(); c.secure == nil {
			c.secure = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if c.secure.ServerName == "" {
			c.secure.ServerName = u.Hostname()
		}
	}
	if u.Port() == "" {
		c.address = net.JoinHostPort(u.Hostname(), port)
	}
	return c
}

// take returns an idle connection, or a new one.
func (w *Client) take(ctx context.Context, now time.Time) (*conn, error) {
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
func (w *Client) pop(now time.Time) *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle) - 1
	if n < 0 {
		return nil
	}
	c := w.idle[n]
	if w.idleLimit > 0 && now.Sub(c.since) > w.idleLimit { // so all the others are older still
		w.closeAll()
		return nil
	}
	w.idle[n] = nil
	w.idle = w.idle[:n]
	return c
}

// put keeps a connection for the next request.
func (w *Client) put(c *conn) {
	c.used, c.since = true, time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	stale := len(w.idle) > 0 && w.idleLimit > 0 && c.since.Sub(w.idle[0].since) > w.idleLimit
	if stale || len(w.idle) >= w.most && w.most > 0 {
		w.idle[0].close()
		w.idle = append(w.idle[:0], w.idle[1:]...)
	}
	w.idle = append(w.idle, c)
}

// closeAll closes the idle connections. The caller holds the lock.
func (w *Client) closeAll() {
	for _, c := range w.idle {
		c.close()
	}
	clear(w.idle)
	w.idle = w.idle[:0]
}

// CloseIdleConnections closes connections that no request uses.
func (w *Client) CloseIdleConnections() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closeAll()
}

// connect makes a connection. A handshake takes four times the stack of anything
// else that a worker does, so it has a goroutine of its own: the stacks of
// thousands of workers stay small.
func (w *Client) connect(ctx context.Context) (c *conn, err error) {
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
func (w *Client) handshake(ctx context.Context) (*conn, error) {
	tcp, err := w.dial(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: tcp}
	if s, ok := tcp.(syscall.Conn); ok {
		l.raw, _ = s.SyscallConn()
	}
	c := &conn{Conn: l, line: l}
	if w.secure == nil {
		return c, nil
	}
	if w.handshakeLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.handshakeLimit)
		defer cancel()
	}
	secured := tls.Client(l, w.secure)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = tcp.Close()
		return nil, err
	}
	c.Conn = secured
	return c, nil
}

// Do sends a request and reads the answer, which must be there at the given time, into a.
// The zero time stands for none but the limits of the client; a deadline of ctx
// itself is one of its reasons to end. An error says that there is no answer; what
// became of the request is not known then, unless it is ErrUnlawful. An answer
// whose body did not come to its end has that in its Err.
//
// As with net/http, a request is sent again where that is safe: on a connection
// that was idle before, if not a byte of it left, or, for HEAD, if not a
// byte of an answer came.
func (w *Client) Do(ctx context.Context, r *Request, at time.Time, a *Answer) error {
	if r.bad {
		return ErrUnlawful
	}
	for {
		now := time.Now()
		until := at
		if head := now.Add(w.answerLimit); w.answerLimit > 0 && (at.IsZero() || head.Before(at)) {
			until = head
		}
		c, err := w.take(ctx, now)
		if err != nil {
			return err
		}
		used := c.used
		unanswered, err := true, c.until(now, until)
		if err == nil {
			unanswered, err = c.exchange(r, at, a)
		}
		if err == nil && a.keep && !c.aborted.Load() {
			w.put(c)
			return nil
		}
		c.close()
		if err == nil || !used || !unanswered || ctx.Err() != nil {
			return err
		}
	}
}
