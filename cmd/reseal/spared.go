package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"reseal/inventory"
	"reseal/job"
)

// stdoutName is what stdout is called in place of a file.
const stdoutName = "-"

// inputFlags are the flags that name a file which the command reads.
var inputFlags = []string{"manifest", "prices", "facts", "ca-bundle", "readers", "throttle-flag-file", configFlag}

// spare refuses to write to the file that option names where that would destroy what the
// command or its job reads, or what reseal keeps in the folder of a job. dir is the job of
// the command, "" for none. Its own log may be named as the log.
func spare(ctx context.Context, flags *pflag.FlagSet, option, name, dir string) error {
	if name == "" {
		return nil
	}
	if own, is := job.OwnFile(name, dir); is && !(option == "log-file" && own == job.LogFile) {
		return usagef("--%s %s: that is %s of a job, which reseal itself keeps there; name another file", option, name, own)
	}
	at, err := os.Stat(name)
	if err != nil || !at.Mode().IsRegular() {
		return nil // nothing there that could be destroyed
	}
	for _, input := range inputFlags {
		f := flags.Lookup(input)
		if f == nil || f.Value.String() == "" || input == option {
			continue
		}
		if same(at, f.Value.String()) {
			return usagef("--%s %s: that is the file that --%s names, which the command reads; name another file", option, name, input)
		}
	}
	in := inputsOf(ctx, flags, dir)
	for _, manifest := range in.manifests {
		for _, file := range reportFiles(ctx, manifest) {
			if same(at, file) {
				return usagef("--%s %s: that is a file of the report %s, which is read; name another file", option, name, manifest)
			}
		}
	}
	for _, folder := range in.kept {
		if keeps(folder, at) {
			return usagef("--%s %s: that is a file of the report, kept in %s (--keep-inventory); name another file", option, name, folder)
		}
	}
	return nil
}

// same tells whether another name leads to the file.
func same(at os.FileInfo, name string) bool {
	one, err := os.Stat(name)
	return err == nil && os.SameFile(one, at)
}

// inputs are where a command reads its report.
type inputs struct {
	manifests []string
	kept      []string // folders of --keep-inventory
}

// inputsOf are those that flags name, and those of the job in the folder dir. A job that
// cannot be read has none: the command itself says so.
func inputsOf(ctx context.Context, flags *pflag.FlagSet, dir string) (in inputs) {
	add := func(to *[]string, name string) {
		if name != "" {
			*to = append(*to, name)
		}
	}
	value := func(flag string) string {
		if f := flags.Lookup(flag); f != nil {
			return f.Value.String()
		}
		return ""
	}
	add(&in.manifests, value("manifest"))
	add(&in.kept, value("keep-inventory"))
	if dir == "" || job.InBucket(dir) {
		return in
	}
	store, made, err := openJob(ctx, dir)
	if err != nil {
		return in
	}
	add(&in.manifests, made.Manifest)
	if told, err := job.CurrentOptions(ctx, store, made); err == nil {
		add(&in.kept, told.Value("keep-inventory"))
	}
	return in
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
		return nil
	}
	return found.Report.LocalPaths()
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
