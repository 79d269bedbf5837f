package batchops

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/report"
)

const testBucket = "media"

// A success is a success whatever else is said of it, and the number of endings is
// bounded.
func TestEndingsAreKeptOnce(t *testing.T) {
	var s endings
	numbers := map[uint32]bool{}
	for _, e := range []ending{{false, "SlowDown", 503}, {true, "", 200}, {false, "AccessDenied", 403}, {true, "x", 0}} {
		numbers[s.number(e)] = true
	}
	if len(numbers) != 3 || len(s.all) != 3 {
		t.Errorf("%d endings are told apart, want 3", len(s.all))
	}
	for i := range 2 * maxEndings {
		s.number(ending{code: fmt.Sprint(i)})
	}
	if len(s.all) > maxEndings+1 || s.all[s.number(ending{code: "new"})].code != "other" {
		t.Errorf("%d endings are told apart, want at most %d", len(s.all), maxEndings+1)
	}
}

func TestObjectIDs(t *testing.T) {
	if a, b := objectOf("k", ""), objectOf("k", "null"); a != b {
		t.Error("the null version and no version differ")
	}
	if objectOf("k", "v") == objectOf("vk", "") || objectOf("k", "v") == objectOf("k", "") {
		t.Error("two versions are taken for one")
	}
}

// A completion report that does not fit in memory is taken in portions, with
// the same result. Of an object with two tasks the success counts.
func TestTasksAreMatchedInPortions(t *testing.T) {
	const rows = 40
	rep, segments := inventoryReport(t, rows)
	var ok, failed bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&failed, "%s,%s,,failed,X,500,\n", testBucket, encodeKey(testKey(i)))
		if i%2 == 1 {
			fmt.Fprintf(&ok, "%s,%s,,succeeded,,200,\n", testBucket, encodeKey(testKey(i)))
		}
	}
	tasks := completionReport(t, tasksThat{"succeeded", ok.Bytes()}, tasksThat{"failed", failed.Bytes()})
	policy := &plan.Policy{Options: plan.Options{Bucket: testBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "arn:aws:kms:us-east-1:1:key/k"}.Normal(), Weights: plan.DefaultWeights(false)}
	for _, atOnce := range []int64{1000, 7, 1} {
		m := &Import{Job: "job", Tasks: tasks, Report: rep, Segments: segments, Policy: policy, Memory: atOnce * taskBytes}
		succeeded, seen := map[int64]bool{}, 0
		if err := m.each(t.Context(), func(task *plan.Task, _ int, e ending) error {
			seen++
			succeeded[task.Record.Pos.Row] = succeeded[task.Record.Pos.Row] || e.succeeded
			return nil
		}); err != nil {
			t.Errorf("%d at once: %v", atOnce, err)
		}
		good := 0
		for row, s := range succeeded {
			if s != (row%2 == 1) {
				t.Errorf("%d at once: row %d succeeded: %t", atOnce, row, s)
			}
			if s {
				good++
			}
		}
		if len(succeeded) != rows || good != rows/2 || m.read != rows*3/2 || atOnce >= rows*3/2 && seen != rows {
			t.Errorf("%d at once: %d rows, %d of them succeeded, of %d tasks, in %d calls", atOnce, len(succeeded), good, m.read, seen)
		}
	}
}

// testKey is a key that manifests have to encode.
func testKey(i int) string { return fmt.Sprintf("a b/%03d+é", i) }

// inventoryReport writes and opens a report of so many small objects.
func inventoryReport(t *testing.T, rows int) (*inventory.Report, []inventory.Segment) {
	t.Helper()
	var keys []string
	for i := range rows {
		keys = append(keys, testKey(i))
	}
	return reportOf(t, keys)
}

// reportOf writes and opens a report of small objects with these keys.
func reportOf(t *testing.T, keys []string) (*inventory.Report, []inventory.Segment) {
	t.Helper()
	dir := t.TempDir()
	folder, err := inventory.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := inventory.NewWriter(folder, inventory.WriterOptions{SourceBucket: testBucket, Created: time.Now(),
		Columns: inventory.ColumnsOf(inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, key := range keys {
		if err := w.Write(t.Context(), &inventory.Record{Known: inventory.AllColumns, Bucket: testBucket, Key: key, Size: 1, ETag: "e",
			StorageClass: inventory.Standard, Encryption: inventory.SSES3}); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	src, err := inventory.NewLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := inventory.Open(t.Context(), src, manifest, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	segments, err := rep.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rep, segments
}

// tasksThat is a file of a completion report: the tasks that ended in one way.
type tasksThat struct {
	ended string
	rows  []byte
}

// completionReport writes and opens a report with these files, in their order.
func completionReport(t *testing.T, files ...tasksThat) *inventory.BatchTasks {
	t.Helper()
	dir := t.TempDir()
	var results []map[string]string
	for i, f := range files {
		sum, name := md5.Sum(f.rows), fmt.Sprint(i, ".csv")
		results = append(results, map[string]string{"TaskExecutionStatus": f.ended, "Bucket": "reports", "MD5Checksum": hex.EncodeToString(sum[:]), "Key": name})
		if err := os.WriteFile(filepath.Join(dir, name), f.rows, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := json.Marshal(map[string]any{"Format": "Report_CSV_20180820", "ReportCreationDate": "2026-11-21T10:00:00.000Z",
		"Results": results, "ReportSchema": report.CSVColumns})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "manifest.json")
	if err := os.WriteFile(name, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	src, name, err := inventory.LocalFile(name)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := inventory.OpenBatchTasks(t.Context(), src, name, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

// The success of an object counts, and it is counted once, whichever task comes first and
// in whichever portion.
func TestASuccessIsNotTakenBack(t *testing.T) {
	const rows = 3
	rep, segments := inventoryReport(t, rows)
	var good, bad bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&good, "%s,%s,,succeeded,,200,\n", testBucket, encodeKey(testKey(i)))
		fmt.Fprintf(&bad, "%s,%s,,failed,X,500,\n", testBucket, encodeKey(testKey(i)))
	}
	policy := &plan.Policy{Options: plan.Options{Bucket: testBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "arn:aws:kms:us-east-1:1:key/k"}.Normal(), Weights: plan.DefaultWeights(false)}
	ok, failed := tasksThat{"succeeded", good.Bytes()}, tasksThat{"failed", bad.Bytes()}
	for _, tt := range []struct {
		name  string
		files []tasksThat
		want  Counts
	}{
		{"success first", []tasksThat{ok, failed}, Counts{Tasks: 2 * rows, Done: rows, Known: rows}},
		{"failure first", []tasksThat{failed, ok}, Counts{Tasks: 2 * rows, Done: rows}},
		{"failure twice", []tasksThat{failed, {"failed", bytes.ReplaceAll(bad.Bytes(), []byte("500"), []byte("503"))}}, Counts{Tasks: 2 * rows, Failed: rows, Known: rows}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
			if err != nil {
				t.Fatal(err)
			}
			lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Release()
			j, found, err := checkpoint.Open(t.Context(), store, checkpoint.PlanHash{1}, segments, checkpoint.Options{})
			if err != nil {
				t.Fatal(err)
			}
			before, err := migrate.Stand(t.Context(), found, migrate.Every)
			if err != nil {
				t.Fatal(err)
			}
			m := &Import{Job: "job", Tasks: completionReport(t, tt.files...), Report: rep, Segments: segments, Policy: policy, Memory: rows * taskBytes}
			n, err := m.Record(t.Context(), before, j, ignored{})
			if err != nil {
				t.Fatal(err)
			}
			if got := j.Totals(); n != tt.want || got.Failed != n.Failed || got.Counters[job.CounterImported] != n.Done {
				t.Errorf("%+v, with %d rows failed and %d imported in the job; want %+v", n, got.Failed, got.Counters[job.CounterImported], tt.want)
			}
		})
	}
}

// ignored is a sink.
type ignored struct{}

func (ignored) Write(*engine.Result) error { return nil }
