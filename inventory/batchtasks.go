package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// BatchTask is how one task of an S3 Batch Operations job ended.
type BatchTask struct {
	Bucket     string
	Key        string // decoded: the name that S3 knows the object by
	VersionID  string // "" where the job named none
	Succeeded  bool
	ErrorCode  string // of the service, "" where there was none; 200 bytes at most
	HTTPStatus int    // 0 where none is told
}

// BatchTasks is the completion report of an S3 Batch Operations job, with all
// its tasks. OpenBatchReport reads the same document as a list of what failed.
// Safe for concurrent use.
type BatchTasks struct {
	report  *Report
	created time.Time
	layout  []batchField
	failed  []bool // by result file: it is one of failed tasks
}

// batchField is a column of a completion report.
type batchField uint8

const (
	batchOther batchField = iota
	batchBucket
	batchKey
	batchVersion
	batchStatus
	batchCode
	batchHTTP
	numBatchFields
)

var batchFieldNames = map[string]batchField{
	"bucket": batchBucket, "key": batchKey, "versionid": batchVersion, "taskstatus": batchStatus,
	"errorcode": batchCode, "httpstatuscode": batchHTTP,
}

// maxErrorCode bounds an error code that is kept, in bytes; S3's own have 40.
const maxErrorCode = 200

// OpenBatchTasks opens the completion report whose manifest.json is called name
// (Amazon S3 User Guide, batch-ops-job-status, read 2026-11-21). Result files
// are not touched yet. A document of another kind gives an error that wraps
// ErrNotManifest.
func OpenBatchTasks(ctx context.Context, src Source, name string, opts Options) (*BatchTasks, error) {
	data, err := readAll(ctx, src, name, maxManifestBytes)
	if err != nil {
		return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	}
	b, err := parseBatchTasks(data)
	if err != nil {
		return nil, &ManifestError{Name: name, Err: err}
	}
	files := b.report.manifest
	b.report = newReport(src, name, opts)
	b.report.manifest = files
	return b, nil
}

func parseBatchTasks(data []byte) (*BatchTasks, error) {
	var j struct {
		Format             string
		ReportCreationDate time.Time
		ReportSchema       string
		Results            []struct {
			TaskExecutionStatus, Bucket, MD5Checksum, Key string
		}
	}
	if err := decodeJSON(data, &j); err != nil {
		return nil, err
	}
	if j.Format != batchReportFormat {
		return nil, fmt.Errorf("format %.40q is not %s: %w", j.Format, batchReportFormat, ErrNotManifest)
	}
	if len(j.Results) > maxManifestFiles {
		return nil, errors.New("too many result files")
	}
	b := &BatchTasks{report: &Report{manifest: &Manifest{Format: BatchReport, Schema: j.ReportSchema}}, created: j.ReportCreationDate}
	var has [numBatchFields]bool
	for name := range strings.SplitSeq(j.ReportSchema, ",") {
		f := batchFieldNames[foldName(name)]
		if len(b.layout) == maxFields || f != batchOther && has[f] {
			return nil, &SchemaError{Reason: fmt.Sprintf("column %.40q is there twice, or is one of too many", name)}
		}
		has[f] = true
		b.layout = append(b.layout, f)
	}
	if !has[batchBucket] || !has[batchKey] {
		return nil, &SchemaError{Reason: "no column Bucket or no column Key"}
	}
	seen := map[string]bool{}
	for i, f := range j.Results {
		var failed bool
		switch strings.ToLower(f.TaskExecutionStatus) {
		case "succeeded":
		case "failed":
			failed = true
		default:
			return nil, fmt.Errorf("Results[%d] is of tasks that are %.40q: want succeeded or failed", i, f.TaskExecutionStatus)
		}
		if f.Key == "" || !isMD5(f.MD5Checksum) {
			return nil, fmt.Errorf("Results[%d] has no Key or no valid MD5Checksum", i)
		}
		if seen[f.Key] {
			return nil, fmt.Errorf("Results[%d]: %q is listed twice", i, f.Key)
		}
		seen[f.Key] = true
		b.failed = append(b.failed, failed)
		b.report.manifest.Files = append(b.report.manifest.Files, File{Key: f.Key, Size: -1, MD5: strings.ToLower(f.MD5Checksum)})
	}
	return b, nil
}

// Created is when the report was made; zero where it does not say.
func (b *BatchTasks) Created() time.Time { return b.created }

// Read yields the tasks, file by file. Bytes whose MD5 is not that of the
// report's manifest are not believed. The sequence ends after the first error.
func (b *BatchTasks) Read(ctx context.Context) iter.Seq2[BatchTask, error] {
	return func(yield func(BatchTask, error) bool) {
		for i, f := range b.report.manifest.Files {
			more := true
			err := b.file(ctx, i, f, func(t BatchTask) bool {
				more = yield(t, nil)
				return more
			})
			if err != nil {
				yield(BatchTask{}, fmt.Errorf("result file %s: %w", f.Key, err))
				return
			}
			if !more {
				return
			}
		}
	}
}

// file hands out the tasks of one result file until they end or yield has enough.
func (b *BatchTasks) file(ctx context.Context, i int, f File, yield func(BatchTask) bool) error {
	at, err := b.report.locate(f)
	if err != nil {
		return err
	}
	fetched, err := b.report.spool.fetch(ctx, f, at)
	if err != nil {
		return err
	}
	defer fetched.close()
	text, err := plainText(io.NewSectionReader(fetched, 0, fetched.size))
	if err != nil {
		return err
	}
	split := newCSVSplitter(ctx, text)
	for row := 1; ; row++ {
		fields, err := split.next()
		if err == io.EOF {
			return nil
		}
		var t BatchTask
		if err == nil {
			t, err = b.task(fields, b.failed[i])
		}
		if err == nil && row == 1 {
			err = b.report.repeated(i)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
		if !yield(t) {
			return nil
		}
	}
}

// task decodes a row of a file of failed, or else of succeeded tasks.
func (b *BatchTasks) task(fields []csvField, failed bool) (t BatchTask, err error) {
	if len(fields) != len(b.layout) {
		return t, fmt.Errorf("%d fields, want %d", len(fields), len(b.layout))
	}
	var text [numBatchFields]string
	for i, f := range fields {
		raw := f.raw
		if f.doubled {
			raw = appendUndoubled(nil, raw)
		}
		switch b.layout[i] {
		case batchOther:
		case batchKey:
			if raw, err = appendKey(nil, raw); err != nil {
				return t, fmt.Errorf("Key %.200q: %w", f.raw, err)
			}
			fallthrough
		default:
			text[b.layout[i]] = string(raw)
		}
	}
	t = BatchTask{Bucket: text[batchBucket], Key: text[batchKey], VersionID: text[batchVersion]}
	if t.Bucket == "" || t.Key == "" {
		return t, errors.New("no bucket or no key")
	}
	switch strings.ToLower(text[batchStatus]) {
	case "succeeded", "":
		t.Succeeded = !failed
	case "failed":
	default:
		return t, fmt.Errorf("task status %.40q: want succeeded or failed", text[batchStatus])
	}
	t.ErrorCode, t.HTTPStatus = codeAndStatus(text[batchCode], text[batchHTTP])
	return t, nil
}

// codeAndStatus reads error code and HTTP status. The schema that S3 documents
// names the code first, its sample rows have the status first: a number is
// taken for the status wherever it stands.
func codeAndStatus(code, status string) (string, int) {
	n, err := strconv.Atoi(status)
	if m, swapped := strconv.Atoi(code); swapped == nil && err != nil {
		code, n = status, m
	}
	if n < 100 || n > 599 {
		n = 0
	}
	return strings.ToValidUTF8(code[:min(len(code), maxErrorCode)], "\uFFFD"), n
}
