package report

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPrint prints the pages: no heading stands alone at the end of a sheet, every
// part is there, and what is only for a screen is not.
func TestPrint(t *testing.T) {
	browser := findBrowser(t)
	reader, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("SKIPPED: there is no pdftotext here, so no printed page was read. To run it: apt-get install poppler-utils && go test ./report -run TestPrint")
	}
	for name, write := range map[string]func(io.Writer) error{
		"plan": func(w io.Writer) error { return WritePlanHTML(w, samplePlan()) },
		"run":  func(w io.Writer) error { return WriteRunHTML(w, sampleRun()) },
	} {
		var page bytes.Buffer
		if err := write(&page); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		file, pdf := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.pdf")
		if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		open(t, browser, file, "--print-to-pdf="+pdf, "--no-pdf-header-footer")
		if dir := os.Getenv("RESEAL_SCREENSHOTS"); dir != "" {
			if data, err := os.ReadFile(pdf); err != nil || os.WriteFile(filepath.Join(dir, name+".pdf"), data, 0o644) != nil {
				t.Errorf("keep %s: %v", pdf, err)
			}
		}
		out, err := exec.Command(reader, "-layout", pdf, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		checkPrinted(t, name, page.String(), string(out))
	}
}

func checkPrinted(t *testing.T, name, page, printed string) {
	t.Helper()
	titles := map[string]bool{}
	for _, m := range regexp.MustCompile(`<h[23][^>]*>([^<]*)</h[23]>`).FindAllStringSubmatch(page, -1) {
		titles[m[1]] = false
	}
	if len(titles) < 10 {
		t.Fatalf("%s: only %d headings in the page", name, len(titles))
	}
	sheets := strings.Split(strings.TrimRight(printed, "\f\n"), "\f")
	for i, sheet := range sheets {
		lines := strings.Split(strings.TrimSpace(sheet), "\n")
		for _, line := range lines {
			if _, is := titles[strings.TrimSpace(line)]; is {
				titles[strings.TrimSpace(line)] = true
			}
		}
		if last := strings.TrimSpace(lines[len(lines)-1]); len(sheets) > 1 && titles[last] {
			t.Errorf("%s: sheet %d of %d ends with the heading %q", name, i+1, len(sheets), last)
		}
	}
	for title, seen := range titles {
		if !seen {
			t.Errorf("%s: the heading %q is not printed", name, title)
		}
	}
	if len(sheets) < 2 || strings.Contains(printed, "The figures of the charts as a table") {
		t.Errorf("%s: %d sheets, or something for a screen is printed", name, len(sheets))
	}
}
