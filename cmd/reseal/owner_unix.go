//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// ofCaller tells whether a file belongs to the user that runs this program.
func ofCaller(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}
