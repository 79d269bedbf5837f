package s3api

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUpOnPeer has the kernel end a connection whose other side acknowledges nothing
// for peerLimit. By default it sends again for some 15 minutes (tcp(7),
// TCP_USER_TIMEOUT and tcp_retries2, read 2026-11-29).
func giveUpOnPeer(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(peerLimit.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
