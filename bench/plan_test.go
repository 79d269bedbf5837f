package bench

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/inventory"
)

// planRows of the report that is planned over. RESEAL_BENCH_ROWS overrides it.
const planRows = 10_000_000

// BenchmarkPlan plans over a report in Parquet, on one core: reading, checking,
// decoding, deciding and pricing, process start included. The report is kept for
// another time where RESEAL_BENCH_KEEP is set. RESEAL_BENCH_TIMES has each of its
// files listed so many times, by other names: 10 makes 10^8 rows of 10^7.
// RESEAL_BENCH_MEMORY names a file for the memory taken, second by second.
func BenchmarkPlan(b *testing.B) {
	rows := int64(planRows)
	if s := os.Getenv("RESEAL_BENCH_ROWS"); s != "" {
		var err error
		if rows, err = strconv.ParseInt(s, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	manifest := planReport(b, rows)
	if s := os.Getenv("RESEAL_BENCH_TIMES"); s != "" {
		times, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		manifest = repeated(b, manifest, times)
		rows *= int64(times)
	}
	binary := build(b)
	b.ResetTimer()
	var cpu, wall time.Duration
	var rss int64
	for range b.N {
		cmd := exec.Command(binary, "plan", "--offline", "--manifest", manifest, "--json",
			"--sse-kms-key-id", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		start := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		stop := watchMemory(b, cmd.Process.Pid)
		err := cmd.Wait()
		stop()
		if err != nil {
			b.Fatalf("plan: %v\n%s", err, out.Bytes())
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

// watchMemory writes a line a second, until stopped, of how many MiB of memory a process has.
func watchMemory(b *testing.B, pid int) (stop func()) {
	name := os.Getenv("RESEAL_BENCH_MEMORY")
	if name == "" {
		return func() {}
	}
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintln(f, "second,mib")
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for second := 1; ; second++ {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
			if fields := strings.Fields(string(text)); len(fields) > 1 {
				pages, _ := strconv.ParseInt(fields[1], 10, 64)
				fmt.Fprintf(f, "%d,%d\n", second, pages*int64(os.Getpagesize())>>20)
			}
		}
	}()
	return func() {
		close(done)
		<-over
		_ = f.Close()
	}
}

// repeated makes a report of which each file is one of another report's, and
// each of those is there so many times.
func repeated(b *testing.B, manifest string, times int) string {
	b.Helper()
	text, err := os.ReadFile(manifest)
	if err != nil {
		b.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		b.Fatal(err)
	}
	root := filepath.Join(filepath.Dir(manifest), "../../..")
	var files []any
	for i := range times {
		for _, f := range m["files"].([]any) {
			one := maps.Clone(f.(map[string]any))
			from := filepath.Join(root, one["key"].(string))
			one["key"] = strings.TrimSuffix(one["key"].(string), ".parquet") + fmt.Sprintf("-%d.parquet", i)
			to := filepath.Join(root, one["key"].(string))
			if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrExist) {
				b.Fatal(err)
			}
			files = append(files, one)
		}
	}
	m["files"] = files
	if text, err = json.Marshal(m); err != nil {
		b.Fatal(err)
	}
	dir := fmt.Sprintf("%s-times-%d", filepath.Dir(manifest), times)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	sum := md5.Sum(text)
	for name, data := range map[string][]byte{"manifest.json": text, "manifest.checksum": []byte(hex.EncodeToString(sum[:]))} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return filepath.Join(dir, "manifest.json")
}

// planReport writes a report like S3's, a million rows a file, and returns its manifest.
func planReport(b *testing.B, rows int64) string {
	b.Helper()
	dir := b.TempDir()
	if os.Getenv("RESEAL_BENCH_KEEP") != "" {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("reseal-bench-plan-%d", rows))
	}
	manifest := filepath.Join(dir, reportBucket, "daily", "2026-11-20T01-00Z", "manifest.json")
	if _, err := os.Stat(filepath.Join(filepath.Dir(manifest), "manifest.checksum")); err == nil {
		return manifest
	}
	return writeReport(b, dir, inventory.Parquet, rows)
}

const reportBucket = "archive-of-everything"

// writeReport writes a report to a folder, a million rows a file, and returns its manifest.
func writeReport(b testing.TB, dir string, format inventory.Format, rows int64) (manifest string) {
	b.Helper()
	created := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	sink, err := inventory.NewFolder(dir)
	if err != nil {
		b.Fatal(err)
	}
	// What "reseal inventory setup" asks for, but for columns that few buckets fill.
	columns := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColLastModified, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColIsMultipart, inventory.ColReplicationStatus, inventory.ColEncryption, inventory.ColLockMode,
		inventory.ColLegalHold, inventory.ColTier, inventory.ColBucketKey, inventory.ColChecksum, inventory.ColOwner)
	w, err := inventory.NewWriter(sink, inventory.WriterOptions{SourceBucket: reportBucket, DestinationBucket: "reports", Config: "daily", Created: created,
		Format: format, Columns: columns, TempDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	classes := []inventory.StorageClass{inventory.Standard, inventory.Standard, inventory.Standard, inventory.StandardIA, inventory.IntelligentTiering, inventory.Glacier}
	known := columns.Without(inventory.ColumnsOf(inventory.ColReplicationStatus, inventory.ColLockMode, inventory.ColLegalHold, inventory.ColTier, inventory.ColBucketKey))
	for i := range rows {
		x := uint64(i) * 0x9e3779b97f4a7c15 // a different number for each row, the same every time
		r := inventory.Record{Known: known, Bucket: reportBucket,
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
