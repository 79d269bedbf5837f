package certify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/job/generations"
)

// verifiedFile is the document of a job that a verification leaves.
const verifiedFile = "verified.json"

// runsFolder holds the runs of shares in a job.
const runsFolder = "runs"

// shareRuns is the name of such a document.
var shareRuns = regexp.MustCompile(`^runs/[0-9]{1,6}-of-[0-9]{1,6}\.json$`)

// documents are those of a job that the certificate rests on, by the names that the job
// has for them. They implement checkpoint.Reader.
type documents map[string][]byte

// readDocuments reads them from a job. Only plan.json must be there.
func readDocuments(ctx context.Context, store checkpoint.Reader) (documents, error) {
	names := []string{job.PlanFile, "options.json", "runs.json", verifiedFile, generations.File}
	infos, err := store.List(ctx, runsFolder)
	if err != nil {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	for _, info := range infos {
		if path.Ext(info.Name) != ".json" {
			continue
		}
		if !shareRuns.MatchString(info.Name) {
			return nil, fmt.Errorf("the job has a document of runs with the name %q, which no share has; a certificate would not tell whose they are", info.Name)
		}
		names = append(names, info.Name)
	}
	all := documents{}
	for _, name := range names {
		data, _, err := store.Get(ctx, name)
		switch {
		case err == nil:
			all[name] = data
		case !errors.Is(err, fs.ErrNotExist) || name == job.PlanFile:
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return all, nil
}

// laterFile is the name of a file of a later generation.
var laterFile = regexp.MustCompile(`^generation-([0-9]{6})-(.+)$`)

// fileIn is the name in a bundle of a file of a generation; 0 is the first one.
func fileIn(number int, name string) string {
	if number == 0 {
		return name
	}
	return fmt.Sprintf("generation-%06d-%s", number, name)
}

// inGeneration is the other way round.
func inGeneration(file string) (number int, name string) {
	m := laterFile.FindStringSubmatch(file)
	if m == nil {
		return 0, file
	}
	if number, _ = strconv.Atoi(m[1]); number <= generations.First {
		return 0, file
	}
	return number, m[2]
}

// fileOf is the name in a bundle of a document of the job. A bundle has no folders.
func fileOf(name string) string { return strings.ReplaceAll(name, "/", "-") }

// documentOf is the other way round; "" for a file that is no document of the job.
func documentOf(file string) string {
	switch file {
	case job.PlanFile, "options.json", "runs.json", verifiedFile, generations.File:
		return file
	}
	if name := strings.Replace(file, "-", "/", 1); shareRuns.MatchString(name) {
		return name
	}
	return ""
}

// Get returns a document. There are no versions.
func (d documents) Get(_ context.Context, name string) ([]byte, checkpoint.Version, error) {
	data, ok := d[name]
	if !ok {
		return nil, "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return data, "", nil
}

// Open returns the bytes of a document.
func (d documents) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	data, _, err := d.Get(ctx, name)
	return io.NopCloser(bytes.NewReader(data)), err
}

// Folders returns none: a bundle has no folders.
func (documents) Folders(context.Context, string) ([]string, error) { return nil, nil }

// List returns the documents in a folder.
func (d documents) List(_ context.Context, folder string) (infos []checkpoint.Info, err error) {
	for name, data := range d {
		if path.Dir(name) == folder {
			infos = append(infos, checkpoint.Info{Name: name, Size: int64(len(data))})
		}
	}
	return infos, nil
}
