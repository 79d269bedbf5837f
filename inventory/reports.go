package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// UsefulColumns are the columns without which a plan has to look at every object:
// what it is decided by, and what a copy has to name.
const UsefulColumns Columns = 1<<ColSize | 1<<ColETag | 1<<ColStorageClass | 1<<ColEncryption

// Listed is one report found under a prefix.
type Listed struct {
	Name     string    // of its manifest.json, for Open
	Time     time.Time // as its folder is called; zero where that is no time
	Complete bool      // its manifest.checksum is there
	Manifest *Manifest // nil where it cannot be read: Err says why
	Missing  Columns   // of UsefulColumns
	Newest   bool      // of the complete ones of its configuration; set by Reports
	Err      error
}

// Config is the folder of the reports of its configuration.
func (l *Listed) Config() string { return path.Dir(path.Dir(l.Name)) }

// Rows counts the rows of the report by the ends of its files; known is false where
// they do not tell, or are not there. Only the end of ctx is an error.
func (l *Listed) Rows(ctx context.Context, src Source) (n int64, known bool, err error) {
	rep, err := Open(ctx, src, l.Name, Options{})
	if err == nil {
		n, err = rep.Rows(ctx)
	}
	if err != nil || n < 0 {
		return 0, false, context.Cause(ctx)
	}
	return n, true, nil
}

// Age is how old the report was at now: since the listing of the bucket began,
// or since the time in the name of its folder.
func (l *Listed) Age(now time.Time) time.Duration {
	t := l.Time
	if l.Manifest != nil && !l.Manifest.Created.IsZero() {
		t = l.Manifest.Created
	}
	if t.IsZero() {
		return 0
	}
	return now.Sub(t)
}

// maxListed bounds the manifests that are read for a list, newest first. It is
// three months of daily reports.
const maxListed = 100

// Reports lists the reports under a prefix, the newest first, at most 100 of
// them. Their manifests are read and checked; a report that cannot be used is
// in the list with the reason.
func Reports(ctx context.Context, src Source, prefix string) ([]Listed, error) {
	found, _, err := findReports(ctx, src, prefix)
	if err != nil {
		return nil, err
	}
	found = found[:min(len(found), maxListed)]
	newest := map[string]bool{}
	for i := range found {
		l := &found[i]
		if err := l.read(ctx, src); err != nil {
			return nil, err
		}
		if config := l.Config(); l.Err == nil && l.Complete && !newest[config] {
			newest[config], l.Newest = true, true
		}
	}
	return found, nil
}

// ErrNoReport says that there is no report that can be used.
var ErrNoReport = errors.New("no complete inventory report found")

// Newest returns the newest complete report under a prefix. Where reports of
// more than one configuration lie there, which one is meant is not for a program to
// guess: that is an error that names them.
func Newest(ctx context.Context, src Source, prefix string) (*Listed, error) {
	found, rows, err := findReports(ctx, src, prefix)
	if err != nil {
		return nil, err
	}
	var configs []string
	for _, l := range found {
		if c := l.Config(); !slices.Contains(configs, c) {
			configs = append(configs, c)
		}
	}
	if len(configs) > 1 {
		slices.Sort(configs)
		return nil, fmt.Errorf("reports of %d configurations under %q: %s", len(configs), prefix, strings.Join(configs[:min(len(configs), 10)], ", "))
	}
	var why error
	for i := range found[:min(len(found), maxListed)] {
		l := &found[i]
		if err := l.read(ctx, src); err != nil {
			return nil, err
		}
		if l.Err == nil {
			return l, nil
		}
		if why == nil {
			why = l.Err
		}
	}
	if why != nil {
		return nil, &NoReportError{Why: why}
	}
	return nil, &NoReportError{Results: rows}
}

// reportFolder is how S3 names the folder of one report: the time at which the
// listing began (Amazon S3 User Guide, storage-inventory-location, read
// 2026-11-21).
var reportFolder = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d-\d\dZ$`)

// findReports finds manifests, newest first, without reading them. rows tells whether
// files are there that hold rows by their names.
func findReports(ctx context.Context, src Source, prefix string) (found []Listed, rows bool, err error) {
	objects, err := src.List(ctx, prefix)
	if err != nil {
		return nil, false, fmt.Errorf("look for reports: %w", err)
	}
	checksums := map[string]bool{}
	for _, o := range objects {
		rows = rows || slices.Contains([]string{".parquet", ".orc", ".csv"}, path.Ext(strings.TrimSuffix(o.Name, ".gz")))
		if path.Base(o.Name) == checksumFile {
			checksums[path.Dir(o.Name)] = true
		}
	}
	for _, o := range objects {
		if path.Base(o.Name) != manifestFile {
			continue
		}
		l := Listed{Name: o.Name, Complete: checksums[path.Dir(o.Name)]}
		if base := path.Base(path.Dir(o.Name)); reportFolder.MatchString(base) {
			l.Time, _ = time.Parse("2006-01-02T15-04Z", base)
		}
		found = append(found, l)
	}
	slices.SortFunc(found, func(a, b Listed) int {
		return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.Name, a.Name))
	})
	return found, rows, nil
}

// read fills in what the manifest says. Only the end of ctx is an error.
func (l *Listed) read(ctx context.Context, src Source) error {
	data, err := readAll(ctx, src, l.Name, maxManifestBytes)
	if err == nil {
		l.Manifest, err = ParseManifest(data)
	}
	if err == nil {
		l.Missing = UsefulColumns.Without(l.Manifest.Columns)
		err = (&manifestText{src: src, name: l.Name}).verify(ctx, l.Manifest.MD5)
		l.Complete = !errors.Is(err, ErrNoChecksum)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("gone since it was listed: %w", err)
		}
		l.Err = &ManifestError{Name: l.Name, Err: err}
	}
	return nil
}

// ValidID tells whether S3 would take s as the id of an inventory configuration
// (Amazon S3 API Reference, PutBucketInventoryConfiguration, read 2026-11-21).
func ValidID(s string) bool {
	odd := strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r)
	})
	return s != "" && len(s) <= 64 && odd < 0 && s != "." && s != ".."
}
