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
	var found []string
	for name, text := range programFiles(t) {
		call := ""
		for line := range strings.Lines(text) {
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

// opensByName is a call that opens a file by a name that may be from anybody.
var opensByName = regexp.MustCompile(`\b(os\.(Open|OpenFile|ReadFile)|ioutil\.ReadFile)\(`)

// othersWhoOpen are the files of the program that open one by themselves, and why
// they may.
var othersWhoOpen = map[string]string{
	"checkpoint/dir.go":               "a folder, to make it durable",
	"control/socket.go":               "a folder of the program's own",
	"internal/outfile/outfile.go":     "writes, and a folder",
	"internal/compat/compat.go":       "a file of an older version, for tests",
	"internal/outfile/target.go":      "writes",
	"internal/smallfile/smallfile.go": "the one place",
	"inventory/spool.go":              "the data files that it keeps itself",
	"job/freeze.go":                   "a folder, to make it durable",
	"job/known/file.go":               "the list of jobs, which it keeps itself",
	"job/newplace.go":                 "a folder, to make it durable",
	"job/runs.go":                     "this program itself",
	"notify/strays_linux.go":          "what the kernel shows of processes",
}

// TestSmallFilesAreReadInOnePlace demands that the files that a flag names are read by
// internal/smallfile, which waits for nobody and has a limit. Reports go through
// inventory, and what lies below a folder of the program's own through os.Root.
func TestSmallFilesAreReadInOnePlace(t *testing.T) {
	var found []string
	for name, text := range programFiles(t) {
		call := opensByName.FindString(text)
		if call == "" {
			continue
		}
		found = append(found, name)
		if othersWhoOpen[name] == "" {
			t.Errorf("%s calls %s): a file that a user names is read by internal/smallfile", name, call)
		}
	}
	for name := range othersWhoOpen {
		if !slices.Contains(found, name) {
			t.Errorf("%s opens no file any more: take it off the list", name)
		}
	}
}

// programFiles are the texts of the program's own source files by name. What measures
// or tests is no part of it.
func programFiles(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}\n{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for path := range strings.FieldsSeq(string(out)) {
		name, err := filepath.Rel(here, path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "bench/") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}
