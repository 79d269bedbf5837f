//go:build unix

package orc_test

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/inventory/orc"
)

// BenchmarkReport reads a report of a million rows in one ORC file of four
// stripes into records: checksum, decompression, decoding, records. The target
// is 900,000 rows/s on one core (GOMAXPROCS=1), without allocations that grow with the rows.
func BenchmarkReport(b *testing.B) {
	const rows = 1_000_000
	data := orc.InventoryFile(b, rows)
	dir := b.TempDir()
	manifest := fmt.Appendf(nil, `{"sourceBucket":"acme-media-archive","destinationBucket":"arn:aws:s3:::reports","version":"2016-11-30",
		"creationTimestamp":"1763690400000","fileFormat":"ORC","fileSchema":"struct<bucket:string,key:string>",
		"files":[{"key":"data.orc","size":%d,"MD5checksum":"%x"}]}`, len(data), md5.Sum(data))
	for name, content := range map[string][]byte{
		"data.orc": data, "manifest.json": manifest, "manifest.checksum": fmt.Appendf(nil, "%x\n", md5.Sum(manifest)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	src, name, err := inventory.LocalFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		b.Fatal(err)
	}
	columns := inventory.ColumnsOf(inventory.ColVersionID, inventory.ColIsLatest, inventory.ColIsDeleteMarker, inventory.ColSize,
		inventory.ColLastModified, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption)
	r, err := inventory.Open(b.Context(), src, name, inventory.Options{Columns: columns, Open: 1})
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, read := processTime(), 0
	for b.Loop() {
		for batch, err := range r.Read(b.Context(), []inventory.Segment{{Last: inventory.OpenEnd}}) {
			if err != nil || batch.Err != nil {
				b.Fatal(err, batch.Err)
			}
			read += len(batch.Records)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(read)/(processTime()-cpu).Seconds(), "rows/cpu-s") // also on a machine that others use
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(read), "allocs/row")
	b.ReportMetric(float64(len(data))/rows, "B/row")
}

// processTime is the processor time that the process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
