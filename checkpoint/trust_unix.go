//go:build unix

package checkpoint

import (
	"io/fs"
	"syscall"
)

// noFollow has a file opened only where its name is no symbolic link.
const noFollow = syscall.O_NOFOLLOW

// ownerOf is the user that a file belongs to.
func ownerOf(info fs.FileInfo) (id int, known bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(s.Uid), true
}

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) // of another type on other systems
	}
	return 1
}
