package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"reseal/internal/wait"
)

// Bounds of what a client of the socket can take up.
const (
	maxRequest    = 4 << 10 // bytes
	maxClients    = 16
	clientTimeout = 10 * time.Second // to send a request, and to take the answer
	acceptRetry   = time.Second / 4  // after an accept that failed, for lack of file descriptors, say
)

// Server is the control socket of a run.
type Server struct {
	at       Socket
	listener net.Listener
}

// Listen opens the socket of a run, for its owner alone. It takes over one that a
// dead process left; a live one is an *InUseError. The caller holds the lock of
// the job, or of its share.
func Listen(at Socket) (*Server, error) {
	if err := at.prepare(); err != nil {
		return nil, err
	}
	s := &Server{at: at}
	err := at.reach(func(path string) (err error) {
		if err := at.removeStale(path); err != nil {
			return err
		}
		if s.listener, err = net.Listen("unix", path); err != nil {
			return err
		}
		// The folder is the owner's alone, so nobody else gets in before this.
		if err := os.Chmod(path, 0o600); err != nil {
			s.listener.Close()
			return err
		}
		// The path may be valid only now: Close removes the file.
		s.listener.(*net.UnixListener).SetUnlinkOnClose(false)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return s, nil
}

// removeStale removes the socket that a dead process left.
func (at Socket) removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and no socket", at.name)
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return &InUseError{at.path()}
	}
	return os.Remove(path)
}

// Close ends Serve and removes the socket.
func (s *Server) Close() {
	s.listener.Close()
	_ = os.Remove(s.at.path()) // the next run takes over what is left
}

// Serve has c carry out the requests of clients until ctx ends.
func (s *Server) Serve(ctx context.Context, c *Controller) {
	var clients sync.WaitGroup
	defer clients.Wait()
	free := make(chan struct{}, maxClients)
	defer context.AfterFunc(ctx, func() { s.listener.Close() })()
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := s.listener.Accept()
		if err != nil {
			<-free
			if ctx.Err() != nil || !isTemporary(err) {
				return
			}
			_ = wait.For(ctx, acceptRetry) // the loop asks for the end
			continue
		}
		clients.Go(func() {
			defer func() { <-free }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			serveClient(conn, c)
		})
	}
}

// isTemporary tells whether accepting may work again.
func isTemporary(err error) bool {
	return errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EINTR)
}

// serveClient answers the requests of one client, a line each.
func serveClient(conn net.Conn, c *Controller) {
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 512), maxRequest)
	answers := json.NewEncoder(conn)
	for {
		if conn.SetDeadline(time.Now().Add(clientTimeout)) != nil || !lines.Scan() {
			return
		}
		var r Request
		a := &Answer{}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			a.Error = fmt.Sprintf("not a request: %v", err)
		} else {
			a = c.Execute(r)
		}
		if answers.Encode(a) != nil {
			return
		}
	}
}
