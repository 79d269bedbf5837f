package terminal

import "golang.org/x/sys/unix"

// dropTypedAhead throws away what was typed at a terminal and nobody has read yet.
func dropTypedAhead(fd int) { _ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
