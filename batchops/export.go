package batchops

import (
	"bufio"
	"cmp"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reseal/internal/outfile"
	"reseal/inventory"
	"reseal/plan"
)

// Exported is what Export wrote.
type Exported struct {
	Manifests []Manifest       // in the order of their names
	Left      map[string]int64 // objects that such a job cannot do, by why
}

// Manifest is a file that lists objects for one job.
type Manifest struct {
	Path    string
	Objects int64
}

// Export makes the folder dir and writes what policy decides on each row of the
// report, as a manifest for each storage class with the request that creates its job.
// Rows that done has are left out; nil has none. After an error the folder is gone: a
// manifest that is not complete would look like one that is.
func Export(ctx context.Context, dir string, policy *plan.Policy, rep *inventory.Report, done func(inventory.Position) bool) (*Exported, error) {
	if err := CheckSelection(&policy.Options); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for the manifests: %w", err)
	}
	e := &export{dir: dir, policy: policy, versions: rep.Manifest().Columns.Has(inventory.ColVersionID), files: map[string]*manifestFile{}, left: map[string]int64{}}
	err := e.write(ctx, rep, done)
	if err := errors.Join(err, e.close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write manifests: %w", err), os.RemoveAll(dir))
	}
	out := &Exported{Left: e.left}
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		out.Manifests = append(out.Manifests, Manifest{e.path(name), e.files[name].rows})
	}
	return out, nil
}

// export is a folder of manifests in the making.
type export struct {
	dir      string
	policy   *plan.Policy
	versions bool                     // the report has a column of version ids
	files    map[string]*manifestFile // by storage class, or allClasses
	left     map[string]int64
}

// allClasses is the name of the manifest whose job keeps the class of each object.
const allClasses = "all"

// manifestFile is one manifest.
type manifestFile struct {
	file *os.File
	buf  *bufio.Writer
	sum  hash.Hash
	rows int64
}

func (e *export) path(name string) string { return filepath.Join(e.dir, "manifest-"+name+".csv") }

// write goes through the report.
func (e *export) write(ctx context.Context, rep *inventory.Report, done func(inventory.Position) bool) error {
	segments, err := rep.Segments(ctx)
	if err != nil {
		return err
	}
	for batch, err := range rep.Read(ctx, segments) {
		if err = cmp.Or(err, batch.Err); err != nil {
			return err
		}
		for i := range batch.Records {
			task := e.policy.Decide(&batch.Records[i])
			if task.Action == plan.Skip || done != nil && done(task.Record.Pos) {
				continue
			}
			if err := checkRow(&e.policy.Options, &task); err != nil {
				return err
			}
			if err := e.add(&task); err != nil {
				return err
			}
		}
	}
	return nil
}

// add writes one row, or counts why it cannot be.
func (e *export) add(t *plan.Task) error {
	name := allClasses
	switch {
	case t.Action == plan.Update:
	case e.policy.Options.Method != plan.MethodCopy:
		e.left["which cannot be updated in place"]++
		return nil
	case t.Action == plan.MultipartCopy:
		e.left["above the size that a Copy job takes"]++
		return nil
	case t.Record.StorageClass == "" || t.Record.StorageClass == inventory.StorageClass("REDUCED_REDUNDANCY"):
		e.left["whose storage class a Copy job cannot keep"]++
		return nil
	default:
		name = string(t.Record.StorageClass)
	}
	f := e.files[name]
	if f == nil {
		file, err := outfile.Create(e.path(name))
		if err != nil {
			return err
		}
		f = &manifestFile{file: file, sum: md5.New()}
		f.buf = bufio.NewWriterSize(io.MultiWriter(file, f.sum), 1<<16)
		e.files[name] = f
	}
	f.rows++
	line := t.Record.Bucket + "," + encodeKey(t.Record.Key)
	if e.versions {
		line += "," + cmp.Or(t.Record.VersionID, "null")
	}
	_, err := f.buf.WriteString(line + "\n")
	return err
}

// encodeKey encodes a key as manifests of S3 Batch Operations have it: a space is
// %20 (Amazon S3 User Guide, batch-ops-create-job, read 2026-11-21).
func encodeKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}

// close ends the manifests and writes a request beside each.
func (e *export) close() error {
	var errs []error
	for name, f := range e.files {
		err := errors.Join(f.buf.Flush(), f.file.Sync(), f.file.Close())
		if err == nil {
			err = e.writeRequest(name, f)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
