package formula

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var archives = []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"}

// render runs the script on checksums of these archives, each a digit repeated.
func render(t *testing.T, archives []string, env ...string) (formula, said string, err error) {
	t.Helper()
	var sums strings.Builder
	for i, a := range archives {
		fmt.Fprintf(&sums, "%s  reseal_1.2.3_%s.tar.gz\n", strings.Repeat(fmt.Sprint(i+1), 64), a)
	}
	fmt.Fprintf(&sums, "%s  reseal_1.2.3_amd64.deb\n", strings.Repeat("9", 64))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command("sh", "../../packaging/formula.sh")
	cmd.Env = append(os.Environ(), "DIST="+dir, "BASE=https://example.com/v1.2.3", "HOMEPAGE=https://example.com")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func TestFormula(t *testing.T) {
	formula, said, err := render(t, archives)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for i, a := range archives {
		want := fmt.Sprintf("url \"https://example.com/v1.2.3/reseal_1.2.3_%s.tar.gz\"\n      sha256 \"%s\"\n", a, strings.Repeat(fmt.Sprint(i+1), 64))
		if strings.Count(formula, want) != 1 {
			t.Errorf("the formula does not have\n%s", want)
		}
	}
	if strings.Contains(formula, "@") || !strings.Contains(formula, `version "1.2.3"`) {
		t.Errorf("something was not filled in:\n%s", formula)
	}
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("SKIPPED: there is no ruby here, so the formula was not parsed. To run it: apt-get install ruby && cd tools && go test ./formula")
	}
	cmd := exec.Command(ruby, "-wc")
	cmd.Stdin = strings.NewReader(formula)
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "Syntax OK" {
		t.Errorf("ruby -wc: %v\n%s", err, out)
	}
}

func TestMissingArchive(t *testing.T) {
	formula, said, err := render(t, archives[1:])
	if err == nil || formula != "" || !strings.Contains(said, "no archive for darwin_amd64") {
		t.Errorf("without an archive: %v, %q, %q", err, said, formula)
	}
}

// TestAddresses: an address stands in the formula as it was given, or there is none.
func TestAddresses(t *testing.T) {
	for _, bad := range []string{
		"BASE=https://x/get?p=reseal&v=1", "BASE=https://x|y", `HOMEPAGE=https://x/"; system("id"); "`, "HOMEPAGE=https://x/#{system('id')}",
		"HOMEPAGE=http://example.com", "BASE=https://", "BASE=https://x y", "BASE=https://x\nhttps://y",
	} {
		if formula, said, err := render(t, archives, bad); err == nil || formula != "" || said == "" {
			t.Errorf("%q: %v, %q, %q", bad, err, said, formula)
		}
	}
	if formula, said, err := render(t, archives, "BASE=https://example.com/a%20b/v1.2.3+x"); err != nil || !strings.Contains(formula, "https://example.com/a%20b/v1.2.3+x/reseal_1.2.3_") {
		t.Errorf("%v: %s\n%s", err, said, formula)
	}
}
