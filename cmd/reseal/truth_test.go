package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator/simaws"
)

// TestPlanEqualsTruth plans over the reports of every format that others wrote,
// and compares the counts by class, encryption and reason with the summary that
// was made with them, and with the truth file.
func TestPlanEqualsTruth(t *testing.T) {
	t.Parallel()
	const fixtures = "../../inventory/testdata/fixtures"
	var truth struct {
		Rows       int64            `json:"rows"`
		Classes    map[string]int64 `json:"by_storage_class"`
		Bytes      map[string]int64 `json:"bytes_by_storage_class"`
		Encryption map[string]int64 `json:"by_encryption_status"`
	}
	data, err := os.ReadFile(filepath.Join(fixtures, "truth_summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &truth); err != nil {
		t.Fatal(err)
	}
	for _, m := range []map[string]int64{truth.Classes, truth.Bytes, truth.Encryption} {
		delete(m, "None") // delete markers
	}
	fates := map[string]int64{}
	for _, r := range readTruth(t) {
		fates[r.fate()]++
	}
	// Those that have all rows, one a format and compression.
	for _, format := range []string{"csv", "csv-raw-quoted", "orc-clickhouse-zlib", "parquet-duckdb-gzip", "parquet-duckdb-snappy", "parquet-duckdb-zstd"} {
		t.Run(format, func(t *testing.T) {
			manifest := filepath.Join(fixtures, "good", format, "inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json")
			cmd := exec.Command("reseal", "plan", "--offline", "--region", "eu-west-1", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--json")
			cmd.Env = append(simaws.CleanEnvironment(os.Environ()), "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("plan: %v", err)
			}
			type named struct {
				Class, Name, Action, Reason string
				Objects, Bytes              int64
			}
			var p struct {
				Tally struct {
					Rows       int64
					Stored     []named
					Encryption []named
					Todo       []named
					Left       []named `json:"left_alone"`
				}
			}
			if err := json.Unmarshal(out, &p); err != nil {
				t.Fatal(err)
			}
			if p.Tally.Rows != truth.Rows {
				t.Errorf("%d rows, the truth has %d", p.Tally.Rows, truth.Rows)
			}
			classes, bytes, encryption, reasons := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
			for _, n := range p.Tally.Stored {
				classes[n.Class] += n.Objects
				bytes[n.Class] += n.Bytes
			}
			for _, n := range p.Tally.Encryption {
				status, _, _ := strings.Cut(n.Name, ",") // with and without a bucket key
				encryption[status] += n.Objects
			}
			for _, n := range append(p.Tally.Todo, p.Tally.Left...) {
				reasons[n.Action+n.Reason] += n.Objects
			}
			compare(t, "by class", classes, truth.Classes)
			compare(t, "bytes by class", bytes, truth.Bytes)
			compare(t, "by encryption", encryption, truth.Encryption)
			compare(t, "by action or reason", reasons, fates)
		})
	}
}
