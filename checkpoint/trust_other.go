//go:build !unix

package checkpoint

import "io/fs"

// noFollow is nothing: there are no such links that everybody may make.
const noFollow = 0

// ownerOf knows no owner: where files have no numbered ones, folders of a user are his.
func ownerOf(fs.FileInfo) (id int, known bool) { return 0, false }

// links counts no names.
func links(fs.FileInfo) uint64 { return 1 }
