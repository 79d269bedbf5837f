//go:build unix

package control

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByCaller tells whether a file belongs to the user that runs this program.
func ownedByCaller(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}
