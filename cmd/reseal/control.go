package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"reseal/report"
)

// controlRequest is one line to a run; controlAnswer is the line that comes
// back. docs/control.md describes both.
type controlRequest struct {
	Command string  `json:"command"`
	Value   float64 `json:"value,omitempty"`
}

type controlAnswer struct {
	OK      bool       `json:"ok"`
	Error   string     `json:"error,omitempty"`
	Warning string     `json:"warning,omitempty"`
	Status  *runStatus `json:"status,omitempty"`
}

// Bounds of what a client of the socket can take up.
const (
	controlLine     = 4 << 10 // bytes of a request
	controlClients  = 16
	controlPatience = 10 * time.Second // for a client to say something, and to take the answer
	controlPause    = time.Second / 4  // after an accept that failed, for lack of file descriptors, say: the client waits in the queue
)

// liveSocketError says that somebody listens on the socket already.
type liveSocketError struct{ path string }

func (e *liveSocketError) Error() string {
	return "another process answers on " + e.path + " though nobody holds the job's lock"
}

// listenControl opens the socket of a run, for its owner alone. One that a dead
// process left is taken over; a live one is a *liveSocketError. The caller holds
// the lock of the job, or of its share.
func listenControl(at socketPlace) (net.Listener, error) {
	var ln net.Listener
	err := at.reach(func(path string) error {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode().Type() != fs.ModeSocket:
			return fmt.Errorf("%s is there and no socket", at.name)
		default:
			if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
				conn.Close()
				return &liveSocketError{at.path()}
			}
			if err := os.Remove(path); err != nil {
				return err
			}
		}
		if ln, err = net.Listen("unix", path); err != nil {
			return err
		}
		// The folder is the owner's alone, so nobody else gets in before this.
		if err := os.Chmod(path, 0o600); err != nil {
			ln.Close()
			return err
		}
		// The path may be of a moment; the end of the run removes the file.
		ln.(*net.UnixListener).SetUnlinkOnClose(false)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return ln, nil
}

// serveControl answers on ln until ctx ends.
func (s *steering) serveControl(ctx context.Context, ln net.Listener) {
	var clients sync.WaitGroup
	defer clients.Wait()
	free := make(chan struct{}, controlClients)
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := ln.Accept()
		if err != nil {
			<-free
			if ctx.Err() != nil || !isTemporary(err) {
				return
			}
			timer := time.NewTimer(controlPause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
			continue
		}
		clients.Go(func() {
			defer func() { <-free }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			s.converse(conn)
		})
	}
}

// isTemporary tells whether accepting may work again.
func isTemporary(err error) bool {
	return errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.EINTR)
}

// converse answers the requests of one client, a line each.
func (s *steering) converse(conn net.Conn) {
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 512), controlLine)
	answers := json.NewEncoder(conn)
	for {
		if conn.SetDeadline(time.Now().Add(controlPatience)) != nil || !lines.Scan() {
			return
		}
		var r controlRequest
		a := &controlAnswer{}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			a.Error = fmt.Sprintf("not a request: %v", err)
		} else {
			a = s.obey(r)
		}
		if answers.Encode(a) != nil {
			return
		}
	}
}

// leastKMS is the lowest rate that an operator can set, a request in a hundred
// seconds: what is less is a pause that nothing calls one.
const leastKMS = 0.01

// obey carries out one request.
func (s *steering) obey(r controlRequest) *controlAnswer {
	a := &controlAnswer{OK: true}
	switch r.Command {
	case "status":
	case "pause":
		if !s.pauseIf(true, operator, "until reseal ctl resume") {
			a.Warning = "it is paused by the operator already, or ending"
		}
	case "resume":
		if !s.pauseIf(false, operator, "") {
			a.Warning = "it was not paused by the operator"
		}
	case "kms-rps":
		if !(r.Value >= leastKMS) || math.IsInf(r.Value, 0) {
			return &controlAnswer{Error: fmt.Sprintf("kms-rps wants a rate of %v or more; to send nothing there is pause", leastKMS)}
		}
		s.setKMS(r.Value)
		a.Warning = aboveQuota(r.Value, s.quota, "the quota of")
	case "concurrency":
		if r.Value != math.Trunc(r.Value) || r.Value < 1 || r.Value > maxConcurrency {
			return &controlAnswer{Error: "concurrency wants a whole number of 1 to " + report.Count(maxConcurrency)}
		}
		s.concurrency.Store(int64(r.Value))
	case "drain":
		s.drain()
	default:
		return &controlAnswer{Error: fmt.Sprintf("no command %q; there are status, pause, resume, kms-rps, concurrency and drain", r.Command)}
	}
	if r.Command != "status" {
		s.log.Info("control", "command", r.Command, "value", r.Value)
	}
	st := s.status()
	a.Status = &st
	return a
}

// aboveQuota is the warning about a cap that the quota does not hold, "" where
// it does or the quota is not known.
func aboveQuota(rps, quota float64, whose string) string {
	if quota <= 0 || rps <= quota {
		return ""
	}
	return fmt.Sprintf("the KMS cap of %s is above %s %s: KMS will throttle this run and everybody else in the account", report.Rate(rps), whose, report.Rate(quota))
}

// errNotRunning says that nobody answers on a job's socket.
var errNotRunning = errors.New("no run of it is going on")

// askControl sends one request to the run that has its socket there.
func askControl(ctx context.Context, at socketPlace, r controlRequest) (*controlAnswer, error) {
	var conn net.Conn
	err := at.reach(func(path string) error {
		d := net.Dialer{Timeout: controlPatience}
		var err error
		conn, err = d.DialContext(ctx, "unix", path)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return nil, fmt.Errorf("%s: %w", at.whose, errNotRunning)
	case err != nil:
		return nil, fmt.Errorf("reach the run of %s: %w", at.whose, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a := new(controlAnswer)
	if err = conn.SetDeadline(time.Now().Add(controlPatience)); err == nil {
		if err = json.NewEncoder(conn).Encode(r); err == nil {
			err = json.NewDecoder(io.LimitReader(conn, 1<<20)).Decode(a)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ask the run of %s: %w", at.whose, err)
	}
	return a, nil
}

func pid() int { return os.Getpid() }

// liveTimeout is how long a look at a job waits for the run of it.
const liveTimeout = 2 * time.Second

// liveStatus is how the run that has its socket there is doing, nil where none
// answers.
func liveStatus(ctx context.Context, at socketPlace) *runStatus {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	a, err := askControl(ctx, at, controlRequest{Command: "status"})
	if err != nil {
		return nil
	}
	return a.Status
}
