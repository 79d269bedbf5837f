package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"
)

// Bucket is what a Remote store needs of an object store. It may be used by
// several goroutines at once, and tries again by itself what may pass.
type Bucket interface {
	// Get returns an object of at most 1 GiB, its ETag, and how long ago it was
	// written, as far as the server knows: no clock of this machine takes part.
	// A missing object is an error that wraps fs.ErrNotExist.
	Get(ctx context.Context, key string) (data []byte, etag string, age time.Duration, err error)

	// Open returns the bytes of an object. A missing one is an error that wraps
	// fs.ErrNotExist.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// Put writes the object if its ETag is still etag, where that is "" if there
	// is no such object, and returns the new ETag. Where the condition does not
	// hold, nothing is written and the error wraps fs.ErrExist; that can also
	// mean that an attempt whose answer was lost did write.
	Put(ctx context.Context, key string, data []byte, etag string) (string, error)

	// List calls each with key and size of the objects whose keys begin with
	// prefix.
	List(ctx context.Context, prefix string, each func(key string, size int64) error) error

	// Folders returns what follows prefix in the keys that have a "/" after it, up to that
	// and with it, each once.
	Folders(ctx context.Context, prefix string) ([]string, error)
}

// Remote is a Store under a prefix of a bucket. Documents are replaced by
// conditional writes, and the lock is a share of a lease whose holder gives
// signs of life. It may be used by several goroutines at once.
//
// The lease says who should write; the conditions make sure of it. A holder
// that lost its share without noticing, say because its machine slept, finds
// that the documents it last saw are not there any more, and gets a
// *ConflictError.
type Remote struct {
	bucket Bucket
	prefix string // ends in a slash, or is empty
	name   string // for people
	config RemoteConfig

	lease atomic.Pointer[lease] // nil while not locked
}

var _ Store = (*Remote)(nil)

const remoteTail = 256 << 10

// RemoteConfig says whose share of the job the store is locked for. The zero
// value is the whole job.
type RemoteConfig struct {
	Shard, Shards int // the lock is for share Shard of Shards; Shards is 0 for the whole job

	// LeaseTime is how long a holder may be silent until it counts as dead;
	// 15 s where 0. It renews its lease three times as often.
	LeaseTime time.Duration

	// Waiting is told once of each holder whose next sign of life is waited for, and
	// until when at most. It may be nil.
	Waiting func(h Holder, until time.Time)
}

// NewRemote returns the store of the job under prefix, which may be empty. Name
// is its address, for messages. Nothing is read or written yet.
func NewRemote(b Bucket, prefix, name string, c RemoteConfig) *Remote {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	if c.LeaseTime <= 0 {
		c.LeaseTime = 15 * time.Second // two renewals may be lost; a replaced process waits no longer than a container takes to be moved
	}
	return &Remote{bucket: b, prefix: prefix, name: name, config: c}
}

// String returns the address of the job.
func (r *Remote) String() string { return r.name }

// TailBytes is 256 KiB: each flush sends at most about that much anew for a segment.
// With a million lines of 76 packed bytes it gave 260 objects (bench/README.md).
func (r *Remote) TailBytes() int { return remoteTail }

// Held implements Store.
func (r *Remote) Held(ctx context.Context) error {
	l := r.lease.Load()
	if l == nil {
		return ErrNotLocked
	}
	if err := l.look(ctx); err != nil {
		return err
	}
	return l.held()
}

// Epoch implements Store.
func (r *Remote) Epoch() uint64 {
	if l := r.lease.Load(); l != nil {
		return l.own.Epoch
	}
	return 0
}

// Create writes a document that is not there yet, without the lock: no other is
// replaced. One that is there is a *ConflictError.
func (r *Remote) Create(ctx context.Context, name string, data []byte) error {
	_, err := r.put(ctx, name, data, "")
	return err
}

// Get implements Reader. A version is an ETag.
func (r *Remote) Get(ctx context.Context, name string) ([]byte, Version, error) {
	if _, err := r.key(withoutFolder(name)); err != nil {
		return nil, "", err
	}
	data, etag, _, err := r.bucket.Get(ctx, r.prefix+name)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", r.in(name), err)
	}
	return data, Version(etag), nil
}

// Open implements Reader.
func (r *Remote) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	key, err := r.key(name)
	if err != nil {
		return nil, err
	}
	body, err := r.bucket.Open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.in(name), err)
	}
	return body, nil
}

// List implements Reader. Objects with names that this package does not make
// are passed over.
func (r *Remote) List(ctx context.Context, folder string) ([]Info, error) {
	prefix, err := r.key(folder)
	if err != nil {
		return nil, err
	}
	var infos []Info
	err = r.bucket.List(ctx, prefix+"/", func(key string, size int64) error {
		if name := strings.TrimPrefix(key, r.prefix); validName(name) {
			infos = append(infos, Info{Name: name, Size: size})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", r.in(folder), err)
	}
	return infos, nil
}

// Folders implements Reader.
func (r *Remote) Folders(ctx context.Context, folder string) ([]string, error) {
	prefix, err := r.key(folder)
	if err != nil {
		return nil, err
	}
	names, err := r.bucket.Folders(ctx, prefix+"/")
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", r.in(folder), err)
	}
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], "/")
	}
	return names, nil
}

// Put implements Store with one conditional write.
func (r *Remote) Put(ctx context.Context, name string, data []byte, expect Version) (Version, error) {
	if err := r.writable(name); err != nil {
		return "", err
	}
	etag, err := r.put(ctx, name, data, string(expect))
	return Version(etag), err
}

// TryWrite finds out whether documents can be written, without the lock and without
// leaving one: it writes under the condition that a document is there which nobody
// made. A server without such conditions keeps it, with a word of what it is.
func (r *Remote) TryWrite(ctx context.Context) error {
	const name, nobodys = "writable", `"00000000000000000000000000000000"`
	_, err := r.bucket.Put(ctx, r.prefix+name, []byte("written to see whether a job can be kept here\n"), nobodys)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return fmt.Errorf("write %s: %w", r.in(name), err)
}

// put writes a document. One that is already there as it is to be was written
// by an attempt whose answer got lost.
func (r *Remote) put(ctx context.Context, name string, data []byte, expect string) (string, error) {
	key, err := r.key(name)
	if err != nil {
		return "", err
	}
	etag, err := r.bucket.Put(ctx, key, data, expect)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			return "", fmt.Errorf("write %s: %w", r.in(name), err)
		}
		return etag, nil
	}
	there, have, _, err := r.bucket.Get(ctx, key)
	switch {
	case err == nil && bytes.Equal(there, data):
		return have, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("write %s: look at what is there: %w", r.in(name), err)
	}
	return "", &ConflictError{Name: r.in(name), Expect: Version(expect), Have: Version(have)}
}

// writable refuses names that are none, and writes without the lock.
func (r *Remote) writable(name string) error {
	if _, err := r.key(name); err != nil {
		return err
	}
	l := r.lease.Load()
	if l == nil {
		return fmt.Errorf("write %s: %w", r.in(name), ErrNotLocked)
	}
	return l.held()
}

func (r *Remote) key(name string) (string, error) {
	if !validName(name) {
		return "", fmt.Errorf("checkpoint: name %q is not allowed", name)
	}
	return r.prefix + name, nil
}

func (r *Remote) in(name string) string { return strings.TrimSuffix(r.name, "/") + "/" + name }
