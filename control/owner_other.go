//go:build !unix

package control

import "io/fs"

// ownedByCaller returns true: where files have no owners, the temporary folder is
// the user's.
func ownedByCaller(fs.FileInfo) bool { return true }

// sameOwner returns true, likewise.
func sameOwner(fs.FileInfo, fs.FileInfo) bool { return true }
