package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// foundFiles are the files below a place: those with rows, and what else lies there.
type foundFiles struct {
	prefix  string // of all names, "" or with a slash at its end
	format  Format
	files   []File
	values  map[int][]Value // of their folders
	bytes   int64
	leftOut []string // that hold no rows by their names: notes of the programs that wrote the rest
	empty   int64    // without a byte
}

// take looks at one file. What may hold rows and cannot be read is an error, so that none
// is missing without a word.
func (f *foundFiles) take(ctx context.Context, src Source, o ObjectInfo) error {
	values, skipped, err := f.byName(o.Name)
	switch {
	case err != nil || skipped:
		return err
	case o.Size == 0:
		f.empty++
		return nil
	case o.Size < 0:
		return fmt.Errorf("the listing does not say how large %.200q is", o.Name)
	}
	format, err := f.formatOf(ctx, src, o.Name)
	switch {
	case err != nil:
		return fmt.Errorf("%.200q: %w", o.Name, err)
	case len(f.files) > 0 && format != f.format:
		return fmt.Errorf("%.200q is %s, and %.200q is %s: all files of a result have one format", f.files[0].Key, f.format, o.Name, format)
	case len(f.files) == maxManifestFiles:
		return fmt.Errorf("more than %d data files", maxManifestFiles)
	}
	f.format = format
	f.bytes += o.Size
	if len(values) > 0 {
		if f.values == nil {
			f.values = map[int][]Value{}
		}
		f.values[len(f.files)] = values
	}
	f.files = append(f.files, File{Key: o.Name, Size: o.Size, ETag: o.ETag})
	return nil
}

// byName is what the name of a file tells: the columns of its folders, and whether it is
// skipped, which is noted, as it holds no rows.
func (f *foundFiles) byName(name string) (values []Value, skipped bool, err error) {
	rel := strings.TrimPrefix(name, f.prefix)
	folder, base := path.Split(rel)
	values, hidden, err := readFolders(folder)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("%.200q: %w", name, err)
	case base == manifestFile, base == checksumFile:
		return nil, false, fmt.Errorf("%.200q belongs to a report: leave --columns out, and its manifest says how it is read", name)
	case strings.HasSuffix(base, ".metadata.json"):
		return nil, false, fmt.Errorf("%.200q belongs to an Iceberg table, of which not every file holds rows that are in it: name that file as --manifest, without --columns", name)
	case hidden, isNote(base):
		f.leftOut = append(f.leftOut, rel)
		return nil, true, nil
	}
	return values, false, nil
}

// isNote tells whether a file holds no rows by its name: Hadoop's and Spark's _SUCCESS
// and checksums, and what Athena writes beside a result (Amazon Athena User Guide, unload
// and querying-finding-output-files, read 2026-11-30).
func isNote(base string) bool {
	return hiddenName(base) || strings.HasSuffix(base, ".crc") || strings.HasSuffix(base, "-manifest.csv") || strings.HasSuffix(base, ".metadata")
}

// hiddenName tells whether Hadoop and Spark take no rows from what is called so.
func hiddenName(name string) bool {
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".")
}

// readFolders reads the folders that a file lies in, below the place: columns that all its
// rows have, as Hive writes them (column=value), and whether nothing below them counts.
// Folders of tables that have a list of their own of what is in them are an error.
func readFolders(folder string) (values []Value, hidden bool, err error) {
	for name := range strings.SplitSeq(strings.Trim(folder, "/"), "/") {
		column, text, partition := strings.Cut(name, "=")
		switch {
		case name == "_delta_log":
			return nil, false, errors.New("belongs to a Delta table, of which not every file holds rows that are in it: have a query write them elsewhere")
		case name == ".hoodie":
			return nil, false, errors.New("belongs to a Hudi table, of which not every file holds rows that are in it: have a query write them elsewhere")
		case name == "_temporary":
			return nil, false, errors.New("is of a Spark or Hadoop job that has not ended, or did not end well: wait for it, or take the folder _temporary away")
		case hiddenName(name) && !partition:
			hidden = true
		case partition:
			value, ok, err := partitionValue(column, text)
			if err != nil {
				return nil, false, err
			}
			if ok && columnsOf(values).Has(value.Column) {
				return nil, false, fmt.Errorf("two of its folders name the column %s", value.Column)
			}
			if ok {
				values = append(values, value)
			}
		}
	}
	return values, hidden, nil
}

// noPartition is the name of Hive's folder for rows without a value.
const noPartition = "__HIVE_DEFAULT_PARTITION__"

// partitionValue reads one folder; ok is false for a column that is none of a report, and
// where there is no value.
func partitionValue(column, text string) (v Value, ok bool, err error) {
	col, known := parseMapped(column)
	if !known {
		return v, false, nil
	}
	text, err = url.PathUnescape(text)
	switch {
	case err != nil:
		return v, false, fmt.Errorf("its folder for the column %s has a value that cannot be read", col)
	case col == ColKey:
		return v, false, fmt.Errorf("it lies in a folder for the column %s: a result is not cut by keys", col)
	case col == ColBucket && (text == noPartition || text == ""):
		return v, false, fmt.Errorf("its rows have no %s", col)
	case len(stated(col, []byte(text))) == 0:
		return v, false, nil
	}
	if err := setField(new(Record), col, []byte(text), new(arena), &interner{col: col}); err != nil {
		return v, false, fmt.Errorf("its folder says %s: %w", col, err)
	}
	return Value{col, text}, true, nil
}

// formatOf returns the format of a data file, by the end of its name or else by its first
// bytes: Athena gives its files no such end.
func (f *foundFiles) formatOf(ctx context.Context, src Source, name string) (Format, error) {
	ext := strings.ToLower(path.Ext(name))
	if ext == ".gz" && len(path.Ext(strings.TrimSuffix(name, path.Ext(name)))) > 0 {
		ext = strings.ToLower(path.Ext(strings.TrimSuffix(name, path.Ext(name))))
		if ext == ".parquet" || ext == ".parq" || ext == ".orc" {
			return "", fmt.Errorf("a %s.gz file is not read: Parquet and ORC are compressed within", ext)
		}
	}
	switch ext {
	case ".parquet", ".parq":
		return Parquet, nil
	case ".orc":
		return ORC, nil
	case ".csv":
		return CSV, nil
	case ".json", ".jsonl", ".ndjson", ".avro", ".zst", ".zstd", ".bz2", ".snappy", ".lz4", ".deflate", ".xz", ".lzo", ".zip", ".tsv", ".xml":
		return "", fmt.Errorf("a %s file is not read: want Parquet, ORC, or CSV, plain or gzip", ext)
	}
	head, err := readHead(ctx, src, name, 4)
	switch {
	case err != nil:
		return "", err
	case string(head) == "PAR1":
		return Parquet, nil
	case bytes.HasPrefix(head, []byte("ORC")):
		return ORC, nil
	case bytes.HasPrefix(head, []byte("Obj\x01")), bytes.HasPrefix(head, []byte("{")):
		return "", errors.New("is neither Parquet, ORC nor CSV by its first bytes")
	}
	return CSV, nil
}

// check tells what is wrong with all of them together.
func (f *foundFiles) check(name string) error {
	switch {
	case len(f.files) > 0:
		return nil
	case f.empty > 0 || len(f.leftOut) > 0:
		return fmt.Errorf("no file there has rows: %s", f.others())
	}
	return errors.New("nothing is there: no file has this name, and none lies below it")
}

// others says what is there beside data files, "" for nothing.
func (f *foundFiles) others() string {
	const named = 5
	var parts []string
	if n := len(f.leftOut); n > 0 {
		text := fmt.Sprintf("%d that hold none by their names (%.60q", n, f.leftOut[:min(n, named)])
		if n > named {
			text += ", ..."
		}
		parts = append(parts, text+")")
	}
	if f.empty > 0 {
		parts = append(parts, fmt.Sprintf("%d without a byte", f.empty))
	}
	return strings.Join(parts, ", ")
}

// notes say what was taken for a result, and what was not.
func (f *foundFiles) notes(m *Manifest) (notes []error) {
	text := fmt.Sprintf("the rows are those of %d %s files, %d bytes, with the columns %s", len(f.files), f.format, f.bytes, strings.Join(m.Columns.Names(), ", "))
	if len(f.files) == 1 {
		text = strings.Replace(text, "1 "+string(f.format)+" files", "1 "+string(f.format)+" file", 1)
	}
	notes = append(notes, errors.New(text))
	if others := f.others(); others != "" {
		notes = append(notes, errors.New("files that were not read: "+others))
	}
	return notes
}
