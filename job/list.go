package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// listDepth is how far below a place jobs are looked for.
	listDepth = 3

	// maxListed is how many folders are looked into.
	maxListed = 10_000
)

// List returns the names of the jobs at a place and below it, at most three folders
// down, in order of their names. Links are not followed, nor folders whose name begins
// with a dot. Those that may not be read are in hidden. Where there are more than 10,000
// folders, that is an error.
func (o Opener) List(ctx context.Context, place string) (names, hidden []string, err error) {
	var folders func(ctx context.Context, at string) (below []string, isJob bool, err error)
	var at string
	if InBucket(place) {
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place, "s3://"), "/")
		if bucket == "" {
			return nil, nil, &NameError{place}
		}
		if folders, err = o.foldersIn(ctx, bucket); err != nil {
			return nil, nil, err
		}
		at = "s3://" + bucket
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			at += "/" + prefix
		}
	} else {
		at = filepath.Clean(place)
		if err := checkName(place); err != nil {
			return nil, nil, err
		}
		if _, err := os.Stat(at); err != nil {
			return nil, nil, fmt.Errorf("look for jobs: %w", err)
		}
		folders = localFolders
	}
	w := walker{folders: folders}
	if err := w.walk(ctx, at, 0); err != nil {
		return nil, nil, fmt.Errorf("look for jobs in %s: %w", place, err)
	}
	slices.Sort(w.jobs)
	return w.jobs, w.hidden, nil
}

// walker looks for jobs.
type walker struct {
	folders func(ctx context.Context, at string) (below []string, isJob bool, err error)
	jobs    []string
	hidden  []string
	seen    int
}

func (w *walker) walk(ctx context.Context, at string, depth int) error {
	if w.seen++; w.seen > maxListed {
		return fmt.Errorf("there are more than %d folders; name one of them", maxListed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	below, isJob, err := w.folders(ctx, at)
	switch {
	case errors.Is(err, fs.ErrPermission) && errors.As(err, new(*fs.PathError)):
		w.hidden = append(w.hidden, at)
		return nil
	case err != nil:
		return err
	case isJob:
		w.jobs = append(w.jobs, at)
		return nil // what lies in it is its own
	case depth == listDepth:
		return nil
	}
	for _, folder := range below {
		if err := w.walk(ctx, folder, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// localFolders returns the folders in one, and whether it is a job. One that is gone
// meanwhile has none.
func localFolders(_ context.Context, at string) (below []string, isJob bool, err error) {
	entries, err := os.ReadDir(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		switch {
		case e.Name() == PlanFile && e.Type().IsRegular():
			isJob = true
		case e.IsDir() && !strings.HasPrefix(e.Name(), "."):
			below = append(below, filepath.Join(at, e.Name()))
		}
	}
	return below, isJob, nil
}

// foldersIn does the same for the prefixes of a bucket. A prefix is a job where its
// plan is there.
func (o Opener) foldersIn(ctx context.Context, bucket string) (func(ctx context.Context, at string) ([]string, bool, error), error) {
	client, err := o.Connect(ctx, bucketWriters)
	if err != nil {
		return nil, err
	}
	documents := client.ExpectingOr(ctx, o.BucketOwner).Documents(bucket)
	return func(ctx context.Context, at string) (below []string, isJob bool, err error) {
		prefix := strings.TrimPrefix(strings.TrimPrefix(at, "s3://"+bucket), "/")
		if prefix != "" {
			prefix += "/"
			err := documents.List(ctx, prefix+PlanFile, func(key string, _ int64) error {
				isJob = isJob || key == prefix+PlanFile
				return nil
			})
			if err != nil || isJob {
				return nil, isJob, err
			}
		}
		names, err := documents.Folders(ctx, prefix)
		for _, n := range names {
			if n = strings.TrimSuffix(n, "/"); n != "" {
				below = append(below, "s3://"+bucket+"/"+prefix+n)
			}
		}
		return below, false, err
	}, nil
}
