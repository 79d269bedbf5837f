package migrate

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/job"
	"reseal/plan"
	"reseal/s3api"
)

// claimOf is a claim of a run on the job in a folder.
func claimOf(dir string) *Claim {
	return &Claim{Name: dir, Socket: control.FolderSocket(dir), Program: "test",
		Jobs: job.Opener{Connect: func(context.Context, int) (*s3api.Client, error) { return nil, errors.New("connected") }}}
}

// claimed is a plan for a claim.
func claimed() *job.Plan {
	p := &job.Plan{Frozen: plan.Frozen{Version: plan.DecisionVersion, Manifest: "m"}}
	p.Hash = p.Frozen.Hash()
	return p
}

// release gives a claim back, as the end of a run does.
func release(t *testing.T, c *Claim) {
	t.Helper()
	life := NewLifetime(t.Context())
	c.Release(life)
	life.End()
}

// found is a claim of another run that looked for the job.
func found(t *testing.T, dir string) *Claim {
	t.Helper()
	c := claimOf(dir)
	if err := c.Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// A job is made once, held by one run at a time, and free again once that has ended.
func TestOneRunHoldsAJob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	first := found(t, dir)
	if first.Found || first.Store != nil {
		t.Fatalf("found %v before it was made", first.Plan)
	}
	second := found(t, dir) // at the same time
	if err := first.Make(t.Context(), claimed()); err != nil || first.Lock == nil {
		t.Fatalf("make: %v, held: %v", err, first.Lock)
	}
	if err := first.Hold(t.Context()); err != nil {
		t.Errorf("holds it already, and again: %v", err)
	}
	var locked *checkpoint.LockedError
	if err := second.Make(t.Context(), claimed()); err == nil || second.Lock != nil {
		t.Errorf("a second run made it, too: %v", err)
	}
	third := found(t, dir)
	if !third.Found || third.Plan == nil {
		t.Fatal("the job that was made is not found")
	}
	if err := third.Keep(t.Context()); !errors.As(err, &locked) || third.Lock != nil {
		t.Errorf("kept while another run holds it: %v", err)
	}
	release(t, third) // which holds nothing, and gives nothing back
	if err := found(t, dir).Keep(t.Context()); !errors.As(err, &locked) {
		t.Errorf("kept after a run without it had ended: %v", err)
	}
	release(t, first)
	if err := third.Keep(t.Context()); err != nil || third.Lock == nil || third.Lock.Previous != nil {
		t.Fatalf("keep once it is free: %v, %+v", err, third.Lock)
	}
	defer release(t, third)
	if err := third.Make(t.Context(), nil); err != nil { // the plan is there
		t.Errorf("make of a job that was found: %v", err)
	}
}

// A run that looked for the job before another made it does not write over its plan.
func TestTheSecondToMakeAJobBeginsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	late := found(t, dir)
	first := found(t, dir)
	if err := first.Make(t.Context(), claimed()); err != nil {
		t.Fatal(err)
	}
	release(t, first)
	other := claimed()
	other.Rows = 7
	err := late.Make(t.Context(), other)
	defer release(t, late)
	if err == nil {
		t.Error("made a second time")
	}
	if now := found(t, dir); now.Plan == nil || now.Plan.Rows == 7 {
		t.Errorf("the plan is another: %+v", now.Plan)
	}
}

// A plan that nobody ever held stays the one file that it is until the run begins.
func TestKeepLeavesAPlanAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	if err := claimOf(dir).Jobs.Freeze(t.Context(), dir, claimed()); err != nil {
		t.Fatal(err)
	}
	c := found(t, dir)
	if err := c.Keep(t.Context()); err != nil || c.Lock != nil {
		t.Fatalf("keep: %v, held: %v", err, c.Lock)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("%v in the folder of a plan (%v)", all, err)
	}
	if err := c.Hold(t.Context()); err != nil || c.Lock == nil {
		t.Errorf("hold: %v", err)
	}
	release(t, c)
}

// A run that answers on its socket has the job, also where its lock file is gone.
func TestASocketThatAnswersIsARun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	first := found(t, dir)
	if err := first.Make(t.Context(), claimed()); err != nil {
		t.Fatal(err)
	}
	defer release(t, first)
	listening, err := control.Listen(first.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	var locked *checkpoint.LockedError
	if err := found(t, dir).Keep(t.Context()); !errors.As(err, &locked) || locked.Holder.Command != "test" {
		t.Errorf("with its lock: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var live *control.InUseError
	c := found(t, dir)
	if err := c.Keep(t.Context()); !errors.As(err, &live) || c.Lock != nil {
		t.Errorf("keep without its lock file: %v", err)
	}
	if err := c.Hold(t.Context()); !errors.As(err, &live) || c.Lock != nil {
		t.Errorf("hold without its lock file: %v", err)
	}
}
