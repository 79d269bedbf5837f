package reseal_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// creates is a call that makes, opens for writing, or replaces a file.
var creates = regexp.MustCompile(`\b(os\.(Create|CreateTemp|WriteFile|OpenFile|Rename|Link|Symlink)|renameio\.[A-Z]\w*|ioutil\.WriteFile)\(`)

// othersWhoCreate are the files of the program that call such a function by
// themselves, and why they may.
var othersWhoCreate = map[string]string{
	"internal/outfile/outfile.go":           "the one place",
	"internal/outfile/target.go":            "the one place",
	"inventory/spool.go":                    "a temporary file, which nobody else opens",
	"inventory/writer.go":                   "a temporary file, which nobody else opens",
	"internal/simulator/front/storebody.go": "a temporary file, which nobody else opens",
	"internal/keystub/keystub.go":           "for tests",
}

// TestFilesAreWrittenInOnePlace demands that all that the program writes for a user
// goes through internal/outfile. What lies below a folder of the program's own, such
// as a job's, goes through os.Root.
func TestFilesAreWrittenInOnePlace(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}\n{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for path := range strings.FieldsSeq(string(out)) {
		name, err := filepath.Rel(here, path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "bench/") {
			continue // measures, and is no part of the program
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		call := ""
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, "os.O_RDONLY") {
				call = cmp.Or(call, creates.FindString(line))
			}
		}
		if call == "" {
			continue
		}
		found = append(found, name)
		if othersWhoCreate[name] == "" {
			t.Errorf("%s calls %s): files for a user are written by internal/outfile", name, call)
		}
	}
	for name := range othersWhoCreate {
		if !slices.Contains(found, name) {
			t.Errorf("%s calls nothing that makes a file any more: take it off the list", name)
		}
	}
}
