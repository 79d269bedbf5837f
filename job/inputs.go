package job

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reseal/inventory"
)

// Inputs are what a command reads: files that options name, and its reports.
type Inputs struct {
	Files     []NamedFile
	Manifests []string
	Kept      []string // folders of --keep-inventory
}

// NamedFile is a file that an option names.
type NamedFile struct{ Option, Name string }

// Spare refuses to write to the file that option names where that would destroy what the
// command or its job reads, or what reseal keeps in the folder of a job. dir is the job of
// the command, "" for none. Its own log may be named as the log.
func (in *Inputs) Spare(ctx context.Context, option, name, dir string) error {
	if own, is := OwnFile(name, dir); is && !(option == "log-file" && own == LogFile) {
		return fmt.Errorf("--%s %s: that is %s of a job, which reseal itself keeps there; name another file", option, name, own)
	}
	at, err := os.Stat(name)
	if err != nil || !at.Mode().IsRegular() {
		return nil // nothing there that could be destroyed
	}
	for _, input := range in.Files {
		if input.Option != option && same(at, input.Name) {
			return fmt.Errorf("--%s %s: that is the file that --%s names, which the command reads; name another file", option, name, input.Option)
		}
	}
	all := in.withJob(ctx, dir)
	for _, manifest := range all.Manifests {
		for _, file := range reportFiles(ctx, manifest) {
			if same(at, file) {
				return fmt.Errorf("--%s %s: that is a file of the report %s, which is read; name another file", option, name, manifest)
			}
		}
	}
	for _, folder := range all.Kept {
		if keeps(folder, at) {
			return fmt.Errorf("--%s %s: that is a file of the report, kept in %s (--keep-inventory); name another file", option, name, folder)
		}
	}
	return nil
}

// withJob are the inputs, and those of the job in the folder dir. A job that cannot be
// read has none: the command itself says so.
func (in *Inputs) withJob(ctx context.Context, dir string) Inputs {
	all := *in
	if dir == "" || InBucket(dir) {
		return all
	}
	store, made, err := Opener{}.Load(ctx, dir)
	if err != nil {
		return all
	}
	all.Manifests = append(all.Manifests[:len(all.Manifests):len(all.Manifests)], made.Manifest)
	if told, err := CurrentOptions(ctx, store, made); err == nil && told.Value("keep-inventory") != "" {
		all.Kept = append(all.Kept[:len(all.Kept):len(all.Kept)], told.Value("keep-inventory"))
	}
	return all
}

// same tells whether another name leads to the file.
func same(at os.FileInfo, name string) bool {
	one, err := os.Stat(name)
	return err == nil && os.SameFile(one, at)
}

// reportFiles are the files of a report in a local folder; none where it is elsewhere, or
// cannot be opened, which the command itself says.
func reportFiles(ctx context.Context, manifest string) []string {
	at, err := inventory.ParseLocation(manifest)
	if err != nil || !at.Local() {
		return nil
	}
	found, err := inventory.Locate(ctx, at, nil, inventory.Options{AllowNoChecksum: true, AllowBadChecksum: true})
	if err != nil {
		return resultFiles(ctx, at.Name)
	}
	return found.Report.LocalPaths()
}

// resultFiles are all files below a local folder in which no report lies: it may hold the
// result of a query.
func resultFiles(ctx context.Context, folder string) (paths []string) {
	local, err := inventory.NewLocal(folder)
	if err != nil {
		return nil
	}
	files, err := local.List(ctx, "")
	if err != nil {
		return nil
	}
	for _, f := range files {
		paths = append(paths, filepath.Join(local.Dir(), filepath.FromSlash(f.Name)))
	}
	return paths
}

// keeps tells whether the file is one that --keep-inventory keeps in the folder.
func keeps(folder string, at os.FileInfo) (found bool) {
	_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be seen holds nothing that is known to be kept
		}
		if below, err := filepath.Rel(folder, name); entry.IsDir() && err == nil && strings.Count(below, string(filepath.Separator)) > keptDepth {
			return fs.SkipDir
		}
		if found = entry.Type().IsRegular() && same(at, name); found {
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// keptDepth is how deep below the folder manifests are looked for: S3 puts them below
// the prefix of the report, its bucket, its id and a date.
const keptDepth = 16
