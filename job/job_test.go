package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/job"
)

func store(t *testing.T) (*checkpoint.Dir, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "job")
	s, err := checkpoint.CreateDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := s.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Release() })
	return s, dir
}

// What is given anew replaces what was told before, is kept with time and name, and
// what was not given stays. The same again is no change.
func TestRemember(t *testing.T) {
	s, _ := store(t)
	made := job.Told{"kms-rps": {"800"}, "accept": {"versioned"}}
	who := job.Who{User: "ada", Host: "h", Caller: "arn:aws:iam::111122223333:user/ada"}
	higher := job.Rules{Looser: func(option string, _, _ job.Told) bool { return option == "kms-rps" }}
	given := job.Told{"kms-rps": {"2000"}, "accept": {"versioned"}, "max-cost": {"5"}}
	changes, err := job.Remember(t.Context(), s, made, given, who, higher)
	if err != nil || len(changes) != 2 {
		t.Fatalf("changes %+v, %v; want kms-rps and max-cost", changes, err)
	}
	c := changes[0]
	if c.Option != "kms-rps" || !slices.Equal(c.From, []string{"800"}) || !slices.Equal(c.To, []string{"2000"}) || !c.Looser || c.By != who || c.Time.IsZero() {
		t.Errorf("change %+v", c)
	}
	if again, err := job.Remember(t.Context(), s, made, given, who, higher); err != nil || again != nil {
		t.Errorf("the same again: %+v, %v; want no change", again, err)
	}
	o, err := job.ReadOptions(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	now := o.Now(made)
	if now["kms-rps"][0] != "2000" || now["accept"][0] != "versioned" || now["max-cost"][0] != "5" || len(o.Changes) != 2 {
		t.Errorf("holds %v, changes %+v", now, o.Changes)
	}
	if made["kms-rps"][0] != "800" {
		t.Error("what the job was made with was changed")
	}
}

// Values of an option that adds come on top of all that were told before, and an
// option that is dropped is gone, though the job was made with it.
func TestRememberAddsAndDrops(t *testing.T) {
	s, _ := store(t)
	made := job.Told{"accept": {"a"}, "rate": {"5"}}
	rules := job.Rules{Adds: []string{"accept"}, Drops: func(given job.Told) []string {
		if given["share"] != nil {
			return []string{"rate"}
		}
		return nil
	}}
	for _, given := range []job.Told{{"accept": {"b"}}, {"accept": {"c", "a"}, "share": {"1%"}}} {
		if _, err := job.Remember(t.Context(), s, made, given, job.Who{}, rules); err != nil {
			t.Fatal(err)
		}
	}
	o, err := job.ReadOptions(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	now := o.Now(made)
	if !slices.Equal(now["accept"], []string{"a", "b", "c"}) {
		t.Errorf("accepted %q, want a, b and c", now["accept"])
	}
	if _, is := now["rate"]; is || now["share"][0] != "1%" {
		t.Errorf("holds %v, want the share and no rate", now)
	}
}

// A document of a later format is refused, not guessed at, and stays.
func TestLaterFormat(t *testing.T) {
	s, dir := store(t)
	const later = `{"version":2,"told":{"x":["1"]}}`
	if _, err := s.Put(t.Context(), "options.json", []byte(later), ""); err != nil {
		t.Fatal(err)
	}
	var version *job.VersionError
	if _, err := job.ReadOptions(t.Context(), s); !errors.As(err, &version) {
		t.Errorf("%v, want a *VersionError", err)
	}
	if _, err := job.Remember(t.Context(), s, nil, job.Told{"a": {"b"}}, job.Who{}, job.Rules{}); !errors.As(err, &version) {
		t.Errorf("%v, want a *VersionError", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "options.json")); err != nil || !strings.Contains(string(data), later) {
		t.Errorf("%q, %v", data, err)
	}
}

// Each run has its beginning and, if it came to that, its end, in the order in which
// they began.
func TestRuns(t *testing.T) {
	s, _ := store(t)
	var want []string
	for i, share := range []string{"", "", "", ""} {
		r, err := job.Begin(t.Context(), s, job.Run{Command: "run", Share: share, Line: "reseal run", By: job.Who{PID: 10 + i}})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, share)
		if i == 1 {
			continue // cut off
		}
		if err := r.End(context.WithoutCancel(t.Context()), i, "done"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := job.Runs(t.Context(), s)
	if err != nil || len(all) != len(want) {
		t.Fatalf("%d runs, %v", len(all), err)
	}
	for i, r := range all {
		if r.By.PID != 10+i || r.Share != want[i] || r.Over() != (i != 1) || r.Over() && *r.ExitCode != i {
			t.Errorf("run %d: %+v", i, r)
		}
	}
}

// Whoever comes second to a place where there was no job is told that, and that nothing of
// its own is there.
func TestTheSecondToMakeAJob(t *testing.T) {
	s, dir := store(t)
	if err := job.WritePlan(t.Context(), s, dir, newPlan()); err != nil {
		t.Fatal(err)
	}
	other := newPlan()
	other.Rows = 7
	var made *job.MadeError
	if err := job.WritePlan(t.Context(), s, dir, other); !errors.As(err, &made) || made.Job != dir || errors.As(err, new(*checkpoint.ConflictError)) {
		t.Errorf("a second plan: %v", err)
	}
}

// A program without a commit, or with changes on top of it, is known by its file.
func TestBuilt(t *testing.T) {
	commit, sum := job.Built()
	if clean := commit != "" && !strings.HasSuffix(commit, "+"); clean == (len(sum) == 64) {
		t.Errorf("built from %q, file %q", commit, sum)
	}
}

// A command line is kept so that a shell takes it, and without what is secret in it.
func TestCommandLine(t *testing.T) {
	got := job.CommandLine("reseal", []string{"run", "--job", "my job", "--endpoint-url", "https://user:pass@host/", "--manifest",
		"https://h/x?X-Amz-Signature=abcdef&X-Amz-Credential=AKIAABCDEFGHIJKLMNOP", "--profile", "night",
		"--notify-url", "https://hooks.example.com/hidden", "--notify-command=page hidden", "--notify-command", "page", "--yes"})
	for _, secret := range []string{"pass", "abcdef", "AKIA", "hidden"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is in %s", secret, got)
		}
	}
	for _, kept := range []string{"reseal run --job 'my job'", "host/", "--profile night", "--notify-url ", "--yes"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%q is not in %s", kept, got)
		}
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
}
