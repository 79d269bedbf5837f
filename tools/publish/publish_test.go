package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPublish: under another path the module builds, and nothing imports the old one.
func TestPublish(t *testing.T) {
	const path = "example.com/acme/reseal"
	folder := filepath.Join(t.TempDir(), "copy")
	if err := publish("../..", path, folder); err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-test", "./...")
	list.Dir = folder
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), path+"/engine\n") {
		t.Errorf("no package %s/engine", path)
	}
	if old := regexp.MustCompile(`(?m)^reseal.*$`).FindString(string(out)); old != "" {
		t.Errorf("%s is still imported", old)
	}
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil || !strings.Contains(string(readme), "go install "+path+"/cmd/reseal@latest\n") {
		t.Errorf("README.md does not say how it is installed: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for _, path := range []string{"", "reseal", "https://example.com/x", "example.com/../x", "/x"} {
		folder := filepath.Join(t.TempDir(), "copy")
		if err := publish("../..", path, folder); err == nil {
			t.Errorf("%q is taken for a module path", path)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%q: the folder was made", path)
		}
	}
	if err := publish("../..", "example.com/acme/reseal", t.TempDir()); err == nil {
		t.Error("a folder that exists is not refused")
	}
}
