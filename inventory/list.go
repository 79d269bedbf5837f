package inventory

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"reseal/inventory/inflate"
)

// OpenList opens a list of objects as if it were a report with one data file.
// Its lines are bucket,key or bucket,key,versionId, the key URL-encoded: the
// format S3BatchOperations_CSV_20180820 of S3 Batch Operations manifests (Amazon
// S3 User Guide, batch-ops-create-job, read 2026-11-21). All rows or none have a
// version; an empty one is the null version, as in the reports of S3 Inventory
// that lists are cut from. A name that ends in .gz is taken to be compressed. The source bucket
// is that of the first row.
//
// A + in a key is a space and %2B a plus, as in the reports that lists are cut
// from; AWS says no more than that keys must be URL-encoded. Where that leaves a
// doubt, Warnings says so, and a key that is certainly not encoded and has a + or
// % in it is an error.
//
// The list is read once, for its MD5 and its first row.
func OpenList(ctx context.Context, src Source, name string, opts Options) (*Report, error) {
	r := newReport(src, name, opts)
	sum := md5.New()
	var head bytes.Buffer
	body, info, err := src.Open(ctx, name, 0, "")
	if err != nil {
		return nil, fmt.Errorf("read list %s: %w", name, err)
	}
	defer body.Close()
	var pluses plusWriter
	var n byteCounter
	plain := path.Ext(name) != ".gz"
	all := io.TeeReader(&contextReader{ctx, body}, io.MultiWriter(sum, &headWriter{&head, maxRecordBytes}, &pluses, &n))
	rows := newRepeatedRows(r.opts.Memory)
	rows.read(ctx, bufio.NewReaderSize(all, 256<<10), plain)
	if _, err := io.CopyBuffer(onlyWriter{io.Discard}, all, make([]byte, 256<<10)); err != nil {
		return nil, fmt.Errorf("read list %s: %w", name, err)
	}
	if info.Size >= 0 && int64(n) != info.Size {
		return nil, fmt.Errorf("read list %s: %w", name, &SizeError{Want: info.Size, Got: int64(n)})
	}
	m := &Manifest{Format: List, MD5: hex.EncodeToString(sum.Sum(nil))}
	m.layout = []Column{ColBucket, ColKey, ColVersionID}
	m.Files = []File{{Key: name, Size: int64(n), MD5: m.MD5}}
	r.manifest = m
	r.shape = csvShape{layout: m.layout, optional: 1, plain: plain, decodeKeys: true, byHand: true}
	if r.shape.plain && pluses.literal && !pluses.encoded {
		r.warnings = append(r.warnings, errPlus)
	}
	r.warnings = append(r.warnings, rows.warnings()...)
	if m.SourceBucket, m.Columns, err = r.firstRow(ctx, head.Bytes()); err != nil {
		err = fmt.Errorf("list %s: %w", name, err)
		if fields := (*fieldsError)(nil); errors.As(err, &fields) && fields.got > fields.want || errors.Is(err, errOtherOrder) {
			err = fmt.Errorf("%w; %w", err, &ResultLikeError{name, "has more columns, or in another order"})
		}
		return nil, err
	}
	return r, nil
}

// byteCounter counts what is written to it.
type byteCounter int64

func (n *byteCounter) Write(p []byte) (int, error) {
	*n += byteCounter(len(p))
	return len(p), nil
}

// firstRow returns the bucket and the columns of the first row of a list that
// begins with head; those of a list of current versions where there is none.
func (r *Report) firstRow(ctx context.Context, head []byte) (bucket string, has Columns, err error) {
	has = ColumnsOf(ColBucket, ColKey)
	var in io.Reader = bytes.NewReader(head)
	if !r.shape.plain {
		gz, err := inflate.NewGzip(in)
		if err != nil {
			return "", 0, fmt.Errorf("open gzip: %w", unexpectedEOF(err))
		}
		// Of a long list only the beginning is here; how it ends does not matter.
		text, _ := io.ReadAll(io.LimitReader(gz, 2*maxRecordBytes))
		in = bytes.NewReader(text)
	}
	shape := r.shape
	shape.plain = true
	c, err := newCSVReader(ctx, in, shape, AllColumns)
	if err != nil {
		return "", 0, err
	}
	fields, err := c.record()
	if err == nil && r.manifest.Format == List {
		if r.shape.header, err = listHeader(fields); r.shape.header {
			first := string(fields[0].raw)
			if fields, err = c.record(); err == nil && string(fields[0].raw) == first { // the bucket is called so
				r.shape.header = false
			}
		}
	}
	if err == io.EOF {
		return "", has, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("row 1: %w", err)
	}
	var rec Record
	if err := c.decode(&rec, fields); err != nil {
		return "", 0, fmt.Errorf("row 1: %w", err)
	}
	if !ValidBucket(rec.Bucket) && !strings.HasPrefix(rec.Bucket, "arn:") { // an access point is refused as what it is
		return "", 0, fmt.Errorf("row 1: %.100q %w", rec.Bucket, errNoBucket)
	}
	if len(fields) == len(shape.layout) {
		has = has.With(ColVersionID)
	}
	return rec.Bucket, has, nil
}

var errPlus = errors.New("the list has keys with a + and none with %2B: a + is read as a space, which is wrong if the keys are not URL-encoded")

// plusWriter looks for pluses in what is written to it.
type plusWriter struct {
	literal, encoded bool
	last             [2]byte // what was written before may be the beginning of %2B
}

func (w *plusWriter) Write(p []byte) (int, error) {
	w.literal = w.literal || bytes.IndexByte(p, '+') >= 0
	if w.encoded || len(p) == 0 {
		return len(p), nil
	}
	seam := append(w.last[:], p[:min(2, len(p))]...)
	for _, b := range [][]byte{seam, p} {
		w.encoded = w.encoded || bytes.Contains(b, []byte("%2B")) || bytes.Contains(b, []byte("%2b"))
	}
	copy(w.last[:], seam[len(seam)-2:])
	if len(p) >= 2 {
		copy(w.last[:], p[len(p)-2:])
	}
	return len(p), nil
}

// headWriter keeps the first bytes that are written to it.
type headWriter struct {
	b    *bytes.Buffer
	left int
}

func (h *headWriter) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.b.Write(p[:n])
	h.left -= n
	return len(p), nil
}

// batchReportFormat is the format of completion reports of S3 Batch Operations.
const batchReportFormat = "Report_CSV_20180820"

// OpenBatchReport opens the completion report of an S3 Batch Operations job,
// whose manifest.json is called name, as a report of the objects that failed:
// those in the result files of failed tasks (Amazon S3 User Guide,
// batch-ops-job-status, read 2026-11-21). An empty version is that of a job
// whose own list named none: it was about what was current. A report of another
// format gives an error that wraps ErrNotManifest.
func OpenBatchReport(ctx context.Context, src Source, name string, opts Options) (*Report, error) {
	data, err := readAll(ctx, src, name, maxManifestBytes)
	if err != nil {
		return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	}
	return (&manifestText{src: src, name: name, data: data}).openBatch(ctx, opts)
}

// openBatch opens a completion report; see OpenBatchReport.
func (m *manifestText) openBatch(ctx context.Context, opts Options) (r *Report, err error) {
	r = newReport(m.src, m.name, opts)
	if r.manifest, err = parseBatchReport(m.data); err != nil {
		return nil, &ManifestError{Name: m.name, Err: err}
	}
	r.shape = csvShape{layout: r.manifest.layout, plain: true, decodeKeys: true, noVersion: true}
	if len(r.manifest.Files) == 0 {
		return r, nil
	}
	// The bucket is only in the rows.
	first := r.manifest.Files[0]
	at, err := r.locate(first)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", first.Key, err)
	}
	head, err := r.spool.head(ctx, first, at, maxRecordBytes)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", first.Key, err)
	}
	if r.manifest.SourceBucket, _, err = r.firstRow(ctx, head); err != nil {
		return nil, fmt.Errorf("%s: %w", first.Key, err)
	}
	return r, nil
}

// readHead reads the first bytes of an object, limit at most.
func readHead(ctx context.Context, src Source, name string, limit int64) ([]byte, error) {
	body, _, err := src.Open(ctx, name, 0, "")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(&contextReader{ctx, body}, limit))
}

func parseBatchReport(data []byte) (*Manifest, error) {
	var j struct {
		Format       string
		ReportSchema string
		Results      []struct {
			TaskExecutionStatus string
			Bucket              string
			MD5Checksum         string
			Key                 string
		}
	}
	if err := decodeJSON(data, &j); err != nil {
		return nil, err
	}
	if j.Format != batchReportFormat {
		return nil, fmt.Errorf("format %.40q is not %s: %w", j.Format, batchReportFormat, ErrNotManifest)
	}
	sum := md5.Sum(data)
	m := &Manifest{Format: BatchReport, Schema: j.ReportSchema, MD5: hex.EncodeToString(sum[:])}
	var err error
	if m.layout, m.Columns, err = parseLayout(j.ReportSchema); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, f := range j.Results {
		if !strings.EqualFold(f.TaskExecutionStatus, "failed") {
			continue
		}
		if f.Key == "" {
			return nil, fmt.Errorf("Results[%d] has no Key", i)
		}
		if !isMD5(f.MD5Checksum) {
			return nil, fmt.Errorf("Results[%d] has no valid MD5Checksum", i)
		}
		if seen[f.Key] {
			return nil, fmt.Errorf("Results[%d]: %q is listed twice", i, f.Key)
		}
		seen[f.Key] = true
		m.DestinationBucket = bucketName(f.Bucket)
		m.Files = append(m.Files, File{Key: f.Key, Size: -1, MD5: strings.ToLower(f.MD5Checksum)})
	}
	if len(m.Files) > maxManifestFiles {
		return nil, errors.New("too many result files")
	}
	return m, nil
}
