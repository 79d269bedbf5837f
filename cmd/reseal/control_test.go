package main

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

	"reseal/engine"
	"reseal/ratelimit"
)

// served is a steering that answers on the socket of dir until the test ends.
func served(t *testing.T, dir string) *steering {
	t.Helper()
	ln, err := listenControl(placeOf(dir, share{}))
	if err != nil {
		t.Fatal(err)
	}
	s := helmFor(caps{kms: 500, quota: 1000})
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { s.serveControl(ctx, ln) })
	t.Cleanup(func() {
		cancel()
		server.Wait()
	})
	return s
}

func TestControl(t *testing.T) {
	dir := t.TempDir()
	s := served(t, dir)
	drained := ""
	s.stop = func(err error) { drained = err.Error() }
	for _, tt := range []struct {
		command string
		value   float64
		ok      bool
		says    string // of error or warning
		check   func(*runStatus) bool
	}{
		{"status", 0, true, "", func(r *runStatus) bool { return r.KMS.Cap == 500 && r.Concurrency == 64 && len(r.Paused) == 0 }},
		{"pause", 0, true, "", func(r *runStatus) bool { return r.Binding.Limit == boundByOperator && len(r.Paused) == 1 }},
		{"pause", 0, true, "already", func(r *runStatus) bool { return len(r.Paused) == 1 }},
		{"resume", 0, true, "", func(r *runStatus) bool { return len(r.Paused) == 0 && r.Binding.Limit != boundByOperator }},
		{"resume", 0, true, "was not paused", nil},
		{"kms-rps", 250, true, "", func(r *runStatus) bool { return r.KMS.Cap == 250 }},
		{"kms-rps", 2000, true, "above the quota of 1,000/s", func(r *runStatus) bool { return r.KMS.Cap == 2000 }},
		{"kms-rps", 0, false, "0.01 or more", nil},
		{"kms-rps", -5, false, "0.01 or more", nil},
		{"kms-rps", 1e-300, false, "0.01 or more", nil},
		{"concurrency", 7, true, "", func(r *runStatus) bool { return r.Concurrency == 7 && r.Slots <= 7 }},
		{"concurrency", 0, false, "whole number", nil},
		{"concurrency", 1.5, false, "whole number", nil},
		{"concurrency", 1e9, false, "whole number", nil},
		{"", 0, false, "no command", nil},
		{"reboot", 0, false, "no command", nil},
		{"pause", 0, true, "", nil},
		{"drain", 0, true, "", func(r *runStatus) bool { return r.Draining && len(r.Paused) == 0 && r.Binding.Limit == boundByDrain }},
		{"pause", 0, true, "ending", func(r *runStatus) bool { return len(r.Paused) == 0 }},
	} {
		a, err := askControl(t.Context(), placeOf(dir, share{}), controlRequest{tt.command, tt.value})
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
	info, err := os.Stat(filepath.Join(dir, controlSocket))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the socket: %v, %v; want 0600", info.Mode(), err)
	}
}

// TestControlHostile: whatever a client says, others are answered.
func TestControlHostile(t *testing.T) {
	dir := t.TempDir()
	served(t, dir)
	for _, said := range []string{"", "\n", "{", "null\n", "[]\n", "{\"command\":5}\n", "{\"command\":\"kms-rps\",\"value\":\"1\"}\n",
		strings.Repeat("x", 2*controlLine) + "\n", "{\"command\":\"kms-rps\",\"value\":1e400}\n", "\x00\xff\n"} {
		conn, err := net.Dial("unix", filepath.Join(dir, controlSocket))
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
			var a controlAnswer
			if err := json.Unmarshal(line, &a); err != nil || a.OK {
				t.Errorf("to %.40q it answers %q", said, line)
			}
		}
	}
	if a, err := askControl(t.Context(), placeOf(dir, share{}), controlRequest{Command: "status"}); err != nil || !a.OK || a.Status.KMS.Cap != 500 {
		t.Errorf("afterwards status = %+v, %v", a, err)
	}
}

// TestControlSocketTakenOver: what a dead process left is taken over, a live one
// is not, and neither is anything that is no socket.
func TestControlSocketTakenOver(t *testing.T) {
	dir := t.TempDir()
	ln, err := net.Listen("unix", filepath.Join(dir, controlSocket))
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	var live *liveSocketError
	if _, err := listenControl(placeOf(dir, share{})); !errors.As(err, &live) || exitCode(err) != exitMismatch {
		t.Errorf("beside a live one: %v, exit code %d; want a *liveSocketError, %d", err, exitCode(err), exitMismatch)
	}
	ln.Close() // as a crash leaves it
	if _, err := askControl(t.Context(), placeOf(dir, share{}), controlRequest{Command: "status"}); !errors.Is(err, errNotRunning) {
		t.Errorf("ask a dead one: %v, want errNotRunning", err)
	}
	served(t, dir)
	if a, err := askControl(t.Context(), placeOf(dir, share{}), controlRequest{Command: "status"}); err != nil || !a.OK {
		t.Errorf("ask the new one: %+v, %v", a, err)
	}

	dir = t.TempDir()
	name := filepath.Join(dir, controlSocket)
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenControl(placeOf(dir, share{})); err == nil {
		t.Error("a file in its place is taken for a socket")
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "mine" {
		t.Errorf("the file is now %q, %v", got, err)
	}
	if _, err := askControl(t.Context(), placeOf(t.TempDir(), share{}), controlRequest{Command: "status"}); !errors.Is(err, errNotRunning) {
		t.Errorf("ask where nothing is: %v, want errNotRunning", err)
	}
}

// TestControlSocketOfBucketJob: runs of jobs in a bucket have their sockets on
// this machine, one for each job and share, in a folder that is the user's alone.
func TestControlSocketOfBucketJob(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	const job = "s3://reports/jobs/one"
	places := []socketPlace{placeOf(job, share{}), placeOf(job, share{0, 2}), placeOf(job, share{1, 2}), placeOf("s3://reports/jobs/two", share{})}
	if placeOf(job+"/", share{}).path() != places[0].path() {
		t.Error("a slash at the end makes it another job")
	}
	if _, err := askControl(t.Context(), places[0], controlRequest{Command: "status"}); !errors.Is(err, errNotRunning) {
		t.Errorf("ask before there is a folder: %v, want errNotRunning", err)
	}
	var open []net.Listener
	for _, at := range places {
		if err := at.prepare(); err != nil {
			t.Fatal(err)
		}
		ln, err := listenControl(at)
		if err != nil {
			t.Fatalf("%s beside the others: %v", at.path(), err)
		}
		open = append(open, ln)
	}
	if got := sharesHere(job); len(got) != 2 || got[0] != "0/2" || got[1] != "1/2" {
		t.Errorf("shares here: %q, want 0/2 and 1/2", got)
	}
	var live *liveSocketError
	if _, err := listenControl(places[1]); !errors.As(err, &live) {
		t.Errorf("beside a live one: %v, want a *liveSocketError", err)
	}
	for _, ln := range open {
		ln.Close() // as a crash leaves it
	}
	ln, err := listenControl(places[1])
	if err != nil {
		t.Errorf("the socket of a crash: %v, want it taken over", err)
	} else {
		ln.Close()
	}
	info, err := os.Stat(places[0].dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder: %v, %v; want 0700", info.Mode(), err)
	}

	// Somebody else's, as far as this user can make one.
	if err := os.Chmod(places[0].dir, 0o755); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(temp, "elsewhere")
	for _, tt := range []struct {
		name   string
		change func() error
	}{
		{"open to others", func() error { return nil }},
		{"a symbolic link", func() error {
			return errors.Join(os.Rename(places[0].dir, elsewhere), os.Chmod(elsewhere, 0o700), os.Symlink(elsewhere, places[0].dir))
		}},
	} {
		if err := tt.change(); err != nil {
			t.Fatal(err)
		}
		if err := places[0].prepare(); err == nil {
			t.Errorf("a folder that is %s is used", tt.name)
		}
		if _, err := askControl(t.Context(), places[0], controlRequest{Command: "status"}); err == nil || errors.Is(err, errNotRunning) {
			t.Errorf("ask through a folder that is %s: %v, want a refusal", tt.name, err)
		}
	}
}

// TestControlSocketLongPath: a path that is too long for the kernel is no hindrance.
func TestControlSocketLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 60))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	served(t, dir)
	if a, err := askControl(t.Context(), placeOf(dir, share{}), controlRequest{Command: "status"}); err != nil || !a.OK {
		t.Errorf("ask: %+v, %v", a, err)
	}
}

// TestWatch plays two days: the window opens and closes, a flag file comes and
// goes, an operator pauses, and the end of admission lets everything go.
func TestWatch(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "stop")
	synctest.Test(t, func(t *testing.T) {
		s := helmFor(caps{kms: 500})
		var err error
		if s.window, err = parseWindow("22:00-06:00@UTC"); err != nil {
			t.Fatal(err)
		}
		s.flagFile = flag
		admit, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.watch(admit) }()
		start := time.Now().UTC() // midnight
		want := func(hours float64, limit string, paused int) {
			t.Helper()
			time.Sleep(time.Until(start.Add(time.Duration(hours*3600+2) * time.Second)))
			synctest.Wait()
			if st := s.status(); st.Binding.Limit != limit || len(st.Paused) != paused {
				t.Errorf("hour %v: bound by %q, paused %q; want %q and %d reasons", hours, st.Binding.Limit, st.Paused, limit, paused)
			}
		}
		want(0, boundByReader, 0)
		want(6, boundByWindow, 1)
		want(21.9, boundByWindow, 1)
		want(22, boundByReader, 0)
		if err := os.WriteFile(flag, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		want(23, boundByFlagFile, 1)
		want(30, boundByFlagFile, 2)
		if err := os.Remove(flag); err != nil {
			t.Fatal(err)
		}
		want(31, boundByWindow, 1)
		s.obey(controlRequest{Command: "pause"})
		want(40, boundByOperator, 2)
		want(46, boundByOperator, 1)
		cancel()
		<-done
		if g := s.governor.Status(); g.Bottleneck.Cause == ratelimit.CausePaused {
			t.Errorf("after the end of admission the governor is %v", g.Bottleneck)
		}
		if a := s.obey(controlRequest{Command: "pause"}); a.Warning == "" || s.governor.Status().Bottleneck.Cause == ratelimit.CausePaused {
			t.Errorf("pause while ending = %+v", a)
		}
	})
}

// TestWindowExit: with --window-exit the end of the window ends the run.
func TestWindowExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := helmFor(caps{kms: 500})
		s.window, _ = parseWindow("22:00-06:00@UTC")
		s.windowExit = true
		admit, stop := context.WithCancelCause(t.Context())
		s.stop = stop
		s.watch(admit) // from midnight
		var stopped *engine.StopError
		if err := context.Cause(admit); !errors.As(err, &stopped) || exitCode(err) != exitStopped || !strings.Contains(err.Error(), "opens at 22:00 UTC") {
			t.Errorf("stopped by %v", err)
		}
		if h := time.Now().UTC().Hour(); h != 6 {
			t.Errorf("stopped at %d o'clock, want 6", h)
		}
	})
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
func TestControlWithoutFileDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ln := &scarce{}
		helmFor(caps{}).serveControl(ctx, ln)
		if ln.accepts > 100 || ln.accepts < 2 {
			t.Errorf("it tried %d times in 10 seconds", ln.accepts)
		}
	})
}
