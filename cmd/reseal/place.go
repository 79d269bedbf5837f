package main

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

// jobStore is where a job is kept: a local folder, or a prefix of a bucket.
type jobStore interface {
	checkpoint.Store
	fmt.Stringer
}

// lockFile is the file of a local job that its holder locks.
const lockFile = "lock"

// storeWriters is how many segments of a job in a bucket are written at once,
// as each answer takes tens of milliseconds.
const storeWriters = 16

// remoteJob tells whether a job is kept in a bucket.
func remoteJob(dir string) bool { return strings.HasPrefix(dir, "s3://") }

// remoteStore is the store of a job in a bucket; s is the share of it that the
// lock is for. No request is sent but, on AWS, the one for the caller's account: a
// bucket that changed hands is to get neither state nor result lines.
func remoteStore(ctx context.Context, c connection, dir string, s share) (*checkpoint.Remote, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(dir, "s3://"), "/")
	if bucket == "" || strings.Trim(prefix, "/") == "" {
		return nil, usagef("--job %q: want a folder, or s3://bucket/prefix", dir)
	}
	client, err := c.client(ctx, 2*storeWriters)
	if err != nil {
		return nil, err
	}
	client = client.ExpectingOr(ctx, c.jobOwner)
	return checkpoint.NewRemote(client.Documents(bucket), prefix, dir, checkpoint.RemoteConfig{Shard: s.index, Shards: s.count}), nil
}

// existingJob opens the place of a job. A local folder that is not there is an
// error that wraps fs.ErrNotExist; a prefix is there always.
func existingJob(ctx context.Context, c connection, dir string, s share) (jobStore, error) {
	if remoteJob(dir) {
		return remoteStore(ctx, c, dir, s)
	}
	store, err := checkpoint.OpenDir(dir)
	if err != nil {
		return nil, err // not the nil pointer, which would be a store
	}
	return store, nil
}

// everHeld tells whether another process may hold a job that is there: the lock file
// of a local one stays when it is given back, and is not there before.
func everHeld(dir string) bool {
	if remoteJob(dir) {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, lockFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// createJob makes the place of a job.
func createJob(ctx context.Context, c connection, dir string, s share) (jobStore, error) {
	if remoteJob(dir) {
		return remoteStore(ctx, c, dir, s)
	}
	store, err := localJob(dir)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// localJob makes the folder of a job, and the folders above it.
func localJob(dir string) (*checkpoint.Dir, error) {
	if err := makeAbove(dir); err != nil {
		return nil, err
	}
	return checkpoint.CreateDir(dir)
}

// makeAbove makes the folders above dir that are not there. Each is durable before
// something is made in it: what a crash takes away of them takes the job along.
func makeAbove(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	above := filepath.Dir(abs)
	if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it, making the job says
	}
	if err := makeAbove(above); err != nil {
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

// vacant refuses a local folder that no job can be made in, before a report is read
// for it: one that holds something else.
func vacant(dir string) error {
	if remoteJob(dir) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == lockFile || e.Name() == planFile }) {
		return nil // not there, empty, or a job's that was never begun
	}
	return fmt.Errorf("make job %s: the folder has files, and none of a job; name a new one with --job", dir)
}

// findJob opens a job, or returns nothing where there is none yet.
func findJob(ctx context.Context, c connection, dir string, s share) (jobStore, *jobPlan, error) {
	store, err := existingJob(ctx, c, dir, s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	job, err := readPlan(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil // an empty folder, or a job that was never begun: createJob tells
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	return store, job, nil
}

// openJob opens a job that must be there already, with the connection that the
// environment gives where it is in a bucket.
func openJob(ctx context.Context, dir string) (jobStore, *jobPlan, error) {
	return openJobAt(ctx, connection{}, dir)
}

// openJobAt opens a job that must be there already.
func openJobAt(ctx context.Context, c connection, dir string) (jobStore, *jobPlan, error) {
	if dir == "" {
		return nil, nil, usagef("--job is needed: the folder of the job")
	}
	store, err := existingJob(ctx, c, dir, share{})
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	j, err := readPlan(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("open job %s: no %s in it, so it is not a job of reseal", dir, planFile)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	return store, j, nil
}
