package s3api

import (
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A connection whose other side is gone ends within a minute, both by what was sent
// and not acknowledged and by probes.
func TestConnectionsGiveUpOnAPeerThatIsGone(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dial := newTransport(8).GetTransport().DialContext
	conn, err := dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(level, name int) (v int) {
		if err := raw.Control(func(fd uintptr) { v, err = unix.GetsockoptInt(int(fd), level, name) }); err != nil {
			t.Fatal(err)
		}
		return v
	}
	unacknowledged := time.Duration(option(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)) * time.Millisecond
	probed := time.Duration(option(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)+option(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)*option(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)) * time.Second
	if unacknowledged != time.Minute || probed > time.Minute || option(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 {
		t.Errorf("gives up after %v without acknowledgement and %v of probes, want a minute at most", unacknowledged, probed)
	}
}
