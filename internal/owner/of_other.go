//go:build !unix

package owner

import "io/fs"

// Of knows no owner: where files have no numbered ones, folders of a user are his.
func Of(fs.FileInfo) (id int, known bool) { return 0, false }
