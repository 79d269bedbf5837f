// Package profile serves the profiles of this process to a developer, as package
// net/http/pprof writes them.
package profile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"sync"
	"time"
)

// OutsideError is an address that other machines reach, where that is not said to be
// meant.
type OutsideError struct{ Address string }

// Error implements error.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("other machines can reach %s: profiles show what the process does and what is in its memory, and have no password", e.Address)
}

// Server serves the profiles.
type Server struct {
	listener net.Listener
	outside  bool
}

// Listen takes the address HOST:PORT. One that other machines reach is an *OutsideError,
// unless it is meant.
func Listen(address string, outside bool) (*Server, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve profiles: %w", err)
	}
	if !at.IP.IsLoopback() && !outside {
		return nil, &OutsideError{address}
	}
	l, err := net.ListenTCP("tcp", at) // what was checked, also where the name leads elsewhere by now
	if err != nil {
		return nil, fmt.Errorf("serve profiles: %w", err)
	}
	return &Server{l, outside}, nil
}

// Addr is the address that Listen took.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Begin answers in the background, until end is called. failed is told why it no longer
// could.
func (s *Server) Begin(ctx context.Context, failed func(error)) (end func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(ctx); err != nil {
			failed(err)
		}
	})
	return func() {
		stop()
		served.Wait()
	}
}

// Serve answers until ctx ends. The error says why it no longer could.
func (s *Server) Serve(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index) // the command line is not served: it may hold a secret
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: s.guard(mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve profiles: %w", err)
	}
	return nil
}

// guard refuses requests that name another host: a page in a browser has its own name
// lead to this address (DNS rebinding).
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" && !s.outside {
			http.Error(w, "another host is meant", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
