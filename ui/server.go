package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of what browsers can take up.
const (
	maxPages       = 8  // that are updated at a time
	maxConnections = 64 // a browser opens some that it does not use
	maxHeader      = 16 << 10
	writeTimeout   = 10 * time.Second // for one message; a page that does not take it is left
	beatEvery      = 15 * time.Second // without news, so that a dead connection is found
	farewell       = 2 * time.Second  // for the last message to get out
	lastChunk      = time.Second      // for the streams to be closed, once it is out
)

// Config says where a page is served, and of what.
type Config struct {
	Address string // HOST:PORT; port 0 takes a free one
	Outside bool   // an address that other machines reach is meant
	Source  Source
	Pace    Pace
}

// OutsideError says that an address is not on this machine alone.
type OutsideError struct{ Address string }

// Error implements error.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("other machines can reach %s: the page shows keys, errors and costs, and is sent without encryption", e.Address)
}

// Server serves the page of a job.
type Server struct {
	hub      *hub
	guard    *guard
	page     *page
	listener net.Listener
	host     string
	free     chan struct{} // for pages
}

// Listen takes the address. One that other machines reach is an *OutsideError, unless it
// is meant.
func Listen(c Config) (*Server, error) {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, fmt.Errorf("serve the page: %w", err)
	}
	if !OnThisMachine(c.Address) && !c.Outside {
		return nil, &OutsideError{c.Address}
	}
	l, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("serve the page: %w", err)
	}
	s := &Server{hub: newHub(c.Source, c.Pace), page: newPage(), listener: netutil.LimitListener(l, maxConnections), free: make(chan struct{}, maxPages)}
	name := host
	if ip, err := netip.ParseAddr(host); err == nil || host == "" {
		if name = ""; host == "" || ip.IsUnspecified() {
			name, _ = os.Hostname() // one that others may know this machine by
		}
	}
	s.host = cmp.Or(name, host)
	s.guard = &guard{token: newToken(), name: name, outside: c.Outside, next: s.routes()}
	return s, nil
}

// OnThisMachine tells whether no other machine reaches an address, HOST:PORT. Of a name
// other than localhost nobody knows.
func OnThisMachine(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// URL is the address of the page. Its token is a secret: who has it can look.
func (s *Server) URL() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "http://" + net.JoinHostPort(s.host, port) + "/" + s.guard.token + "/"
}

// Close gives the address back, where Serve was never called.
func (s *Server) Close() { s.listener.Close() }

// Begin serves the page in the background, until ctx ends or end is called. end returns
// once who looks has the job as it is then.
func (s *Server) Begin(ctx context.Context, log *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	var served sync.WaitGroup
	served.Go(func() { s.Serve(ctx, log) })
	return func() {
		stop()
		served.Wait()
	}
}

// Serve serves the page until ctx ends. Then each page gets the job as it is at the end,
// for some seconds at most.
func (s *Server) Serve(ctx context.Context, log *slog.Logger) {
	after := context.WithoutCancel(ctx)
	streams, endStreams := context.WithCancel(after)
	defer endStreams()
	server := &http.Server{
		Handler: s.guard, ReadHeaderTimeout: writeTimeout, ReadTimeout: writeTimeout, WriteTimeout: writeTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return streams }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	var served sync.WaitGroup
	defer served.Wait()
	served.Go(func() {
		if err := server.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Warn("page not served", "error", err)
		}
	})
	s.hub.run(ctx)
	s.hub.finish(after)
	s.waitForPages()
	endStreams()
	// A stream ends with a last chunk, which is written after its handler returned.
	last, cancel := context.WithTimeout(after, lastChunk)
	defer cancel()
	if server.Shutdown(last) != nil {
		server.Close()
	}
}

// waitForPages waits until no page is updated any more, for as long as a message may
// take to get out. No other begins.
func (s *Server) waitForPages() {
	patience := time.NewTimer(farewell)
	defer patience.Stop()
	for range maxPages {
		select {
		case s.free <- struct{}{}:
		case <-patience.C:
			return
		}
	}
}

// routes are what is there to be seen.
func (s *Server) routes() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			s.page.ServeHTTP(w, r)
		case "/events":
			s.stream(w, r)
		default:
			http.Error(w, "There is nothing here.", http.StatusNotFound)
		}
	})
}

// stream sends the job as it changes, until the browser or the server ends.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	select {
	case s.free <- struct{}{}:
		defer func() { <-s.free }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, fmt.Sprintf("%d pages are open already.", maxPages), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	s.hub.join()
	defer s.hub.leave()
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{}) // that of the request would end the stream
	send := func(format string, args ...any) bool {
		err := out.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
		return err == nil && out.Flush() == nil
	}
	if !send(": hello\nretry: 3000\n\n") {
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for seen := 0; ; {
		data, number, over, changed := s.hub.latest()
		if number != seen {
			if seen = number; !send("data: %s\n\n", data) || over {
				return
			}
		}
		select {
		case <-changed:
		case <-beat.C:
			if !send(": still here\n\n") {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
