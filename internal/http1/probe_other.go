//go:build !unix

package http1

import "syscall"

// canProbe tells whether readNow works here. Where it does not, net/http sends
// the requests: an idle connection that cannot be looked at is not to be trusted.
const canProbe = false

// readNow is not there.
func readNow(syscall.RawConn, []byte) (int, error) { return 0, syscall.EINVAL }
