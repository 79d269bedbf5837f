package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"reseal/inventory"
)

// planRows of the report that is planned over. RESEAL_BENCH_ROWS overrides it.
const planRows = 10_000_000

// BenchmarkPlan plans over a report in Parquet, on one core: reading, checking,
// decoding, deciding and pricing, process start included. The report is kept for
// another time where RESEAL_BENCH_KEEP is set.
func BenchmarkPlan(b *testing.B) {
	rows := int64(planRows)
	if s := os.Getenv("RESEAL_BENCH_ROWS"); s != "" {
		var err error
		if rows, err = strconv.ParseInt(s, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	manifest := planReport(b, rows)
	binary := build(b)
	b.ResetTimer()
	var cpu, wall time.Duration
	var rss int64
	for range b.N {
		cmd := exec.Command(binary, "plan", "--offline", "--manifest", manifest, "--json",
			"--sse-kms-key-id", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true")
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("plan: %v\n%s", err, out)
		}
		wall += time.Since(start)
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			rss = max(rss, u.Maxrss)
		}
	}
	b.ReportMetric(wall.Seconds()/float64(b.N), "s/plan")
	b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/plan")
	b.ReportMetric(float64(rows)*float64(b.N)/cpu.Seconds(), "rows/cpu-s")
	b.ReportMetric(float64(rss)/1024, "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

// planReport writes a report like S3's, a million rows a file, and returns its manifest.
func planReport(b *testing.B, rows int64) string {
	b.Helper()
	dir := b.TempDir()
	if os.Getenv("RESEAL_BENCH_KEEP") != "" {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("reseal-bench-plan-%d", rows))
	}
	const bucket = "archive-of-everything"
	created := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	manifest := filepath.Join(dir, bucket, "daily", "2026-11-20T01-00Z", "manifest.json")
	if _, err := os.Stat(filepath.Join(filepath.Dir(manifest), "manifest.checksum")); err == nil {
		return manifest
	}
	sink, err := inventory.NewFolder(dir)
	if err != nil {
		b.Fatal(err)
	}
	// What "reseal inventory setup" asks for, but for columns that few buckets fill.
	columns := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColLastModified, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColIsMultipart, inventory.ColReplicationStatus, inventory.ColEncryption, inventory.ColLockMode,
		inventory.ColLegalHold, inventory.ColTier, inventory.ColBucketKey, inventory.ColChecksum, inventory.ColOwner)
	w, err := inventory.NewWriter(sink, inventory.WriterOptions{SourceBucket: bucket, DestinationBucket: "reports", Config: "daily", Created: created,
		Format: inventory.Parquet, Columns: columns, TempDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	classes := []inventory.StorageClass{inventory.Standard, inventory.Standard, inventory.Standard, inventory.StandardIA, inventory.IntelligentTiering, inventory.Glacier}
	known := columns.Without(inventory.ColumnsOf(inventory.ColReplicationStatus, inventory.ColLockMode, inventory.ColLegalHold, inventory.ColTier, inventory.ColBucketKey))
	for i := range rows {
		x := uint64(i) * 0x9e3779b97f4a7c15 // a different number for each row, the same every time
		r := inventory.Record{Known: known, Bucket: bucket,
			Key:  fmt.Sprintf("tenants/%03d/2026/%02d/%02d/%016x-object.json.gz", x%500, x>>16%12+1, x>>24%28+1, x),
			Size: int64(x >> 40), LastModified: created.Add(-time.Duration(x>>34) * time.Millisecond),
			ETag: fmt.Sprintf("%016x%016x", x, x*3), StorageClass: classes[x>>8%uint64(len(classes))],
			Encryption: inventory.SSES3, Checksum: "CRC64NVME", Owner: "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"}
		if x>>12%5 == 0 {
			r.Encryption, r.BucketKey, r.Known = inventory.SSEKMS, "ENABLED", known.With(inventory.ColBucketKey)
		}
		if err := w.Write(context.Background(), &r); err != nil {
			b.Fatal(err)
		}
	}
	name, err := w.Close(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
