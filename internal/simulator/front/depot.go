package front

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"reseal/internal/simulator"
)

// Folder is a [Depot] below a local folder, which must exist.
type Folder struct{ root *os.Root }

// OpenFolder opens a folder to write reports into; nothing is written outside
// of it, whatever buckets and prefixes are called.
func OpenFolder(name string) (*Folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	return &Folder{root}, nil
}

// Create makes a file and the folders above it.
func (f *Folder) Create(name string) (io.WriteCloser, error) {
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return f.root.Create(name)
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// BucketDepot is a [Depot] that delivers to a simulated bucket, which must
// exist. The files are held in memory, compressed, and put into the bucket by
// Deliver, so that they may also go into the bucket they list. Like S3's own
// deliveries they count as nobody's requests.
type BucketDepot struct {
	Bucket string
	files  []delivered
}

type delivered struct {
	key  string
	data bytes.Buffer
}

// Create makes an object of the delivery.
func (b *BucketDepot) Create(name string) (io.WriteCloser, error) {
	b.files = append(b.files, delivered{key: name})
	return nopCloser{&b.files[len(b.files)-1].data}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Deliver puts the files into the bucket.
func (b *BucketDepot) Deliver(w *simulator.World, now time.Time) error {
	for i := range b.files {
		f := &b.files[i]
		sum := md5.Sum(f.data.Bytes())
		err := w.SeedObject(b.Bucket, simulator.ObjectInfo{
			Key:          f.key,
			Size:         int64(f.data.Len()),
			ETag:         hex.EncodeToString(sum[:]),
			LastModified: now,
			Metadata:     &simulator.Metadata{},
		}, simulator.Bytes(f.data.Bytes()))
		if err != nil {
			return fmt.Errorf("deliver %s: %w", f.key, err)
		}
	}
	b.files = nil
	return nil
}
