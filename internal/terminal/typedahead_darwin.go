package terminal

import "golang.org/x/sys/unix"

// dropTypedAhead throws away what was typed at a terminal and nobody has read yet.
func dropTypedAhead(fd int) {
	const input = 1 // FREAD of sys/file.h
	_ = unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, input)
}
