package job

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reseal/checkpoint"
)

// ownNames are the files and folders in the folder of a job that reseal writes.
var ownNames = append([]string{PlanFile, optionsFile, runsFile, runsFolder, HistoryFile, HistoryFolder, spendingFolder, spendingFolder + ".json",
	"verified.json", "ctl.sock", LogFile, GenerationsFolder, GenerationsFolder + ".json", "listings"}, checkpoint.OwnNames()...)

// OwnFile tells whether path is, or would be, a file that reseal itself keeps in the
// folder of a job: by its name there, once links are followed, or as another name of
// such a file in the folder at dir, "" for none. name is the file's name in its folder.
func OwnFile(path, dir string) (name string, own bool) {
	real := realPath(path)
	for folder, below := filepath.Dir(real), filepath.Base(real); ; folder, below = filepath.Dir(folder), filepath.Join(filepath.Base(folder), below) {
		first, _, _ := strings.Cut(below, string(filepath.Separator))
		if _, err := os.Lstat(filepath.Join(folder, PlanFile)); err == nil && ownName(first) {
			return below, true
		}
		if folder == filepath.Dir(folder) || strings.Count(below, string(filepath.Separator)) > 1 {
			break
		}
	}
	if dir == "" || InBucket(dir) {
		return "", false
	}
	at, err := os.Stat(real)
	if err != nil {
		return "", false
	}
	for _, n := range ownNames {
		if one, err := os.Stat(filepath.Join(dir, n)); err == nil && os.SameFile(one, at) {
			return n, true
		}
	}
	return "", false
}

// ownName tells whether a name is one of reseal's own. Some file systems do not tell
// capitals apart.
func ownName(name string) bool {
	return slices.ContainsFunc(ownNames, func(n string) bool { return strings.EqualFold(n, name) })
}

// realPath is an absolute path without symbolic links, also of a file that is not there
// yet. A link that leads nowhere is followed once.
func realPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	if to, err := os.Readlink(abs); err == nil {
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(abs), to)
		}
		abs = to
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(folder, filepath.Base(abs))
	}
	return abs
}
