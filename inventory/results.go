package inventory

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Results say how the data files of a query's result are read, which has no manifest.
type Results struct {
	// Columns is AutoColumns, or the names of the columns of CSV files without a first
	// line that names them, with commas between, in order; "-" stands for one that is
	// ignored. "" reads no results: there is a manifest, or a list.
	Columns string

	Bucket string // that the rows are about which count; "" is that of the first row
}

// AutoColumns takes the columns by the names that the files have for them.
const AutoColumns = "auto"

// mapping reads Columns.
func (r Results) mapping() (*Mapping, error) {
	if strings.EqualFold(r.Columns, AutoColumns) {
		return &Mapping{Bucket: r.Bucket}, nil
	}
	m := &Mapping{Layout: []Column{}, Bucket: r.Bucket}
	var set Columns
	for name := range strings.SplitSeq(r.Columns, ",") {
		col, ok := parseMapped(name)
		switch {
		case !ok && foldName(name) != "-":
			return nil, fmt.Errorf("column %.40q is none of %s, nor - for one that is ignored", name, strings.Join(resultNames(), ", "))
		case ok && set.Has(col):
			return nil, fmt.Errorf("column %.40q is named twice", name)
		case ok:
			set = set.With(col)
		}
		m.EncodedKeys = m.EncodedKeys || foldName(name) == encodedKey
		m.Layout = append(m.Layout, col)
	}
	if r.Bucket != "" {
		set = set.With(ColBucket)
	}
	return m, requireColumns(set)
}

// Check tells what is wrong with Columns.
func (r Results) Check() error {
	_, err := r.mapping()
	return err
}

// resultNames are the names of columns, as queries spell them.
func resultNames() (names []string) {
	for col := range numColumns {
		names = append(names, snakeName(col))
	}
	return append(names, "encoded_key")
}

// FileSet are data files that are read as one report although no manifest names them.
type FileSet struct {
	Format  Format // CSV, ORC or Parquet
	Bucket  string // that the report is of
	Columns Columns
	Files   []File          // in an order that stays: rows are counted by it. Each has a size, and an MD5 or an ETag
	Values  map[int][]Value // of all rows of a file, by its index in Files, for columns that are not in it
	Mapping Mapping
	MD5     string // of what makes the set this one: a job is bound to it. 32 hexadecimal digits
}

// OpenFiles opens a set of files as a report that is called name. A file that is not what
// the set says is an error when it is read.
func OpenFiles(src Source, name string, set FileSet, opts Options) *Report {
	opts.mapping = &set.Mapping
	r := newReport(src, name, opts)
	r.given = set.Values
	r.manifest = &Manifest{SourceBucket: set.Bucket, Format: set.Format, Columns: set.Columns, Files: set.Files,
		MD5: set.MD5, Named: opts.Results.Columns, layout: set.Mapping.Layout}
	r.shape = csvShape{layout: set.Mapping.Layout, names: set.Mapping.Layout == nil, sniff: true, query: true, decodeKeys: set.Mapping.EncodedKeys, given: set.Mapping.unneeded()}
	return r
}

// ResultError says that what lies at a place cannot be read as the result of a query.
type ResultError struct {
	Below string // location
	Err   error
}

func (e *ResultError) Error() string { return fmt.Sprintf("query result %s: %v", e.Below, e.Err) }

// Unwrap returns the cause.
func (e *ResultError) Unwrap() error { return e.Err }

// openResults opens the data files at a name or below a prefix of src.
func openResults(ctx context.Context, src Source, at Location, name string, opts Options) (*Report, error) {
	fail := func(err error) (*Report, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &ResultError{at.String(), err}
	}
	mapping, err := opts.Results.mapping()
	if err != nil {
		return fail(err)
	}
	found, err := findFiles(ctx, src, name)
	if err != nil {
		return fail(err)
	}
	set := FileSet{Format: found.format, Files: found.files, Values: found.values, Mapping: *mapping}
	if mapping.Layout != nil && set.Format != CSV {
		return fail(fmt.Errorf("its files are %s, and --columns names the columns of CSV files without a first line that does: want --columns auto", set.Format))
	}
	look := set
	look.Files = slices.Clone(set.Files)
	first := OpenFiles(src, name, look, opts) // before the MD5s are known, so that no file is read for its own
	if err := first.lookInto(ctx, opts.Results.Bucket); err != nil {
		return fail(err)
	}
	if err := freeze(ctx, src, &set); err != nil {
		return fail(err)
	}
	set.Bucket, set.Columns, set.MD5 = first.manifest.SourceBucket, first.manifest.Columns, digest(opts.Results, found.prefix, &set)
	r := OpenFiles(src, name, set, opts)
	r.manifest.below = found.prefix
	r.warnings = append(first.warnings, found.notes(r.manifest)...)
	return r, nil
}

// ResultFile is a file of a query's result, as a job keeps it.
type ResultFile struct {
	Name string `json:"name"` // below the place of the result
	Size int64  `json:"size"`
	Sum  string `json:"sum"` // MD5 of its bytes, or its ETag in a bucket
}

// mostResultFiles is how many files a job keeps the names of.
const mostResultFiles = 10_000

// ResultFiles are the files of a query's result. There are none where a manifest names
// the files, and where they are more than a job keeps.
func (m *Manifest) ResultFiles() []ResultFile {
	if m.Named == "" || len(m.Files) > mostResultFiles {
		return nil
	}
	out := make([]ResultFile, len(m.Files))
	for i, f := range m.Files {
		out[i] = ResultFile{strings.TrimPrefix(f.Key, m.below), f.Size, f.MD5 + f.ETag}
	}
	return out
}

// freeze fills in what the files have to be when they are read: their ETags, or the MD5
// of their bytes where the place has no ETags that tell as much. There they have to be
// what was listed, and looked into.
func freeze(ctx context.Context, src Source, set *FileSet) error {
	_, local := src.(*Local)
	for i := range set.Files {
		f := &set.Files[i]
		if !local {
			if f.ETag == "" {
				return fmt.Errorf("%.200q has no ETag, so nobody could tell whether it stays the same", f.Key)
			}
			continue
		}
		h := md5.New()
		body, info, err := src.Open(ctx, f.Key, 0, "")
		if err != nil {
			return err
		}
		n, err := io.CopyBuffer(onlyWriter{h}, &contextReader{ctx, body}, make([]byte, 256<<10))
		if err := errors.Join(err, body.Close()); err != nil {
			return fmt.Errorf("read %.200q: %w", f.Key, err)
		}
		if n != f.Size || f.ETag != "" && info.ETag != f.ETag {
			return fmt.Errorf("%.200q: %w", f.Key, ErrChanged)
		}
		f.ETag, f.MD5 = "", hex.EncodeToString(h.Sum(nil))
	}
	return nil
}

// digest is the MD5 of what a set is made of: how it is read, and which files it has. The
// same files at another place are the same set.
func digest(asked Results, prefix string, set *FileSet) string {
	h := md5.New()
	fmt.Fprintf(h, "query result, 1\n%s\n%s\n%q\n", set.Format, strings.ToLower(asked.Columns), asked.Bucket)
	for _, f := range set.Files {
		fmt.Fprintf(h, "%q %d %q\n", strings.TrimPrefix(f.Key, prefix), f.Size, f.ETag+f.MD5)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lookInto reads the columns and the bucket of the report from the first file that has a
// row. wanted is the bucket that was asked for, "" for none.
func (r *Report) lookInto(ctx context.Context, wanted string) error {
	m := r.manifest
	for i := range m.Files {
		var first []Record
		for b, err := range r.Read(ctx, []Segment{{File: i, Last: OpenEnd}}) {
			switch {
			case err != nil:
				return err
			case b.Err != nil && len(first) == 0:
				return b.Err
			}
			for j := range b.Records {
				if !b.Records[j].Removed {
					first = append(first, b.Records[j].Clone())
				}
			}
			if len(first) > 0 {
				break
			}
		}
		if len(first) == 0 {
			continue
		}
		for j := range first {
			m.Columns |= first[j].Known
		}
		if err := r.keepCommon(ctx); err != nil {
			return err
		}
		m.SourceBucket = first[0].Bucket
		if wanted != "" {
			m.SourceBucket = wanted
		}
		if !ValidBucket(m.SourceBucket) || DirectoryBucket(m.SourceBucket) {
			return fmt.Errorf("%.200q, row 1: %.100q is no name of a general purpose bucket", m.Files[i].Key, m.SourceBucket)
		}
		if slices.ContainsFunc(first, func(r Record) bool { return r.VersionID == nullVersion && !r.Known.Has(ColIsLatest) }) {
			r.warnings = append(r.warnings, errNullVersion)
		}
		if !r.opts.mapping.EncodedKeys && looksEncoded(first) {
			r.warnings = append(r.warnings, errLooksEncoded)
		}
		return nil
	}
	return errNoRows
}

var (
	errNoRows       = errors.New("none of its files has a row")
	errNullVersion  = errors.New("the version_id null is taken for the version that S3 calls so; where it stands for no version, leave the column out, or have the query write NULL")
	errLooksEncoded = errors.New("the keys look URL-encoded, as S3 Inventory writes them in CSV, and are taken as they are: " +
		"if they are encoded, call their column encoded_key, or have the query decode them (Athena: url_decode(key))")
)

// looksEncoded tells whether keys have escapes, and nothing that URL encoding leaves in
// no key.
func looksEncoded(recs []Record) (escapes bool) {
	for i := range recs {
		key := recs[i].Key
		if strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"<>\^{|}`+"`", c) }) {
			return false
		}
		decoded, err := appendKey(nil, []byte(key))
		if err != nil {
			return false
		}
		escapes = escapes || strings.Contains(key, "%") && !bytes.Equal(decoded, []byte(key))
	}
	return escapes
}

// findFiles finds the data files at a name, or below a prefix.
func findFiles(ctx context.Context, src Source, name string) (*foundFiles, error) {
	found := &foundFiles{}
	if name != "" && !strings.HasSuffix(name, "/") {
		body, info, err := src.Open(ctx, name, 0, "")
		if err == nil {
			err = body.Close()
			found.prefix = strings.TrimSuffix(name, path.Base(name))
			if err == nil {
				err = alone(ctx, src, name)
			}
			if err == nil {
				err = found.take(ctx, src, info)
			}
			if err != nil {
				return nil, err
			}
			return found, found.check(name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		name += "/"
	}
	found.prefix = name
	listed, irregular, err := listAll(ctx, src, name)
	if err != nil {
		return nil, err
	}
	for _, n := range irregular {
		_, skipped, err := found.byName(n)
		if err != nil {
			return nil, err
		}
		if !skipped {
			return nil, fmt.Errorf("%.200q is a link or no regular file, and is not followed: rows behind it would be missed; put the files themselves there, or take it away", n)
		}
	}
	slices.SortFunc(listed, func(a, b ObjectInfo) int { return strings.Compare(a.Name, b.Name) })
	for _, o := range listed {
		if err := found.take(ctx, src, o); err != nil {
			return nil, err
		}
	}
	return found, found.check(name)
}

// alone is an error where objects lie below the name of an object, as they can in a
// bucket: which of the two is meant, the name does not say.
func alone(ctx context.Context, src Source, name string) error {
	if _, local := src.(*Local); local {
		return nil
	}
	below, err := src.List(ctx, name+"/")
	if err != nil || len(below) == 0 {
		return err
	}
	return fmt.Errorf("%.200q is an object, and %d more lie below %.200q: name the folder with its slash for those; to read the object alone, copy it to another place", name, len(below), name+"/")
}

// listAll is src.List, with the names of what that leaves out in a local folder.
func listAll(ctx context.Context, src Source, prefix string) (files []ObjectInfo, irregular []string, err error) {
	if l, ok := src.(*Local); ok {
		return l.scan(ctx, prefix)
	}
	files, err = src.List(ctx, prefix)
	return files, nil, err
}
