package console

import (
	"testing"

	"reseal/canary"
	"reseal/job"
	"reseal/job/status"
)

// Where all that failed are objects in doubt, another try is not what helps.
func TestNextOfObjectsInDoubt(t *testing.T) {
	doubt := &canary.Table{Kinds: []canary.Kind{{Verdict: canary.InDoubt, Doubts: []canary.Doubt{{Key: "k"}}}}}
	for _, tt := range []struct {
		failed int64
		want   string
	}{{1, "reseal verify j"}, {2, "reseal retry-failed j"}} {
		s := &status.Status{Job: "j", State: "finished", Failed: tt.failed, Canary: doubt}
		if got := NextStep(s, job.Share{}).Command; got != tt.want {
			t.Errorf("%d failed, 1 in doubt: %q, want %q", tt.failed, got, tt.want)
		}
	}
}

// A command on a job can be pasted, whatever the job is called.
func TestCommandOnAJob(t *testing.T) {
	for dir, want := range map[string]string{"./j": "reseal run ./j", "my job": "reseal run 'my job'", "-x": "reseal run ./-x", "s3://b/$x": "reseal run 's3://b/$x'"} {
		if got := OnJob("run", dir); got != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
}

// In a job that is not finished the rest is next, and the failed ones are not forgotten.
func TestNextOfAnUnfinishedJobWithFailures(t *testing.T) {
	s := &status.Status{Job: "my job", State: "unfinished", Failed: 10}
	next := NextStep(s, job.Share{Index: 2, Count: 4})
	if next.Command != "reseal run 'my job' --shard 2/4" ||
		next.Does != "goes on where it stopped; the 10 objects that failed:\nreseal retry-failed 'my job' --shard 2/4" {
		t.Errorf("%q: %q", next.Command, next.Does)
	}
}

// What is to be typed next needs no options: the job has them.
func TestNextCommand(t *testing.T) {
	for want, s := range map[string]*status.Status{
		"reseal run 'my job'":   {Job: "my job", State: "unfinished"},
		"reseal retry-failed j": {Job: "j", State: "finished", Failed: 1},
		"reseal verify j":       {Job: "j", State: "finished"},
	} {
		if got := NextStep(s, job.Share{}).Command; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := NextStep(&status.Status{Job: "s3://b/j", State: "unfinished"}, job.Share{Index: 1, Count: 8}).Command; got != "reseal run s3://b/j --shard 1/8" {
		t.Errorf("of a share: %q", got)
	}
}
