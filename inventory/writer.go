package inventory

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// WriterOptions say what report is written.
type WriterOptions struct {
	SourceBucket      string    // the bucket that the rows are of
	DestinationBucket string    // the bucket that the report goes to; may be ""
	DestinationARN    string    // of it; "" is the one of a bucket in partition aws
	Prefix            string    // of all names; may be ""
	Config            string    // name in the place of the inventory configuration; "" means "reseal"
	Created           time.Time // when the listing began
	Format            Format    // CSV or Parquet; "" means CSV
	Columns           Columns   // that rows have; Bucket and Key always are among them. 0 means all
	FileRows          int64     // rows of a data file; 0 means a million, about what S3 writes
	TempDir           string    // for the data file being written; "" is the system's
}

func (o WriterOptions) withDefaults() WriterOptions {
	if o.Config == "" {
		o.Config = "reseal"
	}
	if o.Format == "" {
		o.Format = CSV
	}
	if o.Columns == 0 {
		o.Columns = S3Columns
	}
	o.Columns = o.Columns.With(ColBucket).With(ColKey)
	if o.FileRows <= 0 {
		o.FileRows = 1_000_000
	}
	return o
}

// Writer writes a report in the layout of S3 Inventory. It is not for use by
// several goroutines at once.
type Writer struct {
	sink  Sink
	opts  WriterOptions
	base  string // prefix/bucket/config
	stamp string
	files []File
	rows  int64

	open *dataFile // nil between files
	err  error
}

// dataFile is the data file being written.
type dataFile struct {
	temp *os.File
	sum  hash.Hash
	size int64
	buf  *bufio.Writer
	rows int64
	enc  rowWriter
}

// rowWriter encodes the rows of one data file.
type rowWriter interface {
	write(r *Record) error
	close() error
}

func (d *dataFile) Write(p []byte) (int, error) {
	n, err := d.temp.Write(p)
	d.sum.Write(p[:n])
	d.size += int64(n)
	return n, err
}

// NewWriter starts a report. Nothing is stored before there is a data file full.
func NewWriter(sink Sink, o WriterOptions) (*Writer, error) {
	o = o.withDefaults()
	switch {
	case o.SourceBucket == "":
		return nil, errors.New("write report: no source bucket")
	case o.Created.UnixMilli() < 0:
		return nil, errors.New("write report: no time of creation")
	case o.Format != CSV && o.Format != Parquet:
		return nil, fmt.Errorf("write report: %w", &FormatError{string(o.Format)})
	}
	return &Writer{
		sink:  sink,
		opts:  o,
		base:  path.Join(o.Prefix, o.SourceBucket, o.Config),
		stamp: o.Created.UTC().Format("2006-01-02T15-04Z"),
	}, nil
}

// Existing returns the name of something that src has of a report of the same minute,
// which reports are called after; "" where there is nothing. Not every server honours
// the condition that a Sink sends, so ask before hours of work.
func (w *Writer) Existing(ctx context.Context, src Source) (string, error) {
	for _, name := range []string{path.Join(w.base, w.stamp) + "/", path.Join(w.base, "data", w.stamp)} {
		there, err := src.List(ctx, name)
		if err != nil {
			return "", fmt.Errorf("list %s: %w", name, err)
		}
		if len(there) > 0 {
			return there[0].Name, nil
		}
	}
	return "", nil
}

// Write adds a row. Columns that are not Known in r are null. After an error
// the report cannot be finished.
func (w *Writer) Write(ctx context.Context, r *Record) error {
	if w.err == nil {
		w.err = w.write(ctx, r)
	}
	return w.err
}

func (w *Writer) write(ctx context.Context, r *Record) error {
	if r.Bucket == "" || r.Key == "" {
		return errors.New("write report: row without bucket or key")
	}
	if w.open == nil {
		if err := w.begin(); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if err := w.open.enc.write(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	w.rows++
	if w.open.rows++; w.open.rows == w.opts.FileRows {
		return w.finish(ctx)
	}
	return nil
}

func (w *Writer) begin() error {
	temp, err := os.CreateTemp(w.opts.TempDir, "reseal-*")
	if err != nil {
		return err
	}
	os.Remove(temp.Name()) // where the system allows it; see discard
	d := &dataFile{temp: temp, sum: md5.New()}
	d.buf = bufio.NewWriterSize(d, 256<<10)
	if w.opts.Format == Parquet {
		d.enc, err = newParquetRows(d.buf, w.opts.Columns)
	} else {
		d.enc = newCSVRows(d.buf, w.opts.Columns)
	}
	w.open = d
	return err
}

// finish stores the data file being written.
func (w *Writer) finish(ctx context.Context) error {
	d := w.open
	defer w.discard()
	if err := errors.Join(d.enc.close(), d.buf.Flush()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := d.temp.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	ext := ".csv.gz"
	if w.opts.Format == Parquet {
		ext = ".parquet"
	}
	// Names differ between reports, so that one never takes another's files.
	name := path.Join(w.base, "data", fmt.Sprintf("%s-%05d%s", w.stamp, len(w.files), ext))
	if err := w.sink.Put(ctx, name, d.temp, d.size); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	w.files = append(w.files, File{Key: name, Size: d.size, MD5: hex.EncodeToString(d.sum.Sum(nil))})
	return nil
}

// discard gives up the data file being written.
func (w *Writer) discard() {
	if w.open != nil {
		w.open.temp.Close()
		os.Remove(w.open.temp.Name())
		w.open = nil
	}
}

// Rows returns the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// Abort gives up the report. Data files that were stored stay, without a
// manifest. It does nothing after Close.
func (w *Writer) Abort() {
	w.discard()
	if w.err == nil {
		w.err = errors.New("write report: given up")
	}
}

// Close stores what is left, then manifest.json, then manifest.checksum, whose
// presence says that the report is complete. It returns the name of the manifest.
func (w *Writer) Close(ctx context.Context) (string, error) {
	if w.err == nil && w.open != nil {
		w.err = w.finish(ctx)
	}
	if w.err != nil {
		w.discard()
		return "", w.err
	}
	data, err := w.manifest()
	if err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	name := path.Join(w.base, w.stamp, "manifest.json")
	sum := md5.Sum(data)
	checksum := []byte(hex.EncodeToString(sum[:]) + "\n")
	if err := w.sink.Put(ctx, name, bytes.NewReader(data), int64(len(data))); err != nil {
		return "", fmt.Errorf("store %s: %w", name, err)
	}
	if err := w.sink.Put(ctx, checksumName(name), bytes.NewReader(checksum), int64(len(checksum))); err != nil {
		return "", fmt.Errorf("store %s: %w", checksumName(name), err)
	}
	w.err = errors.New("write report: already closed")
	return name, nil
}

// manifest returns the manifest as S3 writes it.
func (w *Writer) manifest() ([]byte, error) {
	type file struct {
		Key  string `json:"key"`
		Size int64  `json:"size"`
		MD5  string `json:"MD5checksum"`
	}
	doc := struct {
		SourceBucket      string `json:"sourceBucket"`
		DestinationBucket string `json:"destinationBucket"`
		Version           string `json:"version"`
		CreationTimestamp string `json:"creationTimestamp"`
		FileFormat        Format `json:"fileFormat"`
		FileSchema        string `json:"fileSchema"`
		Files             []file `json:"files"`
	}{
		SourceBucket:      w.opts.SourceBucket,
		Version:           "2016-11-30",
		CreationTimestamp: strconv.FormatInt(w.opts.Created.UnixMilli(), 10),
		FileFormat:        w.opts.Format,
		FileSchema:        strings.Join(w.opts.Columns.Names(), ", "),
		Files:             []file{},
	}
	if w.opts.DestinationBucket != "" {
		doc.DestinationBucket = cmp.Or(w.opts.DestinationARN, "arn:aws:s3:::"+w.opts.DestinationBucket)
	}
	if w.opts.Format == Parquet {
		doc.FileSchema = parquetSchema(w.opts.Columns)
	}
	for _, f := range w.files {
		doc.Files = append(doc.Files, file{f.Key, f.Size, f.MD5})
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return buf.Bytes(), err
}
