package inventory

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The names of the files that tell of a report.
const (
	manifestFile = "manifest.json"
	checksumFile = "manifest.checksum"
)

// hiveFolder is the folder of one report for Hive: its time in another spelling than the
// folder of the manifest has.
var hiveFolder = regexp.MustCompile(`^dt=(\d{4}-\d{2}-\d{2})-(\d{2}-\d{2})$`)

// manifestOf returns where the manifest of a report lies of which a person named another
// file: the checksum of the manifest, the list for Hive, or a data file. Any other
// location it returns as it is. It looks for reports only where a data file is named.
func manifestOf(ctx context.Context, at Location, bucket func(name string) Source) (Location, error) {
	name := at.Name
	if at.Local() {
		name = filepath.ToSlash(name)
	}
	folder, file := path.Split(name)
	folder = strings.TrimSuffix(folder, "/")
	config := path.Dir(folder)
	switch {
	case file == checksumFile:
		return at.beside(path.Join(folder, manifestFile)), nil
	case file == "symlink.txt" && path.Base(config) == "hive":
		if m := hiveFolder.FindStringSubmatch(path.Base(folder)); m != nil {
			return at.beside(path.Join(path.Dir(config), m[1]+"T"+m[2]+"Z", manifestFile)), nil
		}
	case file != "" && path.Base(folder) == "data":
		return dataManifest(ctx, at, config, file, bucket)
	}
	return at, nil
}

// dataManifest looks for the report that has a data file, the newest one first.
func dataManifest(ctx context.Context, at Location, config, file string, bucket func(name string) Source) (Location, error) {
	src, prefix := Source(nil), ""
	if at.Local() {
		local, err := NewLocal(filepath.FromSlash(config))
		if err != nil {
			return at, nil // what is wrong with the place, its reader says
		}
		src = local
	} else {
		src, prefix = bucket(at.Bucket), config+"/"
	}
	reports, err := Reports(ctx, src, prefix)
	if err != nil {
		return at, ctx.Err() // no reports can be looked for there: the file is what it is
	}
	has := func(f File) bool { return f.Key == path.Join(config, "data", file) }
	if at.Local() { // a copy of a part of the bucket
		has = func(f File) bool { return path.Base(f.Key) == file && path.Base(path.Dir(f.Key)) == "data" }
	}
	for _, r := range reports {
		if r.Manifest != nil && slices.ContainsFunc(r.Manifest.Files, has) {
			if at.Local() {
				return at.beside(path.Join(config, r.Name)), nil
			}
			return at.beside(r.Name), nil
		}
	}
	return at, nil
}

// beside is another name in the place that l is in.
func (l Location) beside(name string) Location {
	if l.Local() {
		name = filepath.FromSlash(name)
	}
	return Location{l.Bucket, name}
}
