package http1

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is one connection. One goroutine at a time has it.
type conn struct {
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
func (c *conn) alive(now time.Time) bool {
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
func (c *conn) abort() {
	c.aborted.Store(true)
	_ = c.line.SetDeadline(time.Unix(1, 0))
}

// abortWhenDone has the end of ctx abort what is done with the connection, and tells
// whether it can be used. Mostly the context is the one of the last request.
func (c *conn) abortWhenDone(ctx context.Context) bool {
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

// until sets the deadline, give or take the slack, counted from now. The zero time is none.
func (c *conn) until(now, at time.Time) error {
	if at.IsZero() {
		return c.setDeadline(at)
	}
	if over := c.deadline.Sub(at); over >= 0 && over <= at.Sub(now)/deadlineSlack {
		return nil
	}
	return c.setDeadline(at.Add(at.Sub(now) / deadlineSlack))
}

// setDeadline sets the deadline where it is another one.
func (c *conn) setDeadline(at time.Time) error {
	if at.Equal(c.deadline) {
		return nil
	}
	c.deadline = at
	err := c.line.SetDeadline(at)
	if c.aborted.Load() {
		c.abort() // which may have been undone just now
	}
	return err
}

// close ends the connection at once.
func (c *conn) close() {
	if c.unhook != nil {
		c.unhook()
	}
	_ = c.line.Close()
}

// exchange sends a request and reads the answer, which must be there at the
// given time. unanswered says of an error that the server cannot have acted on
// the request, or that it does not matter whether it did.
func (c *conn) exchange(r *Request, at time.Time, a *Answer) (unanswered bool, err error) {
	before := c.line.sent
	if _, err := c.Write(r.out); err != nil {
		return c.line.sent == before, err
	}
	a.keep, err = a.receive(c, r.method, at)
	return err != nil && r.method == http.MethodHead && len(a.in) == 0, err
}
