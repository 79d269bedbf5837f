package inventory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Located is the report that was found at a location.
type Located struct {
	Report *Report
	URI    string  // of what was read: a manifest or a list
	Named  string  // what the location named instead, as a file beside the manifest; "" where that was it
	Newest *Listed // the report, where it was chosen among those below a folder; else nil
}

// Locate opens the report or list at a location: a manifest, or any other file of a
// report, the newest complete report below a folder, a list of objects, the completion report of an S3 Batch
// Operations job, or the metadata of an Iceberg table. What it is, its content says; only the last goes by its name. bucket opens a bucket.
func Locate(ctx context.Context, at Location, bucket func(name string) Source, opts Options) (*Located, error) {
	if opts.Results.Columns == "" && TableMetadata(at.Name) {
		rep, err := openTable(ctx, at, bucket, opts)
		if err != nil {
			return nil, err
		}
		return &Located{Report: rep, URI: at.String()}, nil
	}
	if opts.Results.Columns != "" {
		src, name, err := at.Source(bucket, "")
		if err != nil {
			return nil, err
		}
		rep, err := openResults(ctx, src, at, name, opts)
		if err != nil {
			return nil, err
		}
		return &Located{Report: rep, URI: at.String()}, nil
	}
	named := at
	at, err := manifestOf(ctx, at, bucket)
	if err != nil {
		return nil, err
	}
	src, name, err := at.Source(bucket, opts.KeepDir)
	if err != nil {
		return nil, err
	}
	l := &Located{URI: at.String()}
	if named != at {
		l.Named = named.String()
	}
	if name == "" || strings.HasSuffix(name, "/") {
		if l.Newest, err = Newest(ctx, src, name); err != nil {
			var none *NoReportError
			if errors.As(err, &none) {
				none.Below = at.String()
			}
			return nil, err
		}
		name = l.Newest.Name
		l.URI = at.Below(name)
	}
	if l.Report, err = openAny(ctx, src, name, opts); err != nil {
		if errors.Is(err, fs.ErrNotExist) && path.Ext(name) == "" && !at.Local() {
			return locateBelow(ctx, at, bucket, opts, err)
		}
		return nil, err
	}
	if k, keeps := src.(*keepingSource); keeps {
		if err := k.noteList(ctx, l.Report); err != nil {
			return nil, err
		}
	}
	if m := l.Report.Manifest(); m.SourceBucket == "" {
		if m.Format == BatchReport {
			return nil, fmt.Errorf("%s: no task of the job failed, so there is nothing to do", l.URI)
		}
		return nil, &UnlikeError{Name: l.URI, Empty: true}
	}
	return l, nil
}

// locateBelow takes a name that is no object for a prefix without its slash.
func locateBelow(ctx context.Context, at Location, bucket func(name string) Source, opts Options, missing error) (*Located, error) {
	below, err := Locate(ctx, Location{at.Bucket, at.Name + "/"}, bucket, opts)
	if errors.Is(err, ErrNoReport) {
		return nil, fmt.Errorf("%w; %w", missing, err)
	}
	return below, err
}

// Source returns the place that a location is in, and the name there; a folder
// is "" or ends in a slash. Manifests in S3 are kept in keep, if it is not "".
func (l Location) Source(bucket func(name string) Source, keep string) (Source, string, error) {
	if !l.Local() {
		src := bucket(l.Bucket)
		if keep != "" {
			src = &keepingSource{Source: src, bucket: l.Bucket, dir: keep}
		}
		return src, l.Name, nil
	}
	if info, err := os.Stat(l.Name); err == nil && info.IsDir() || l.Folder() {
		local, err := NewLocal(l.Name)
		return local, "", err
	}
	src, name, err := LocalFile(l.Name)
	return src, name, err
}

// Below spells the location of a name in the place that l is in.
func (l Location) Below(name string) string {
	if l.Local() {
		return filepath.Join(l.Name, filepath.FromSlash(name))
	}
	return Location{Bucket: l.Bucket, Name: name}.String()
}

// openAny opens what is called name by what it begins with.
func openAny(ctx context.Context, src Source, name string, opts Options) (*Report, error) {
	m := &manifestText{src: src, name: name}
	if path.Ext(name) == ".json" {
		m.sum = askChecksum(ctx, src, name)
		defer m.sum.end()
	}
	body, info, err := src.Open(ctx, name, 0, "")
	if err != nil {
		return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	}
	defer body.Close()
	text := bufio.NewReaderSize(body, beginning)
	head, err := text.Peek(beginning)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")), bytes.HasPrefix(head, []byte("ORC")):
		return nil, &ResultLikeError{name, "is a Parquet or ORC file, of a report or of the result of a query"}
	case bytes.HasPrefix(head, []byte("{")), m.sum != nil:
		if m.data, err = readBody(ctx, name, text, info.Size, maxManifestBytes); err != nil {
			return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
		}
		return m.openAny(ctx, opts)
	case len(head) > 0 && path.Ext(name) != ".gz" && !strings.Contains(beforeBreak(string(head)), ","):
		// What the line is stays unsaid: a file that was named by mistake may hold secrets.
		return nil, &UnlikeError{Name: name}
	}
	return OpenList(ctx, src, name, opts)
}

// openAny opens the manifest of a report, or of the completion report of a job of S3 Batch
// Operations.
func (m *manifestText) openAny(ctx context.Context, opts Options) (*Report, error) {
	rep, err := m.open(ctx, opts)
	if errors.Is(err, ErrNotManifest) {
		batch, batchErr := m.openBatch(ctx, opts)
		if !errors.Is(batchErr, ErrNotManifest) {
			return batch, batchErr
		}
	}
	return rep, err
}

// beforeBreak is the first line of a text that may be cut off.
func beforeBreak(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// beginning is how many bytes of a file tell what it is.
const beginning = 512
