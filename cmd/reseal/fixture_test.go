package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/job/status"
)

// truthRow is a row of the fixture's truth file, which was made before and
// apart from the reports.
type truthRow struct {
	Key          string  `json:"key"`
	VersionID    *string `json:"version_id"`
	IsLatest     bool    `json:"is_latest"`
	DeleteMarker bool    `json:"is_delete_marker"`
	Size         *int64  `json:"size"`
	Class        *string `json:"storage_class"`
	Encryption   *string `json:"encryption_status"`
	Tier         *string `json:"intelligent_tiering_access_tier"`
}

// fate says, from the truth alone, what is to become of a row: the reason it is
// left alone, or the action.
func (r *truthRow) fate() string {
	in := func(p *string, values ...string) bool {
		for _, v := range values {
			if p != nil && *p == v {
				return true
			}
		}
		return false
	}
	switch {
	case r.DeleteMarker:
		return "delete-marker"
	case !r.IsLatest:
		return "noncurrent-version"
	case in(r.Encryption, "SSE-KMS"):
		return "already-encrypted"
	case in(r.Encryption, "DSSE-KMS"):
		return "dsse-kms"
	case in(r.Encryption, "SSE-C"):
		return "sse-c"
	case in(r.Class, "GLACIER", "DEEP_ARCHIVE"), in(r.Tier, "ARCHIVE", "DEEP_ARCHIVE"):
		return "archived"
	case *r.Size > 5<<30:
		return "multipart-copy"
	}
	return "copy"
}

func readTruth(t *testing.T) []truthRow {
	t.Helper()
	f, err := os.Open("../../inventory/testdata/fixtures/truth.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []truthRow
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r truthRow
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil || len(rows) != 3300 {
		t.Fatalf("%d rows of truth, %v", len(rows), err)
	}
	return rows
}

// TestForeignReport plans and runs over a report that others wrote: odd keys,
// every storage class, versions, delete markers, objects of 5 TB. All counts
// are compared with the truth file, and so is what the bucket holds afterwards.
func TestForeignReport(t *testing.T) {
	t.Parallel()
	const bucket = "acme-media-archive"
	truth := readTruth(t)
	want := map[string]int64{}
	var bytesTodo int64
	for i := range truth {
		fate := truth[i].fate()
		want[fate]++
		if fate == "copy" || fate == "multipart-copy" {
			bytesTodo += *truth[i].Size
		}
	}
	fixtures, err := filepath.Abs("../../inventory/testdata/fixtures")
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(fixtures, "good/csv/inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json")
	w := newFilledWorld(t, manifest)

	out, err := w.command("plan", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false", "--json").Output()
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	var p struct {
		Tally struct {
			Todo []struct {
				Action         string
				Objects, Bytes int64
			}
			Left []struct {
				Reason  string
				Objects int64
			} `json:"left_alone"`
		}
	}
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	var gotBytes int64
	for _, n := range p.Tally.Todo {
		got[n.Action] += n.Objects
		gotBytes += n.Bytes
	}
	for _, s := range p.Tally.Left {
		got[s.Reason] += s.Objects
	}
	compare(t, "plan", got, want)
	if gotBytes != bytesTodo {
		t.Errorf("plan: %d bytes to do, the truth has %d", gotBytes, bytesTodo)
	}

	job := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false", "--job", job, "--yes", "--quiet",
		"--probe-key-prefix", "reseal-probe/", "--accept", "versioned", "--results", "all")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		lines, _ := w.command("report", "--job", job, "--format", "lines").Output()
		t.Fatalf("run: %v\n%s%s", err, stderr.Bytes(), lines)
	}
	s := w.status(job)
	done := map[string]int64{}
	for reason, n := range s.Skipped {
		done[reason] = n
	}
	done["copy"], done["multipart-copy"] = s.Done-want["multipart-copy"], want["multipart-copy"]
	compare(t, "run", done, want)
	if err := w.audit.wantExact(job); err != nil {
		t.Error(err)
	}

	// What is current now: everything that was to be done is under the key, and
	// of its old size and class.
	current := map[string]simulator.ObjectInfo{}
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(bucket) {
			if o.IsLatest {
				current[o.Key] = o
			}
		}
	})
	for i := range truth {
		r := &truth[i]
		fate := r.fate()
		if fate != "copy" && fate != "multipart-copy" {
			continue
		}
		o, ok := current[r.Key]
		if !ok || o.Encryption.Type != simulator.SSEKMS || o.Encryption.KMSKeyARN != simaws.Key || o.Size != *r.Size || string(o.StorageClass) != *r.Class {
			t.Errorf("%q afterwards: there %v, %+v, %d bytes, %s; want under the key, %d bytes, %s",
				r.Key, ok, o.Encryption, o.Size, o.StorageClass, *r.Size, *r.Class)
		}
	}
}

func compare(t *testing.T, what string, got, want map[string]int64) {
	t.Helper()
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %d rows are %s, the truth has %d", what, got[name], name, n)
		}
	}
	for name, n := range got {
		if want[name] == 0 && n != 0 {
			t.Errorf("%s: %d rows are %s, the truth has none", what, n, name)
		}
	}
}

// readStatus reads the files of a job, with the connection that the environment
// gives where they are in a bucket.
func readStatus(ctx context.Context, dir string) (*status.Status, error) {
	return readStatusAt(ctx, connection{}, dir, job.Share{})
}
