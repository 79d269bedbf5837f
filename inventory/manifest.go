package inventory

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of a manifest. Real ones have about 180 bytes a data file, and a data
// file holds around a million rows, so these leave room for 10^11 objects.
const (
	maxManifestBytes = 64 << 20
	maxManifestFiles = 1 << 18
)

// Format is the format of the data files of a report.
type Format string

// The formats that S3 Inventory delivers, and the lists of objects that are
// read as if they were reports.
const (
	CSV     Format = "CSV"
	ORC     Format = "ORC"
	Parquet Format = "Parquet"

	List        Format = "list"         // lines of bucket,key[,version]: see OpenList
	BatchReport Format = "batch-report" // completion report of S3 Batch Operations: see OpenBatchReport
)

// Manifest is the manifest of one report.
type Manifest struct {
	SourceBucket      string // name of the bucket that was listed
	DestinationBucket string // name of the bucket that the report was delivered to; "" where unknown
	Version           string
	Created           time.Time // when the listing began; zero where unknown
	Format            Format
	Schema            string  // fileSchema as written
	Columns           Columns // the columns of Schema that reseal reads
	Files             []File
	MD5               string // of the manifest's bytes, or of what else the report is bound by, 32 hexadecimal digits
	Table             *Table // of which the rows are; nil for all else
	Named             string // how the user named the columns of a query's result (Results.Columns); "" with a manifest

	layout []Column // CSV: what each field of a row is; numColumns where it is ignored
	below  string   // what the keys of a query's result begin with
}

// File is one data file of a report.
type File struct {
	Key  string // object key in the destination bucket; opaque
	Size int64  // bytes; -1 where the manifest does not say
	MD5  string // 32 hexadecimal digits, lower case; "" where the manifest does not say

	Rows    int64 // that it must have, where that is counted
	Counted bool  // somebody said how many rows it has; 0 is an answer, too

	ETag string // that the object must have, where its MD5 is not known; "" for none
}

// checkRows refuses a file that has other rows than it must have.
func (f *File) checkRows(rows int64) error {
	if f.Counted && rows != f.Rows {
		return fmt.Errorf("has %d rows, and the table says that it has %d", rows, f.Rows)
	}
	return nil
}

// Value is the text of a column, as CSV reports have it.
type Value struct {
	Column Column
	Text   string
}

// Bytes returns the sum of the sizes of the data files.
func (m *Manifest) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += max(f.Size, 0)
	}
	return n
}

// AllVersions tells whether the report lists all versions, not only current ones.
func (m *Manifest) AllVersions() bool { return m.Columns.Has(ColVersionID) }

type manifestJSON struct {
	SourceBucket      string          `json:"sourceBucket"`
	DestinationBucket string          `json:"destinationBucket"`
	Version           string          `json:"version"`
	CreationTimestamp json.RawMessage `json:"creationTimestamp"`
	FileFormat        string          `json:"fileFormat"`
	FileSchema        string          `json:"fileSchema"`
	Files             []struct {
		Key  string `json:"key"`
		Size *int64 `json:"size"`
		MD5  string `json:"MD5checksum"`
	} `json:"files"`
}

// ParseManifest reads a manifest.json. Errors are *FormatError, *SchemaError,
// one that wraps ErrNotManifest, or name the data file that is wrong.
func ParseManifest(data []byte) (*Manifest, error) {
	if len(data) > maxManifestBytes {
		return nil, fmt.Errorf("larger than %d MiB", maxManifestBytes>>20)
	}
	var j manifestJSON
	if err := decodeJSON(bytes.TrimPrefix(data, byteOrderMark), &j); err != nil {
		return nil, err
	}
	if j.FileFormat == "" && j.FileSchema == "" {
		return nil, ErrNotManifest
	}
	sum := md5.Sum(data)
	m := &Manifest{
		SourceBucket:      bucketName(j.SourceBucket),
		DestinationBucket: bucketName(j.DestinationBucket),
		Version:           j.Version,
		Schema:            j.FileSchema,
		MD5:               hex.EncodeToString(sum[:]),
	}
	switch {
	case strings.EqualFold(j.FileFormat, string(CSV)):
		m.Format = CSV
	case strings.EqualFold(j.FileFormat, string(ORC)):
		m.Format = ORC
	case strings.EqualFold(j.FileFormat, string(Parquet)):
		m.Format = Parquet
	default:
		return nil, &FormatError{Format: j.FileFormat}
	}
	switch {
	case m.SourceBucket == "":
		return nil, errors.New("sourceBucket is empty")
	case !ValidBucket(m.SourceBucket):
		return nil, fmt.Errorf("sourceBucket %.100q is no bucket name", m.SourceBucket)
	case DirectoryBucket(m.SourceBucket):
		return nil, fmt.Errorf("sourceBucket %.100q is a directory bucket: S3 makes no reports of them, and reseal does not work on them", m.SourceBucket)
	}
	var err error
	if m.Created, err = parseCreated(j.CreationTimestamp); err != nil {
		return nil, err
	}
	if m.Format == CSV {
		if m.layout, m.Columns, err = parseLayout(m.Schema); err != nil {
			return nil, err
		}
	} else {
		m.Columns = scanSchema(m.Schema)
	}
	if len(j.Files) > maxManifestFiles {
		return nil, fmt.Errorf("%d data files, more than %d", len(j.Files), maxManifestFiles)
	}
	seen := make(map[string]bool, len(j.Files))
	m.Files = make([]File, len(j.Files))
	for i, f := range j.Files {
		switch {
		case f.Key == "":
			return nil, fmt.Errorf("files[%d] has no key", i)
		case seen[f.Key]:
			return nil, fmt.Errorf("files[%d]: %q is listed twice", i, f.Key)
		case f.Size == nil || *f.Size < 0:
			return nil, fmt.Errorf("files[%d]: %q has no valid size", i, f.Key)
		case !isMD5(f.MD5):
			return nil, fmt.Errorf("files[%d]: %q has no valid MD5checksum", i, f.Key)
		}
		seen[f.Key] = true
		m.Files[i] = File{Key: f.Key, Size: *f.Size, MD5: strings.ToLower(f.MD5)}
	}
	return m, nil
}

// bucketName takes the name out of an ARN such as arn:aws:s3:::name, in any
// AWS partition; a plain name is returned as it is.
func bucketName(s string) string {
	if !strings.HasPrefix(s, "arn:") {
		return s
	}
	return s[strings.LastIndexByte(s, ':')+1:]
}

// parseCreated reads milliseconds since 1970, which S3 writes as a string.
func parseCreated(raw json.RawMessage) (time.Time, error) {
	s := strings.Trim(string(raw), `"`)
	if s == "" || s == "null" {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms < 0 || ms > maxUnixMilli {
		return time.Time{}, fmt.Errorf("creationTimestamp %.40q is not a number of milliseconds", s)
	}
	return time.UnixMilli(ms).UTC(), nil
}

func isMD5(s string) bool {
	if len(s) != 32 {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}

// parseLayout reads the fileSchema of a CSV report: the names of the columns,
// in the order of the fields of a row. Columns that reseal does not know are
// skipped: S3 adds new ones over the years.
func parseLayout(schema string) ([]Column, Columns, error) {
	var layout []Column
	var set Columns
	for name := range strings.SplitSeq(schema, ",") {
		if len(layout) == maxFields {
			return nil, 0, &SchemaError{Reason: fmt.Sprintf("more than %d columns", maxFields)}
		}
		c, ok := ParseColumn(name)
		if ok {
			if set.Has(c) {
				return nil, 0, &SchemaError{Reason: "column " + c.String() + " is there twice"}
			}
			set = set.With(c)
		}
		layout = append(layout, c)
	}
	if err := requireColumns(set); err != nil {
		return nil, 0, err
	}
	return layout, set, nil
}

func requireColumns(set Columns) error {
	var missing []Column
	for _, c := range []Column{ColBucket, ColKey} {
		if !set.Has(c) {
			missing = append(missing, c)
		}
	}
	if missing != nil {
		return &SchemaError{Missing: missing}
	}
	return nil
}

// scanSchema finds column names in the fileSchema of an ORC or Parquet report.
// It is only good for telling what the report has before a file was opened:
// the spelling of types has changed over the years, so decoders take the schema
// from the files.
func scanSchema(schema string) Columns {
	var set Columns
	word := func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	for name := range strings.FieldsFuncSeq(schema, word) {
		if c, ok := ParseColumn(name); ok {
			set = set.With(c)
		}
	}
	return set
}

// checkManifest compares a manifest with the content of its manifest.checksum,
// which S3 ends with a newline.
func checkManifest(md5hex string, checksum []byte) error {
	want := strings.ToLower(strings.TrimSpace(string(checksum)))
	if want != md5hex {
		return &ChecksumError{Want: fmt.Sprintf("%.64s", want), Got: md5hex}
	}
	return nil
}
