//go:build unix

package checkpoint

import (
	"io/fs"
	"syscall"
)

// noFollow has a file opened only where its name is no symbolic link.
const noFollow = syscall.O_NOFOLLOW

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) // of another type on other systems
	}
	return 1
}
