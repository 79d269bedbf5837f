package front

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxCSVRecord bounds a row, so that a quote that is never closed does not take
// the rest of the file into memory. A key of 1,024 bytes is 3,072 encoded.
const maxCSVRecord = 1 << 20

// column reads one field of a report into a row. An empty field is null and
// leaves the row as it is.
type column func(r *Row, value string) error

// reportColumns are the columns of S3 Inventory by their names in a CSV
// report's fileSchema, in the order the S3 User Guide lists them ("Amazon S3
// Inventory list", read 2026-11-21).
var reportColumns = []struct {
	name string
	read column
}{
	{"Bucket", nil}, // the schema's own business
	{"Key", func(r *Row, v string) (err error) { r.Key, err = unescape(v, true); return }},
	{"VersionId", func(r *Row, v string) error { r.VersionID = v; return nil }},
	{"IsLatest", func(r *Row, v string) (err error) { r.IsLatest, err = parseBool(v); return }},
	{"IsDeleteMarker", func(r *Row, v string) (err error) { r.DeleteMarker, err = parseBool(v); return }},
	{"Size", func(r *Row, v string) (err error) { r.Size, err = strconv.ParseInt(v, 10, 64); return }},
	{"LastModifiedDate", func(r *Row, v string) (err error) { r.LastModified, err = time.Parse(time.RFC3339, v); return }},
	{"ETag", func(r *Row, v string) error { r.ETag = strings.Trim(v, `"`); return nil }},
	{"StorageClass", func(r *Row, v string) error { r.StorageClass = v; return nil }},
	{"IsMultipartUploaded", func(r *Row, v string) (err error) { r.Multipart, err = parseBool(v); return }},
	{"ReplicationStatus", func(r *Row, v string) error { r.Replication = v; return nil }},
	{"EncryptionStatus", func(r *Row, v string) error { r.Encryption = v; return nil }},
	{"ObjectLockRetainUntilDate", func(r *Row, v string) (err error) { r.LockRetainUntil, err = time.Parse(time.RFC3339, v); return }},
	{"ObjectLockMode", func(r *Row, v string) error { r.LockMode = v; return nil }},
	{"ObjectLockLegalHoldStatus", func(r *Row, v string) error { r.LegalHold = v; return nil }},
	{"IntelligentTieringAccessTier", func(r *Row, v string) error { r.AccessTier = v; return nil }},
	{"BucketKeyStatus", func(r *Row, v string) error { r.BucketKey = v; return nil }},
	{"ChecksumAlgorithm", func(r *Row, v string) error { r.ChecksumAlgorithm = v; return nil }},
	{"ObjectAccessControlList", func(r *Row, v string) error { r.ACL = v; return nil }},
	{"ObjectOwner", func(r *Row, v string) error { r.Owner = v; return nil }},
}

// schema is a report's fileSchema: what to do with each field of a row.
type schema struct {
	columns   []column // nil where a column is unknown
	names     []string // of the columns
	bucket    int      // index of the Bucket column
	versioned bool     // the report lists all versions
}

func parseSchema(text string) (*schema, error) {
	s := &schema{bucket: -1}
	var key, latest bool
	for name := range strings.SplitSeq(text, ",") {
		var read column
		switch name = strings.TrimSpace(name); name {
		case "Bucket":
			s.bucket = len(s.columns)
		case "Key":
			key = true
		case "VersionId":
			s.versioned = true
		case "IsLatest":
			latest = true
		}
		for _, c := range reportColumns {
			if c.name == name {
				read = c.read
			}
		}
		s.columns, s.names = append(s.columns, read), append(s.names, name)
	}
	if s.bucket < 0 || !key {
		return nil, fmt.Errorf("file schema %.200q has no Bucket or no Key", text)
	}
	if s.versioned && !latest {
		return nil, errors.New("file schema has VersionId without IsLatest")
	}
	return s, nil
}

// byteOrderMark is U+FEFF in UTF-8, which spreadsheets begin a text with.
const byteOrderMark = "\ufeff"

// isHeader tells whether a record repeats the file schema, as spreadsheets write it.
func (s *schema) isHeader(record string) bool {
	for i, name := range s.names {
		value, rest, more, err := cutField(record)
		if err != nil || more != (i < len(s.names)-1) || !strings.EqualFold(strings.TrimSpace(value), name) {
			return false
		}
		record = rest
	}
	return true
}

// rows reads CSV, with a byte order mark and a header line or without. A row of another bucket than the
// manifest's is an error: it would be put where it does not belong.
func (s *schema) rows(r io.Reader, bucket string, yield func(Row) bool) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxCSVRecord)
	lines.Split(splitRecord)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if n == 1 {
			if text = strings.TrimPrefix(text, byteOrderMark); s.isHeader(text) {
				continue
			}
		}
		if text == "" {
			continue
		}
		row, err := s.row(text, bucket)
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		if !yield(row) {
			return errStopped
		}
	}
	return lines.Err()
}

func (s *schema) row(record, bucket string) (Row, error) {
	row := Row{Versioned: s.versioned}
	for i, read := range s.columns {
		value, rest, more, err := cutField(record)
		switch {
		case err != nil:
			return row, fmt.Errorf("field %d: %w", i+1, err)
		case more != (i < len(s.columns)-1):
			return row, fmt.Errorf("not %d fields, as the file schema has", len(s.columns))
		case i == s.bucket && value != bucket:
			return row, fmt.Errorf("bucket %.100q, the manifest is of %q", value, bucket)
		}
		if read != nil && value != "" {
			if err := read(&row, value); err != nil {
				return row, fmt.Errorf("field %d, %.100q: %w", i+1, value, err)
			}
		}
		record = rest
	}
	if row.Key == "" {
		return row, errors.New("no key")
	}
	return row, nil
}

// cutField takes the first field off a record; more says that a comma followed,
// and with it another field.
func cutField(record string) (value, rest string, more bool, err error) {
	if !strings.HasPrefix(record, `"`) {
		value, rest, more = strings.Cut(record, ",")
		return value, rest, more, nil
	}
	end, doubled := 1, false
	for end < len(record) {
		if record[end] != '"' {
			end++
			continue
		}
		if !strings.HasPrefix(record[end+1:], `"`) {
			break
		}
		end, doubled = end+2, true
	}
	if end >= len(record) {
		return "", "", false, errors.New("a quote is not closed")
	}
	value, rest = record[1:end], record[end+1:]
	if doubled {
		value = strings.ReplaceAll(value, `""`, `"`)
	}
	if rest == "" {
		return value, "", false, nil
	}
	if rest[0] != ',' {
		return "", "", false, errors.New("text behind a closing quote")
	}
	return value, rest[1:], true, nil
}

// splitRecord is a bufio.SplitFunc for CSV records: a line feed inside quotes
// does not end one.
func splitRecord(data []byte, atEOF bool) (advance int, token []byte, err error) {
	quoted := false
	for i, c := range data {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			return i + 1, bytes.TrimSuffix(data[:i], []byte("\r")), nil
		}
	}
	if !atEOF || len(data) == 0 {
		return 0, nil, nil
	}
	if quoted {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return len(data), data, nil
}
