package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The linker sets a variable by its name and says nothing where there is none of
// that name: the program that it made must be asked.
func TestVersionIsToldByTheLinker(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "run", "-ldflags", "-X main.version=1.2.3-told", ".", "--version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "reseal version 1.2.3-told (") {
		t.Errorf("--version says %q (%v), want what the linker was told", out, err)
	}
	if word := regexp.MustCompile(`^(devel-|v[0-9])\S+$`); !word.MatchString(programVersion()) {
		t.Errorf("without the linker's word the version is %q, want one word, never devel alone", programVersion())
	}
}
