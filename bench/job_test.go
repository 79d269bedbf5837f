package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/report"
)

// BenchmarkReportLines reads the result lines of a job in a bucket that answers after
// 20 ms, as reseal report does: unpacked, decoded and summed up. The bucket is in the
// memory of this process, so that HTTP and TLS are not in it. RESEAL_BENCH_LINES says
// how many lines there are; 100,000 without it.
func BenchmarkReportLines(b *testing.B) {
	lines := int64(100_000)
	if s := os.Getenv("RESEAL_BENCH_LINES"); s != "" {
		var err error
		if lines, err = strconv.ParseInt(s, 10, 64); err != nil {
			b.Fatal(err)
		}
	}
	bucket := &slowBucket{objects: map[string][]byte{}}
	writeLines(b, bucket, lines)
	bucket.latency = 20 * time.Millisecond
	files, packed := 0, 0
	for key, data := range bucket.objects {
		if strings.HasPrefix(key, "job/results/") {
			files, packed = files+1, packed+len(data)
		}
	}
	b.ResetTimer()
	for range b.N {
		snap, err := checkpoint.Read(b.Context(), checkpoint.NewRemote(bucket, "job", "job", checkpoint.RemoteConfig{}))
		if err != nil {
			b.Fatal(err)
		}
		sum := new(report.Summary)
		for raw, err := range snap.Results(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			line, err := report.ParseLine(raw.Data)
			if err != nil {
				b.Fatal(err)
			}
			sum.Add(&line)
		}
		if sum.Lines() != lines {
			b.Fatalf("%d lines, want %d", sum.Lines(), lines)
		}
	}
	b.ReportMetric(float64(files), "files")
	b.ReportMetric(float64(packed)/float64(lines), "packed-bytes/line")
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// writeLines makes a job of ten segments or more, with a flush every thousand lines
// and one line in a hundred that failed.
func writeLines(b *testing.B, bucket *slowBucket, lines int64) {
	b.Helper()
	store := checkpoint.NewRemote(bucket, "job", "job", checkpoint.RemoteConfig{})
	lock, err := store.Lock(b.Context(), checkpoint.Holder{PID: 1})
	if err != nil {
		b.Fatal(err)
	}
	const segments = 10
	each := (lines + segments - 1) / segments
	list := make([]inventory.Segment, segments)
	for i := range list {
		list[i] = inventory.Segment{File: i, Last: each - 1}
	}
	j, _, err := checkpoint.Open(b.Context(), store, checkpoint.PlanHash{1}, list, checkpoint.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	line := report.Line{Time: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), Bucket: "a-bucket-of-pictures", Action: "copy", Attempts: 1,
		KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001", Bytes: 1 << 20, KMSCalls: 2}
	hex := func() string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }
	var buf []byte
	for n := range lines {
		line.Pos = inventory.Position{File: int(n / each), Row: n % each}
		line.Key = fmt.Sprintf("2026/11/%02d/%016x.jpg", n%28+1, r.Uint64())
		line.Time = line.Time.Add(time.Millisecond)
		line.ETagBefore, line.ETagAfter, line.RequestID, line.Took = hex(), hex(), hex()[:16], time.Duration(r.IntN(1e9))
		settle := j.Done
		if line.Status = "done"; r.IntN(100) == 0 {
			line.Status, settle = "failed", j.Fail
		}
		buf = report.AppendLine(buf[:0], &line)
		if err := j.Log(b.Context(), line.Pos, bytes.TrimSuffix(buf, []byte("\n"))); err != nil {
			b.Fatal(err)
		}
		if err := settle(line.Pos); err != nil {
			b.Fatal(err)
		}
		if n%1000 == 999 || n == lines-1 {
			if err := j.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := lock.Release(); err != nil {
		b.Fatal(err)
	}
}

// slowBucket is a bucket in memory, each of whose answers takes a while.
type slowBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	latency time.Duration
}

func etag(data []byte) string {
	return strconv.Itoa(len(data)) + "-" + string(data[:min(8, len(data))])
}

func (s *slowBucket) Get(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	time.Sleep(s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.objects[key]
	if !ok {
		return nil, "", 0, fs.ErrNotExist
	}
	return data, etag(data), 0, nil
}

func (s *slowBucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	data, _, _, err := s.Get(ctx, key)
	return io.NopCloser(bytes.NewReader(data)), err
}

func (s *slowBucket) Put(_ context.Context, key string, data []byte, _ string) (string, error) {
	time.Sleep(s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = bytes.Clone(data)
	return etag(data), nil
}

func (s *slowBucket) Folders(context.Context, string) ([]string, error) { return nil, nil }

func (s *slowBucket) List(_ context.Context, prefix string, each func(string, int64) error) error {
	time.Sleep(s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, data := range s.objects {
		if strings.HasPrefix(key, prefix) {
			if err := each(key, int64(len(data))); err != nil {
				return err
			}
		}
	}
	return nil
}
