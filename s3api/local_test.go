package s3api

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// What fails on this machine is no outage: waiting does not mend it.
func TestALocalErrorIsNoOutage(t *testing.T) {
	dir := t.TempDir()
	_, missing := os.Open(filepath.Join(dir, "missing"))
	_, below := os.Open(filepath.Join(os.Args[0], "below"))
	_, refused := net.Dial("unix", filepath.Join(dir, "socket")) // nobody listens
	number := func(op string, n syscall.Errno) error { return &fs.PathError{Op: op, Path: "/mnt/x", Err: n} }
	for _, tt := range []struct {
		err    error
		passes bool
	}{
		{missing, false},
		{fmt.Errorf("--prices: %w", missing), false},
		{below, false},
		{os.Rename(filepath.Join(dir, "missing"), filepath.Join(dir, "x")), false},
		{exec.Command(filepath.Join(dir, "missing")).Run(), false},
		{&exec.Error{Name: "x", Err: syscall.ENOENT}, false},
		{os.NewSyscallError("flock", syscall.EIO), false},
		{number("write", syscall.ENOSPC), false},
		{number("write", syscall.EDQUOT), false},
		{number("read", syscall.EIO), false},
		{number("open", syscall.EMFILE), false},
		{number("read", syscall.ETIMEDOUT), false},
		{&os.LinkError{Op: "link", Err: syscall.EXDEV}, false},
		{refused, true},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true},
		{fmt.Errorf("read: %w", syscall.ECONNRESET), true},
		{&net.DNSError{Name: "s3.example"}, true},
		{errors.Join(&net.DNSError{Name: "s3.example"}, missing), true},
	} {
		if tt.err == nil || Passes(tt.err) != tt.passes {
			t.Errorf("%v (%T): passes %v, want %v", tt.err, tt.err, !tt.passes, tt.passes)
		}
		if got := temporary(tt.err); got != tt.passes {
			t.Errorf("%v, of credentials: temporary %v, want %v", tt.err, got, tt.passes)
		}
	}
}
