package inventory

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// batchManifest writes a completion report with one file of succeeded and one
// of failed tasks.
func batchManifest(m *memory, schema, succeeded, failed string) {
	sum := func(text string) string {
		s := md5.Sum([]byte(text))
		return hex.EncodeToString(s[:])
	}
	m.put("ok.csv", []byte(succeeded))
	m.put("failed.csv", []byte(failed))
	m.put("manifest.json", fmt.Appendf(nil, `{"Format":"Report_CSV_20180820","ReportCreationDate":"2026-01-02T03:04:05.678Z","Results":[
		{"TaskExecutionStatus":"succeeded","Bucket":"out","MD5Checksum":%q,"Key":"ok.csv"},
		{"TaskExecutionStatus":"failed","Bucket":"out","MD5Checksum":%q,"Key":"failed.csv"}],"ReportSchema":%q}`, sum(succeeded), sum(failed), schema))
}

const batchSchema = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"

func TestBatchTasks(t *testing.T) {
	for _, tt := range []struct {
		name, schema, ok, failed string
		want                     string // each task, by commas
		err                      string
	}{
		{"as documented", batchSchema, "b,a%20b,v1,succeeded,,200,Successful\n", "\"b\",\"c+d%2Be\",,\"failed\",\"AccessDenied\",\"403\",\"no \"\"way\"\"\"\n",
			"b/a b@v1 true  200,b/c d+e@ false AccessDenied 403", ""},
		{"status before code", batchSchema, "", "b,k,v,failed,403,AccessDenied,\n", "b/k@v false AccessDenied 403", ""},
		{"another order of columns", "Key,Bucket,TaskStatus,HTTPStatusCode,ErrorCode", "k,b,succeeded,200,\n", "l,b,failed,503,SlowDown\n",
			"b/k@ true  200,b/l@ false SlowDown 503", ""},
		{"a failed task in a file of succeeded ones", batchSchema, "b,k,,failed,X,500,\n", "", "b/k@ false X 500", ""},
		{"a succeeded task in a file of failed ones", batchSchema, "", "b,k,,succeeded,,200,\n", "b/k@ false  200", ""},
		{"a task under way", batchSchema, "b,k,,pending,,,\n", "", "", `row 1: task status "pending"`},
		{"a short row", batchSchema, "b,k\n", "", "", "row 1: 2 fields, want 7"},
		{"no key", batchSchema, "b,,,succeeded,,200,\n", "", "", "no bucket or no key"},
		{"a broken key", batchSchema, "b,%zz,,succeeded,,200,\n", "", "", "row 1: Key"},
		{"an odd status", batchSchema, "", "b,k,,failed,Y,99999999999999999999,\n", "b/k@ false Y 0", ""},
		{"no column Key", "Bucket, TaskStatus", "", "", "", "no column Key"},
		{"a column twice", batchSchema + ", key", "", "", "", "twice"},
	} {
		m := newMemory()
		batchManifest(m, tt.schema, tt.ok, tt.failed)
		var got []string
		b, err := OpenBatchTasks(t.Context(), m, "manifest.json", Options{})
		if err == nil {
			var task BatchTask
			for task, err = range b.Read(t.Context()) {
				if err == nil {
					got = append(got, fmt.Sprintf("%s/%s@%s %t %s %d", task.Bucket, task.Key, task.VersionID, task.Succeeded, task.ErrorCode, task.HTTPStatus))
				}
			}
		}
		if strings.Join(got, ",") != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want %q, %q", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// What a completion report says counts only where its bytes are the ones that
// its manifest promises.
func TestBatchTasksChecksum(t *testing.T) {
	m := newMemory()
	batchManifest(m, batchSchema, "b,k,,succeeded,,200,\n", "")
	m.put("ok.csv", []byte("b,l,,succeeded,,200,\n"))
	b, err := OpenBatchTasks(t.Context(), m, "manifest.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wrong *ChecksumError
	for task, err := range b.Read(t.Context()) {
		if !errors.As(err, &wrong) {
			t.Errorf("task %+v, %v; want a *ChecksumError", task, err)
		}
	}
	if wrong == nil {
		t.Error("nothing was said of a result file with other bytes")
	}
	m.put("manifest.json", []byte(goodManifest))
	if _, err := OpenBatchTasks(t.Context(), m, "manifest.json", Options{}); !errors.Is(err, ErrNotManifest) {
		t.Errorf("an inventory manifest: %v", err)
	}
}

func FuzzBatchTasks(f *testing.F) {
	f.Add([]byte(`{"Format":"Report_CSV_20180820","ReportSchema":"Bucket, Key","Results":[]}`), "b,k\n")
	f.Fuzz(func(t *testing.T, manifest []byte, rows string) {
		b, err := parseBatchTasks(manifest)
		if err != nil {
			return
		}
		split := newCSVSplitter(t.Context(), strings.NewReader(rows))
		for {
			fields, err := split.next()
			if err != nil {
				return
			}
			if task, err := b.task(fields, false); err == nil && (task.Bucket == "" || task.Key == "" || len(task.ErrorCode) > 3*maxErrorCode) {
				t.Errorf("%q: %+v", rows, task)
			}
		}
	})
}
