package job_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/job"
)

// No file that a command reads is written over, by whatever name.
func TestInputsAreSpared(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"prices.json", "other", "kept/a/data.csv.gz"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(at("prices.json"), at("hard")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("kept/a/data.csv.gz"), at("soft")); err != nil {
		t.Fatal(err)
	}
	in := &job.Inputs{Files: []job.NamedFile{{Option: "prices", Name: at("prices.json")}}, Kept: []string{at("kept")}}
	for name, want := range map[string]string{
		"prices.json": "the file that --prices names", "hard": "the file that --prices names", "soft": "a file of the report, kept in",
		"kept/a/data.csv.gz": "a file of the report, kept in", "other": "", "none": "", "kept/a": "",
	} {
		err := in.Spare(t.Context(), "out", at(name), "")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if err := in.Spare(t.Context(), "prices", at("prices.json"), ""); err != nil {
		t.Errorf("the option itself: %v", err)
	}
}
