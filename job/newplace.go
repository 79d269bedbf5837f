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

	"reseal/checkpoint"
)

// UnwritableError is a prefix of a bucket that no job can be kept under.
type UnwritableError struct {
	Job string // its address
	Err error
}

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("make job %s: it cannot be written there, and nothing was begun: %v", e.Job, e.Err)
}

func (e *UnwritableError) Unwrap() error { return e.Err }

// RetentionError is a bucket whose default retention would keep all that a job writes.
type RetentionError struct {
	Bucket string
	Term   string // mode and days, for people
}

func (e *RetentionError) Error() string {
	return fmt.Sprintf("bucket %s has a default retention (%s): no version of the job's state, several a minute for each part of the report, "+
		"could be deleted before it ends, and each is paid for until then. Nothing was written. Keep the job in a folder, --job ./job, "+
		"or in a bucket without default retention", e.Bucket, e.Term)
}

// CheckNew refuses a place where no new job can be kept, before a report is read for
// it: a folder with other files, or a bucket that takes no writes or keeps all of
// them. It leaves nothing there.
func (o Opener) CheckNew(ctx context.Context, name string) error {
	if !InBucket(name) {
		return checkEmpty(name)
	}
	store, err := o.remote(ctx, name, Share{})
	if err != nil {
		return err
	}
	if err := store.TryWrite(ctx); err != nil {
		return &UnwritableError{name, err}
	}
	return o.checkRetention(ctx, name)
}

// checkRetention refuses a bucket with a default retention. The state of a job is
// written about every second, and no version of it could be deleted before its
// retention ends.
func (o Opener) checkRetention(ctx context.Context, name string) error {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(name, "s3://"), "/")
	client, err := o.Connect(ctx, 1)
	if err != nil {
		return err
	}
	term := client.ExpectingOr(ctx, o.BucketOwner).DefaultRetention(ctx, bucket)
	if term == "" {
		return nil
	}
	return &RetentionError{bucket, term}
}

// CheckWritable refuses a local folder that cannot be written or made. It leaves
// nothing there. Of a bucket it says nothing: CheckNew and the lock of a job do.
func CheckWritable(dir string) error {
	if InBucket(dir) {
		return nil
	}
	if err := checkName(dir); err != nil {
		return err
	}
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		_, err := os.Stat(at)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(at) != at {
			continue
		}
		switch {
		case err != nil:
		case at == filepath.Clean(dir):
			err = mayWrite(at) // nothing is changed in a job that is there
		default:
			err = tryFolder(at)
		}
		if err != nil {
			return fmt.Errorf("make job %s: %s cannot be written to: %w", dir, at, err)
		}
		return nil
	}
}

// tryFolder makes a folder in another one and takes it away again.
func tryFolder(in string) error {
	made, err := os.MkdirTemp(in, ".reseal-")
	if err != nil {
		return err
	}
	return os.Remove(made)
}

// FullFolderError is a folder with files that are none of a job.
type FullFolderError struct{ Folder string }

func (e *FullFolderError) Error() string {
	return fmt.Sprintf("make job %s: the folder has files, and none of a job; name a new one", e.Folder)
}

// checkEmpty refuses a local folder that has files, and none of a job.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == lockFile || e.Name() == PlanFile }) {
		return nil // not there, empty, or a job's that was never begun
	}
	return &FullFolderError{dir}
}

// createFolder makes the folder of a job, and the folders above it.
func createFolder(dir string) (*checkpoint.Dir, error) {
	if err := makeParents(dir); err != nil {
		return nil, err
	}
	return checkpoint.CreateDir(dir)
}

// makeParents makes the folders above dir that are not there. Each is durable before
// something is made in it, so that a crash never leaves a job without its parents.
func makeParents(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	above := filepath.Dir(abs)
	if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it, making the job says
	}
	if err := makeParents(above); err != nil {
		return err
	}
	if err := os.Mkdir(above, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(filepath.Dir(above))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
