package reseal_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tableRow is a row of the table of packages in ARCHITECTURE.md: the package,
// what it turns into what, and which of our packages it may import.
var tableRow = regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)` \\|[^|]*\\|([^|]*)\\|$")

var name = regexp.MustCompile("`([a-z0-9/]+)`")

// TestImportsFollowTheTable compares what the packages import with the table in
// ARCHITECTURE.md, both ways: what is not allowed may not be imported, and every
// package stands in the table.
func TestImportsFollowTheTable(t *testing.T) {
	doc, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{}
	for _, m := range tableRow.FindAllStringSubmatch(string(doc), -1) {
		var may []string
		for _, n := range name.FindAllStringSubmatch(m[2], -1) {
			may = append(may, n[1])
		}
		allowed[m[1]] = may
	}
	if len(allowed) < 10 {
		t.Fatalf("found %d packages in the table of ARCHITECTURE.md, want at least 10: has its form changed?", len(allowed))
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	module, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	ours := strings.TrimSpace(string(module)) + "/"
	sdk := regexp.MustCompile(`^github\.com/aws/`)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg, inside := strings.CutPrefix(fields[0], ours)
		if !inside {
			continue // the folder of this test
		}
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s does not stand in the table of ARCHITECTURE.md", pkg)
			continue
		}
		delete(allowed, pkg)
		for _, imp := range fields[1:] {
			if name, ok := strings.CutPrefix(imp, ours); ok && !slices.Contains(may, name) && !slices.Contains(may, "all") {
				t.Errorf("package %s imports %s; the table allows it %q", pkg, name, may)
			}
			if imp == "html/template" || imp == "text/template" {
				t.Errorf("package %s imports %s, which calls methods by their names: the linker then keeps all of the SDK (docs/decisions/029)", pkg, imp)
			}
			if sdk.MatchString(imp) && pkg != "s3api" {
				t.Errorf("package %s imports %s; only s3api may know the SDK", pkg, imp)
			}
		}
	}
	for pkg := range allowed {
		t.Errorf("the table of ARCHITECTURE.md names %s, which is not there", pkg)
	}
}
