package s3api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"reseal/internal/http1"
)

// pool is an HTTP client's transport with the HTTP/1.1 clients that share its settings, and
// what is known about the hosts.
type pool struct {
	*http.Transport

	flight chan struct{} // one for each request in flight; nil: any number
	peers  sync.Map      // host -> *peer
	log    *requestLog   // nil: none

	mu      sync.Mutex
	clients map[string]*http1.Client // by scheme and host; nil where net/http sends
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

// clientFor returns the client to u's host, nil where there can be none.
func (p *pool) clientFor(u *url.URL) *http1.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := strings.ToLower(u.Scheme + "://" + u.Host)
	c, known := p.clients[name]
	if !known {
		if p.clients == nil {
			p.clients = map[string]*http1.Client{}
		}
		c = http1.New(p.Transport, u)
		p.clients[name] = c
	}
	return c
}

// CloseIdleConnections closes connections that no request uses.
func (p *pool) CloseIdleConnections() {
	p.Transport.CloseIdleConnections()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		if c != nil {
			c.CloseIdleConnections()
		}
	}
}
