package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// served is a controller that answers on the socket of dir until the test ends.
func served(t *testing.T, dir string) *Controller {
	t.Helper()
	listening, err := Listen(FolderSocket(dir))
	if err != nil {
		t.Fatal(err)
	}
	c := newTestController(Config{KMSCap: 500, KMSQuota: 1000})
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { listening.Serve(ctx, c) })
	t.Cleanup(func() {
		cancel()
		server.Wait()
	})
	return c
}

func TestExecute(t *testing.T) {
	dir := t.TempDir()
	c := served(t, dir)
	drained := ""
	c.cfg.Stop = func(err error) { drained = err.Error() }
	for _, tt := range []struct {
		command string
		value   float64
		ok      bool
		says    string // of error or warning
		check   func(*Status) bool
	}{
		{"status", 0, true, "", func(r *Status) bool { return r.KMS.Cap == 500 && r.Concurrency == 64 && len(r.Paused) == 0 }},
		{"pause", 0, true, "", func(r *Status) bool { return r.Binding.Limit == LimitOperator && len(r.Paused) == 1 }},
		{"pause", 0, true, "already", func(r *Status) bool { return len(r.Paused) == 1 }},
		{"resume", 0, true, "", func(r *Status) bool { return len(r.Paused) == 0 && r.Binding.Limit != LimitOperator }},
		{"resume", 0, true, "was not paused", nil},
		{"kms-rps", 250, true, "", func(r *Status) bool { return r.KMS.Cap == 250 }},
		{"kms-rps", 2000, false, "above the quota of 1,000/s", nil},
		{"status", 0, true, "", func(r *Status) bool { return r.KMS.Cap == 250 }},
		{"kms-rps", 0, false, "0.01 or more", nil},
		{"kms-rps", -5, false, "0.01 or more", nil},
		{"kms-rps", 1e-300, false, "0.01 or more", nil},
		{"concurrency", 7, true, "", func(r *Status) bool { return r.Concurrency == 7 && r.Slots <= 7 }},
		{"concurrency", 0, false, "whole number", nil},
		{"concurrency", 1.5, false, "whole number", nil},
		{"concurrency", 1e9, false, "whole number", nil},
		{"", 0, false, "no command", nil},
		{"reboot", 0, false, "no command", nil},
		{"pause", 0, true, "", nil},
		{"drain", 0, true, "", func(r *Status) bool {
			return r.Draining && len(r.Paused) == 0 && r.Binding.Limit == LimitDrain
		}},
		{"pause", 0, true, "ending", func(r *Status) bool { return len(r.Paused) == 0 }},
	} {
		a, err := Ask(t.Context(), FolderSocket(dir), Request{Command: tt.command, Value: tt.value})
		if err != nil {
			t.Fatalf("%s: %v", tt.command, err)
		}
		if a.OK != tt.ok || !strings.Contains(a.Error+a.Warning, tt.says) || tt.says == "" && a.Error+a.Warning != "" {
			t.Errorf("%s %v = %+v; want ok %v, saying %q", tt.command, tt.value, a, tt.ok, tt.says)
		}
		if tt.ok && (a.Status == nil || tt.check != nil && !tt.check(a.Status)) {
			t.Errorf("%s %v: status %+v", tt.command, tt.value, a.Status)
		}
	}
	if drained != "stopped by reseal ctl drain" {
		t.Errorf("drain stops with %q", drained)
	}
	info, err := os.Stat(filepath.Join(dir, folderSocket))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the socket: %v, %v; want 0600", info.Mode(), err)
	}
}

// TestHostileRequests: whatever a client says, others are answered.
func TestHostileRequests(t *testing.T) {
	dir := t.TempDir()
	served(t, dir)
	for _, said := range []string{"", "\n", "{", "null\n", "[]\n", "{\"command\":5}\n", "{\"command\":\"kms-rps\",\"value\":\"1\"}\n",
		strings.Repeat("x", 2*maxRequest) + "\n", "{\"command\":\"kms-rps\",\"value\":1e400}\n", "\x00\xff\n"} {
		conn, err := net.Dial("unix", filepath.Join(dir, folderSocket))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, said) // it may hang up first
		if c, ok := conn.(*net.UnixConn); ok {
			_ = c.CloseWrite()
		}
		answer, _ := io.ReadAll(conn)
		conn.Close()
		for line := range bytes.Lines(answer) {
			var a Answer
			if err := json.Unmarshal(line, &a); err != nil || a.OK {
				t.Errorf("to %.40q it answers %q", said, line)
			}
		}
	}
	if a, err := Ask(t.Context(), FolderSocket(dir), Request{Command: "status"}); err != nil || !a.OK || a.Status.KMS.Cap != 500 {
		t.Errorf("afterwards status = %+v, %v", a, err)
	}
}

// TestListenTakesOver: what a dead process left is taken over, a live one
// is not, and neither is anything that is no socket.
func TestListenTakesOver(t *testing.T) {
	dir := t.TempDir()
	ln, err := net.Listen("unix", filepath.Join(dir, folderSocket))
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	var live *InUseError
	if _, err := Listen(FolderSocket(dir)); !errors.As(err, &live) {
		t.Errorf("beside a live one: %v, want an *InUseError", err)
	}
	ln.Close() // as a crash leaves it
	if _, err := Ask(t.Context(), FolderSocket(dir), Request{Command: "status"}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("ask a dead one: %v, want ErrNotRunning", err)
	}
	served(t, dir)
	if a, err := Ask(t.Context(), FolderSocket(dir), Request{Command: "status"}); err != nil || !a.OK {
		t.Errorf("ask the new one: %+v, %v", a, err)
	}

	dir = t.TempDir()
	name := filepath.Join(dir, folderSocket)
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(FolderSocket(dir)); err == nil {
		t.Error("a file in its place is taken for a socket")
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "mine" {
		t.Errorf("the file is now %q, %v", got, err)
	}
	if _, err := Ask(t.Context(), FolderSocket(t.TempDir()), Request{Command: "status"}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("ask where nothing is: %v, want ErrNotRunning", err)
	}
}

// scarce is a listener that has no file descriptor left for a client.
type scarce struct {
	net.Listener
	accepts int
}

func (s *scarce) Accept() (net.Conn, error) {
	if s.accepts++; s.accepts > 1000 {
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
}

func (s *scarce) Close() error { return nil }

// Without file descriptors the socket waits for some, and does not spin.
func TestServeWithoutFileDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ln := &scarce{}
		(&Server{listener: ln}).Serve(ctx, newTestController(Config{}))
		if ln.accepts > 100 || ln.accepts < 2 {
			t.Errorf("it tried %d times in 10 seconds", ln.accepts)
		}
	})
}
