//go:build unix

package http1

import (
	"errors"
	"io"
	"syscall"
)

// canProbe tells whether readNow works here.
const canProbe = true

// readNow reads what a socket has, without waiting: errNothing if that is nothing.
func readNow(raw syscall.RawConn, b []byte) (n int, err error) {
	asked := raw.Read(func(fd uintptr) bool {
		n, err = syscall.Read(int(fd), b)
		return true // whatever came: do not wait
	})
	switch {
	case asked != nil:
		return 0, asked
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return 0, errNothing
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
