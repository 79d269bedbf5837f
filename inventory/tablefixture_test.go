package inventory

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateTable = flag.Bool("update", false, "write testdata/tables/own anew")

// ownTable is a table of the objects of script-bucket, which scripts of cmd/reseal read.
const ownTable = "testdata/tables/own"

// writeOwnTable writes it to a folder: columns that were renamed and added, partitions,
// deletes of both kinds, a row that came back, keys that are not known.
func writeOwnTable(t *testing.T, dir string) {
	t.Helper()
	a := newTable(t)
	a.dir, a.location = dir, "s3://0f1e2d3c4b5a--table-s3"
	a.props["comment"] = "zstd"
	a.column(8, "encryption_status", "string")
	row := func(key string, size int, tag string, rest ...cell) []cell {
		return append([]cell{"script-bucket", key, size, strings.Repeat("0", 32-len(tag)) + tag}, rest...)
	}
	var old [][]cell
	for i := 1; i <= 8; i++ {
		old = append(old, row(fmt.Sprintf("old/k%02d.bin", i), 10*i, fmt.Sprint(i), "SSE-S3"))
	}
	before := tableFields("bucket:1", "object_key:2", "size:3#", "e_tag:5", "encryption_status:8")
	a.data("data/1.parquet", 1, "STANDARD", before, old[:6]...)
	a.data("data/2.parquet", 1, "STANDARD_IA", before, old[6:]...)
	now := tableFields("bucket:1", "key:2", "size:3#", "e_tag:5", "encryption_status:8", "kms_key_arn:6", "storage_class:7")
	a.data("data/3.parquet", 2, "STANDARD", now,
		row("new/a+b c%41.bin", 100, "a1", "SSE-S3", nil, "STANDARD"),
		row("new/other-key.bin", 200, "a2", "SSE-KMS", "arn:aws:kms:us-east-1:111122223333:key/old", "STANDARD"),
		row("new/unknown-key.bin", 300, "a3", "SSE-KMS", nil, "STANDARD"))
	a.data("data/4.parquet", 2, "STANDARD_IA", now, row("new/no-status.bin", 400, "a4", nil, nil, "STANDARD_IA"))
	a.positions("data/5-deletes.parquet", 3, "STANDARD", []cell{"data/1.parquet", 2})
	a.values("data/6-deletes.parquet", 4, "STANDARD", tableFields("key:2"), []cell{"old/k05.bin"})
	a.values("data/7-deletes.parquet", 4, "STANDARD_IA", tableFields("key:2"), []cell{"old/k08.bin"})
	a.data("data/8.parquet", 5, "STANDARD", now, row("old/k05.bin", 555, "55", "SSE-S3", nil, "STANDARD"))
	if err := os.Rename(a.save(), filepath.Join(dir, "metadata", "00007.metadata.json")); err != nil {
		t.Fatal(err)
	}
}

// The committed table is the one that is written here: go test ./inventory -run OwnTable
// -update writes it anew.
func TestOwnTable(t *testing.T) {
	dir := t.TempDir()
	if *updateTable {
		if err := os.RemoveAll(ownTable); err != nil {
			t.Fatal(err)
		}
		dir = ownTable
	}
	writeOwnTable(t, dir)
	want, got := filesBelow(t, dir), filesBelow(t, ownTable)
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
		t.Fatalf("files %q", names)
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s has other bytes", name)
		}
	}
}

func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
