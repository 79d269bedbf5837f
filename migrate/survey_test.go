package migrate

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
)

// surveyed is the surroundings of a report of so many objects, of which each third is
// under the key already, and the folder that the report is in.
func surveyed(t *testing.T, rows int) (*preflight.Environment, string) {
	t.Helper()
	dir := t.TempDir()
	folder, err := inventory.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := inventory.ColumnsOf(inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption, inventory.ColLastModified)
	w, err := inventory.NewWriter(folder, inventory.WriterOptions{SourceBucket: "b", Created: time.Now(), Columns: known})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i := range rows {
		r := inventory.Record{Known: inventory.AllColumns, Bucket: "b", Key: fmt.Sprintf("k/%03d", i), Size: 1, ETag: "e", LastModified: time.Unix(1e9, 0), StorageClass: inventory.Standard, Encryption: inventory.SSES3}
		if i%3 == 0 {
			r.Encryption = inventory.SSEKMS
		}
		if err := w.Write(t.Context(), &r); err != nil {
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
	report, err := inventory.Open(t.Context(), src, manifest, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &preflight.Environment{Report: report, Policy: &plan.Policy{
		Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key, Prefixes: []string{"k/", "none/"}}.Normal(),
		Facts:   plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No, AWS: plan.Yes},
		Weights: plan.DefaultWeights(false), Now: time.Now(),
	}}, dir
}

// A survey decides on every row, chooses what is tried first and what is remembered, and
// says which filters matched nothing.
func TestSurveyOfAWholeReport(t *testing.T) {
	const rows, todo = 30, 20
	e, _ := surveyed(t, rows)
	var ticked int64
	s, err := Surveyor{Environment: e, Keep: 5, Tick: func(n int64) { ticked = n }}.WholeReport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prefixes, _ := s.Filters.Unused()
	if s.Rows != rows || ticked != rows || s.Todo != todo || s.Tally.Rows() != rows || len(s.Damage) != 0 || len(prefixes) != 1 || prefixes[0].Prefix != "none/" {
		t.Errorf("%d rows, %d told, %d to do, %d in the tally, damage %v, unused %v", s.Rows, ticked, s.Todo, s.Tally.Rows(), s.Damage, prefixes)
	}
	if len(s.Canary) == 0 || len(s.Canary) > todo || s.Evidence.Objects != 5 {
		t.Errorf("%d objects first, %d remembered", len(s.Canary), s.Evidence.Objects)
	}
	if e.Plan.Copies != plan.Yes || e.Plan.Parts != plan.No {
		t.Errorf("of the plan the surroundings know %+v", e.Plan)
	}
	e.Policy.NoTrials = true
	if s, err := (Surveyor{Environment: e}).WholeReport(t.Context()); err != nil || len(s.Canary) != 0 || s.Evidence.Objects != 0 {
		t.Errorf("nothing was to be chosen: %+v, %v", s, err)
	}
}

// Without a pass over the report nobody knows what is to be done; what is tried first is
// chosen all the same, where that is asked for.
func TestSurveyOfTheFirstRows(t *testing.T) {
	e, _ := surveyed(t, 30)
	s, err := Surveyor{Environment: e, Keep: 5}.FirstRows(t.Context())
	if err != nil || s.Todo != job.Unknown || s.Tally != nil || s.Filters != nil || len(s.Canary) == 0 || s.Evidence.Objects == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	e.Policy.NoTrials = true
	if s, err := (Surveyor{Environment: e}).FirstRows(t.Context()); err != nil || len(s.Canary) != 0 || len(s.Segments) == 0 {
		t.Errorf("nothing was to be chosen: %+v, %v", s, err)
	}
}

// A file that cannot be read is a damage, not an end; the surroundings learn nothing of a
// plan that has a hole.
func TestSurveyOfADamagedReport(t *testing.T) {
	e, dir := surveyed(t, 30)
	broken := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, ".csv") {
			return err
		}
		broken++
		return os.WriteFile(name, []byte("no longer what it was"), 0o600)
	})
	if err != nil || broken != 1 {
		t.Fatalf("%d files, %v", broken, err)
	}
	s, err := Surveyor{Environment: e}.WholeReport(t.Context())
	if err != nil || len(s.Damage) != 1 || e.Plan.Copies != plan.Unknown {
		t.Errorf("%+v, %v; the plan is known as %+v", s, err, e.Plan)
	}
}
