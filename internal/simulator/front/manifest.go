package front

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"reseal/internal/simulator"
	"reseal/internal/smallfile"
)

const maxManifest = 64 << 20 // bytes; one of 516 data files takes 94 KB

// manifest is manifest.json of a report (S3 User Guide, "Locating your
// inventory list", read 2026-11-21).
type manifest struct {
	SourceBucket      string         `json:"sourceBucket"`
	DestinationBucket string         `json:"destinationBucket"` // an ARN
	Version           string         `json:"version"`
	CreationTimestamp string         `json:"creationTimestamp"` // milliseconds since 1970, as a string
	FileFormat        string         `json:"fileFormat"`
	FileSchema        string         `json:"fileSchema"`
	Files             []manifestFile `json:"files"`
}

type manifestFile struct {
	Key         string `json:"key"`
	Size        int64  `json:"size"`
	MD5Checksum string `json:"MD5checksum"`
}

// loadManifest is a reader of reports apart from the project's own, so that what
// the simulator writes is read by somebody else. It fills a bucket of w, named as the report's source bucket, with
// the objects of a report in CSV whose manifest.json is at path. Data files are
// looked for below the closest folder above the manifest that holds the first
// of them. Sizes and MD5 sums are checked; after an error the bucket holds part
// of the report.
func loadManifest(ctx context.Context, w *simulator.World, path string, o FillOptions) (Filled, error) {
	m, err := readManifest(path)
	if err != nil {
		return Filled{}, err
	}
	if m.FileFormat != "CSV" {
		return Filled{}, fmt.Errorf("read manifest %s: format %s has no reader here, only CSV has", path, m.FileFormat)
	}
	schema, err := parseSchema(m.FileSchema)
	if err != nil {
		return Filled{}, fmt.Errorf("read manifest %s: %w", path, err)
	}
	if len(m.Files) == 0 {
		return Fill(ctx, w, m.SourceBucket, func(func(Row, error) bool) {}, o)
	}
	root, err := openRoot(path, m.Files[0].Key)
	if err != nil {
		return Filled{}, err
	}
	defer root.Close()
	return Fill(ctx, w, m.SourceBucket, m.rows(root, schema), o)
}

func readManifest(path string) (*manifest, error) {
	data, err := smallfile.Read(path, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	sum, err := smallfile.Read(filepath.Join(filepath.Dir(path), "manifest.checksum"), maxManifest)
	if err == nil {
		if got := md5.Sum(data); !strings.EqualFold(strings.TrimSpace(string(sum)), hex.EncodeToString(got[:])) {
			return nil, fmt.Errorf("read manifest %s: its MD5 is %x, manifest.checksum says %.40q", path, got, sum)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read manifest.checksum: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	if m.SourceBucket == "" || m.FileFormat == "" {
		return nil, fmt.Errorf("read manifest %s: no source bucket or no file format", path)
	}
	return &m, nil
}

// openRoot finds the folder that data-file keys are relative to. Keys are not
// trusted: os.Root keeps them inside.
func openRoot(manifestPath, key string) (*os.Root, error) {
	dir, err := filepath.Abs(filepath.Dir(manifestPath))
	if err != nil {
		return nil, fmt.Errorf("locate data files: %w", err)
	}
	for {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("locate data files: %w", err)
		}
		if _, err := root.Stat(key); err == nil {
			return root, nil
		}
		root.Close()
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, fmt.Errorf("locate data files: no folder above %s holds %s", manifestPath, key)
		}
		dir = parent
	}
}

// rows yields the rows of all files, ended by the first error.
func (m *manifest) rows(root *os.Root, s *schema) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, file := range m.Files {
			err := file.rows(root, s, m.SourceBucket, func(r Row) bool { return yield(r, nil) })
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(Row{}, fmt.Errorf("read data file %s: %w", file.Key, err))
				return
			}
		}
	}
}

// errStopped means that the consumer of rows wants no more.
var errStopped = errors.New("stopped")

func (f manifestFile) rows(root *os.Root, s *schema, bucket string, yield func(Row) bool) error {
	file, err := root.Open(f.Key)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := md5.New()
	var size countWriter
	raw := io.TeeReader(file, io.MultiWriter(sum, &size))
	zip, err := gzip.NewReader(raw)
	if err != nil && !(errors.Is(err, io.EOF) && f.Size == 0) {
		return err
	}
	if err == nil {
		if err := s.rows(zip, bucket, yield); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return err
	}
	if int64(size) != f.Size {
		return fmt.Errorf("it has %d bytes, the manifest says %d", size, f.Size)
	}
	if want, err := hex.DecodeString(f.MD5Checksum); err != nil || !bytes.Equal(want, sum.Sum(nil)) {
		return fmt.Errorf("its MD5 is %x, the manifest says %.40q", sum.Sum(nil), f.MD5Checksum)
	}
	return nil
}

// countWriter counts the bytes written to it.
type countWriter int64

func (c *countWriter) Write(p []byte) (int, error) {
	*c += countWriter(len(p))
	return len(p), nil
}
