package status

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// A list has every job below a place, those that somebody works on as such, and one that
// cannot be read with the reason.
func TestList(t *testing.T) {
	place := t.TempDir()
	make := func(name string) string {
		dir := filepath.Join(place, name)
		p := &job.Plan{Frozen: plan.Frozen{Version: plan.DecisionVersion, Manifest: "m", Options: plan.Options{Bucket: name}}, Segments: []inventory.Segment{{}}}
		p.Hash = p.Frozen.Hash()
		if err := (job.Opener{}).Freeze(t.Context(), dir, p); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	held, idle, broken := make("held"), make("idle"), make("broken")
	store, _, err := job.Opener{}.Load(t.Context(), held)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	files, err := filepath.Glob(filepath.Join(broken, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the files of a job: %q, %v", files, err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("no plan"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, hidden, err := List(t.Context(), job.Opener{}, place)
	if err != nil || len(hidden) > 0 || len(all) != 3 {
		t.Fatalf("%+v, hidden %q, %v", all, hidden, err)
	}
	for _, l := range all {
		switch l.Job {
		case held:
			if l.State != "running" || l.Bucket != "held" || l.Error != "" {
				t.Errorf("held: %+v", l)
			}
		case idle:
			if l.State != string(NotBegun) || l.Bucket != "idle" || l.Error != "" {
				t.Errorf("idle: %+v", l)
			}
		case broken:
			if l.State != "unreadable" || l.Error == "" {
				t.Errorf("broken: %+v", l)
			}
		default:
			t.Errorf("%+v", l)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if all, _, err := List(over, job.Opener{}, place); err == nil {
		t.Errorf("after its end: %+v", all)
	}
}
