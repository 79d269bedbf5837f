package inventory

import (
	"path"
	"path/filepath"
	"slices"
)

// Keys are the names of the files that reading the report takes, but for the manifest:
// the data files, and what else says which rows there are.
func (r *Report) Keys() []string {
	return append(fileKeys(r.manifest.Files), r.also...)
}

// LocalPaths names the files that reading the report takes, those that are there: the
// manifest, its checksum, and the data files. It is empty where the report is not in a
// local folder.
func (r *Report) LocalPaths() (paths []string) {
	local, ok := r.spool.src.(*Local)
	if !ok {
		return nil
	}
	names := slices.Clone(r.also)
	if r.manifest.Table == nil {
		names = []string{r.name, path.Join(path.Dir(r.name), checksumFile)}
	}
	for i := range r.manifest.Files {
		if name, err := local.Locate(r.name, r.manifest.Files[i].Key); err == nil {
			names = append(names, name)
		}
	}
	for _, name := range names {
		paths = append(paths, filepath.Join(local.dir, filepath.FromSlash(name)))
	}
	return paths
}
