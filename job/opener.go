package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/s3api"
)

// Store is where a job is kept: a local folder, or a prefix of a bucket.
type Store interface {
	checkpoint.Store
	fmt.Stringer
}

// lockFile is the file of a local job that its holder locks.
const lockFile = "lock"

// bucketWriters is how many segments of a job in a bucket are written at once,
// as each answer takes tens of milliseconds.
const bucketWriters = 32

// Opener opens and makes jobs by their names. It connects only for a job in a bucket.
type Opener struct {
	// Connect returns a client for so many connections at once.
	Connect func(ctx context.Context, connections int) (*s3api.Client, error)

	// BucketOwner is the account that the bucket of a job has to belong to, 12 digits.
	// "" is the account of the caller.
	BucketOwner string

	// Waiting is told of a holder of the job name whose next sign of life is waited for,
	// and until when at most. It may be nil.
	Waiting func(name string, h checkpoint.Holder, until time.Time)
}

// InBucket tells whether the name of a job is an address in S3.
func InBucket(name string) bool { return strings.HasPrefix(name, "s3://") }

// Below is the name of what lies below the job or folder of that name. file has slashes.
func Below(name, file string) string {
	if InBucket(name) {
		return strings.TrimRight(name, "/") + "/" + file
	}
	return filepath.Join(name, filepath.FromSlash(file))
}

// otherAddress is the name of a place that is neither a folder nor an address in S3 as
// it is written for a job: a folder of that name would be made.
var otherAddress = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]+:/|arn:)`)

// checkName refuses such a name.
func checkName(name string) error {
	if !InBucket(name) && otherAddress.MatchString(name) {
		return &NameError{name}
	}
	return nil
}

// NameError is a name that is no folder, and no address of a prefix in a bucket.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("--job %q: want a folder, or s3://bucket/prefix", e.Name)
}

// Open opens the place of a job, the part of share. A local folder that is not there
// is an error that wraps fs.ErrNotExist. A prefix is always there.
func (o Opener) Open(ctx context.Context, name string, share Share) (Store, error) {
	if InBucket(name) {
		return o.remote(ctx, name, share)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	store, err := checkpoint.OpenDir(name)
	if err != nil {
		return nil, err // not the nil pointer, which would be a store
	}
	return store, nil
}

// Create makes the place of a job, the part of share.
func (o Opener) Create(ctx context.Context, name string, share Share) (Store, error) {
	if InBucket(name) {
		return o.remote(ctx, name, share)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	store, err := createFolder(name)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// Find opens a job. All that it returns is nil where there is none: no folder, or a
// place without plan.json. The folder of a campaign is a *CampaignError.
func (o Opener) Find(ctx context.Context, name string, share Share) (Store, *Plan, error) {
	store, err := o.Open(ctx, name, share)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, opening(name, err)
	}
	made, err := ReadPlan(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, notCampaign(ctx, store, name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", name, err)
	}
	return store, made, nil
}

// NoJobError says that there is no job of that name. It is fs.ErrNotExist.
type NoJobError struct{ Name string }

func (e *NoJobError) Error() string {
	return fmt.Sprintf("there is no job in %s; name the one that is meant, or make a new one: reseal run with --manifest and --sse-kms-key-id", e.Name)
}

// Unwrap returns fs.ErrNotExist.
func (e *NoJobError) Unwrap() error { return fs.ErrNotExist }

// NotJobError is a folder or prefix that is there and holds no job.
type NotJobError struct{ Name string }

func (e *NotJobError) Error() string {
	return fmt.Sprintf("open job %s: no %s in it, so it is not a job of reseal", e.Name, PlanFile)
}

// Load opens a job that must be there.
func (o Opener) Load(ctx context.Context, name string) (Store, *Plan, error) {
	store, err := o.Open(ctx, name, Share{})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &NoJobError{name}
	}
	if err != nil {
		return nil, nil, opening(name, err)
	}
	made, err := ReadPlan(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		if err := notCampaign(ctx, store, name); err != nil {
			return nil, nil, err
		}
		return nil, nil, &NotJobError{name}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", name, err)
	}
	return store, made, nil
}

// opening says which job could not be opened, where the error does not itself.
func opening(name string, err error) error {
	if errors.As(err, new(*NameError)) {
		return err
	}
	return fmt.Errorf("open job %s: %w", name, err)
}

// remote returns the store of a job in a bucket. It sends no request but, on AWS, the
// one for the caller's account: state and result lines must not go to a bucket that
// belongs to somebody else by now.
func (o Opener) remote(ctx context.Context, name string, share Share) (*checkpoint.Remote, error) {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(name, "s3://"), "/")
	if bucket == "" || strings.Trim(prefix, "/") == "" {
		return nil, &NameError{name}
	}
	client, err := o.Connect(ctx, 2*bucketWriters)
	if err != nil {
		return nil, err
	}
	client = client.ExpectingOr(ctx, o.BucketOwner)
	config := checkpoint.RemoteConfig{Shard: share.Index, Shards: share.Count}
	if o.Waiting != nil {
		config.Waiting = func(h checkpoint.Holder, until time.Time) { o.Waiting(name, h, until) }
	}
	return checkpoint.NewRemote(client.Documents(bucket), prefix, name, config), nil
}

// MayBeHeld tells whether another process may hold a job. A local one leaves its lock
// file behind when it is given back, and has none before it was first held.
func MayBeHeld(name string) bool {
	if InBucket(name) {
		return true
	}
	_, err := os.Stat(filepath.Join(name, lockFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// StateOptions say how the state of a job, or of a share of it, is kept in its place.
func StateOptions(name string, share Share, made *Plan, files []inventory.File) checkpoint.Options {
	o := checkpoint.Options{ReserveAdmitted: true, Own: share.Owns(made.Segments, SizesOf(files))}
	if InBucket(name) {
		o.Writers = bucketWriters
	}
	return o
}
