package job_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/plan"
	"reseal/s3api"
)

func newPlan() *job.Plan {
	p := &job.Plan{Frozen: plan.Frozen{Version: plan.DecisionVersion, Manifest: "m"}}
	p.Hash = p.Frozen.Hash()
	return p
}

// local opens jobs in folders, and connects to nothing.
var local = job.Opener{Connect: func(context.Context, int) (*s3api.Client, error) {
	return nil, errors.New("connected")
}}

// A plan is frozen once: the job can be loaded then, a second plan does not replace
// the first, and the folder has nothing else.
func TestFreeze(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "above", "job")
	if store, made, err := local.Find(t.Context(), dir, job.Share{}); store != nil || made != nil || err != nil {
		t.Fatalf("found %v, %v, %v before it was made", store, made, err)
	}
	if err := local.Freeze(t.Context(), dir, newPlan()); err != nil {
		t.Fatal(err)
	}
	other := newPlan()
	other.Rows = 7
	if err := local.Freeze(t.Context(), dir, other); !errors.As(err, new(*job.MadeError)) {
		t.Errorf("a second plan: %v, want fs.ErrExist", err)
	}
	if _, made, err := local.Load(t.Context(), dir); err != nil || made.Manifest != "m" || made.Rows != 0 {
		t.Errorf("loaded %+v, %v", made, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != job.PlanFile {
		t.Errorf("the folder has %v, %v; want the plan alone", entries, err)
	}
	if job.MayBeHeld(dir) {
		t.Error("a job that was never run may be held")
	}
}

// A plan that was edited by hand is refused.
func TestEditedPlan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	edited := newPlan()
	edited.ManifestMD5 = "another"
	if err := local.Freeze(t.Context(), dir, edited); err != nil {
		t.Fatal(err)
	}
	var mismatch *checkpoint.MismatchError
	if _, _, err := local.Load(t.Context(), dir); !errors.As(err, &mismatch) {
		t.Errorf("%v, want a *checkpoint.MismatchError", err)
	}
}

// A new job goes into an empty folder, or one that is not there. Nothing is left by
// the check, and other people's files are not mixed with a job's.
func TestCheckNew(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{dir, filepath.Join(dir, "not", "there")} {
		if err := errors.Join(local.CheckNew(t.Context(), name), job.CheckWritable(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the checks left %v, %v", entries, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := local.CheckNew(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "none of a job") {
		t.Errorf("a folder of other files: %v", err)
	}
	if _, _, err := local.Load(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not a job of reseal") {
		t.Errorf("loaded from other files: %v", err)
	}
}

// The folder of a campaign is no job, whoever asks, and no job is made of it.
func TestCampaignIsNoJob(t *testing.T) {
	dir := t.TempDir()
	store, err := local.Create(t.Context(), dir, job.Share{}) // a campaign makes its folder so
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if err := os.WriteFile(filepath.Join(dir, job.CampaignFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := newPlan()
	_, _, found := local.Find(t.Context(), dir, job.Share{})
	_, _, loaded := local.Load(t.Context(), dir)
	for name, err := range map[string]error{
		"find": found, "load": loaded,
		"freeze": local.Freeze(t.Context(), dir, made),
		"write":  job.WritePlan(t.Context(), store, dir, made),
	} {
		if campaign := (*job.CampaignError)(nil); !errors.As(err, &campaign) || campaign.Name != dir {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, job.PlanFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a plan beside the document of the campaign: %v", err)
	}
}

// An address without a prefix is refused before anything connects.
func TestNames(t *testing.T) {
	var name *job.NameError
	for _, bad := range []string{"s3://", "s3://bucket", "s3://bucket/", "s3:///prefix"} {
		if _, err := local.Open(t.Context(), bad, job.Share{}); !errors.As(err, &name) {
			t.Errorf("%s: %v, want a *job.NameError", bad, err)
		}
	}
	if _, err := local.Open(t.Context(), "s3://bucket/prefix", job.Share{}); err == nil || err.Error() != "connected" {
		t.Errorf("%v, want the error of the connection", err)
	}
}
