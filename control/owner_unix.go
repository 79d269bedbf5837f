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

// sameOwner tells whether two files belong to one user.
func sameOwner(one, other fs.FileInfo) bool {
	a, okA := one.Sys().(*syscall.Stat_t)
	b, okB := other.Sys().(*syscall.Stat_t)
	return okA && okB && a.Uid == b.Uid
}
