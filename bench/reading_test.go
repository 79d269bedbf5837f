package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkReading plans over reports that other programs wrote, with all processors and
// the memory that plan takes by itself. RESEAL_BENCH_REPORTS names the folder that has
// them, at any depth: reports/make.mjs makes some. RESEAL_BENCH_BEFORE names another build
// of reseal, which takes turns with this one. What is told is the median of five.
func BenchmarkReading(b *testing.B) {
	folder := os.Getenv("RESEAL_BENCH_REPORTS")
	if folder == "" {
		b.Skip("RESEAL_BENCH_REPORTS names no folder of reports: bench/README.md")
	}
	manifests := manifestsIn(b, folder)
	builds := map[string]string{"": build(b)}
	if before := os.Getenv("RESEAL_BENCH_BEFORE"); before != "" {
		builds["-before"] = before
	}
	for _, manifest := range manifests {
		name, err := filepath.Rel(folder, manifest)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.ToSlash(filepath.Dir(name)), func(b *testing.B) {
			const runs = 5
			got := map[string][]reading{}
			for range runs {
				for suffix, binary := range builds {
					got[suffix] = append(got[suffix], read(b, binary, manifest))
				}
			}
			for suffix, all := range got {
				slices.SortFunc(all, func(x, y reading) int { return int(x.cpu - y.cpu) })
				m := all[runs/2]
				b.ReportMetric(m.cpu.Seconds(), "cpu-s"+suffix)
				b.ReportMetric(float64(m.rows)/m.cpu.Seconds(), "rows/cpu-s"+suffix)
				slices.SortFunc(all, func(x, y reading) int { return int(x.peak - y.peak) })
				b.ReportMetric(float64(all[runs-1].peak)/1024, "most-MiB"+suffix)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// reading is what one plan took.
type reading struct {
	rows, peak int64 // KiB resident
	cpu        time.Duration
}

func read(b *testing.B, binary, manifest string) (r reading) {
	b.Helper()
	cmd := exec.Command(binary, "plan", "--offline", "--manifest", manifest, "--json",
		"--sse-kms-key-id", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
	cmd.Env = append(os.Environ(), "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true")
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Run(); err != nil {
		b.Fatalf("plan: %v\n%s", err, told.Bytes())
	}
	var plan struct {
		Tally struct {
			Rows int64 `json:"rows"`
		} `json:"tally"`
	}
	if err := json.Unmarshal(out.Bytes(), &plan); err != nil || plan.Tally.Rows == 0 {
		b.Fatalf("the plan says nothing of rows: %v\n%.500s", err, out.Bytes())
	}
	r.rows, r.cpu = plan.Tally.Rows, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = u.Maxrss
	}
	return r
}

// manifestsIn finds the manifests below a folder, in the order of their names.
func manifestsIn(b *testing.B, folder string) (found []string) {
	b.Helper()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "manifest.json" {
			found = append(found, name)
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s has no manifest.json", folder)
	}
	if err != nil {
		b.Fatal(err)
	}
	return found
}
