//go:build unix

package owner

import (
	"io/fs"
	"syscall"
)

// Of is the user that a file belongs to.
func Of(info fs.FileInfo) (id int, known bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(s.Uid), true
}
