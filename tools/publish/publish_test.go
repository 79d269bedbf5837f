package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const path = "example.com/acme/reseal"

// small is a module that has all that a path is written in.
var small = map[string]string{
	"go.mod":    "module reseal\n\ngo 1.26.0\n",
	"README.md": "# reseal\n\n" + buildLine,
	"plan/plan.go": "// Package plan has nothing of reseal/engine.\npackage plan\n\n" +
		"// Word looks like an import.\nconst Word = \"reseal/engine\"\n",
	"engine/deep/deep.go": "package deep\n\nimport \"reseal/plan\"\n\n// Word is plan's.\nconst Word = plan.Word\n",
	"engine/deep/deep_test.go": "package deep_test\n\nimport (\n\t\"testing\"\n\n\tp \"reseal/plan\"\n\n\t. `reseal/engine/deep`\n)\n\n" +
		"func TestWord(t *testing.T) {\n\tif Word != p.Word {\n\t\tt.Fail()\n\t}\n}\n",
	"cmd/reseal/main.go": "package main\n\nimport \"reseal/engine/deep\"\n\nfunc main() { print(deep.Word) }\n",
	"tools/go.mod":       "module reseal/tools\n\ngo 1.26.0\n",
	"tools/tool.go":      "package tools\n",
	"docs/page.md":       "A page about reseal.\n",
}

// repository writes files into a new folder, and has git know them.
func repository(t *testing.T, files ...map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for _, some := range files {
		for name, body := range some {
			write(t, filepath.Join(folder, name), body)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return folder
}

func write(t *testing.T, name, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// oldImports names the files below a folder that import the module by its old path.
func oldImports(t *testing.T, folder string) (old []string, files int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range parsed.Imports {
			if strings.HasPrefix(strings.Trim(i.Path.Value, "\"`"), oldPrefix) {
				old = append(old, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return old, files
}

// oldPrefix begins the path of each package of the module.
const oldPrefix = old + "/"

// TestPublish: a small module builds under another path, with its tests, and only what
// git has is in the copy. make publish-check does the same with the whole project.
func TestPublish(t *testing.T) {
	source := repository(t, small)
	write(t, filepath.Join(source, "secret.txt"), "git does not know this")
	folder := filepath.Join(t.TempDir(), "copy")
	if err := publish(source, path, folder); err != nil {
		t.Fatal(err)
	}
	if old, files := oldImports(t, folder); len(old) > 0 || files != 5 {
		t.Errorf("of %d files these import the old path: %v", files, old)
	}
	if _, err := os.Stat(filepath.Join(folder, "secret.txt")); err == nil {
		t.Error("a file is in the copy that git does not know")
	}
	for name, want := range map[string]string{
		"go.mod":       "module " + path + "\n\ngo 1.26.0\n",
		"tools/go.mod": "module " + path + "/tools\n\ngo 1.26.0\n",
		"plan/plan.go": small["plan/plan.go"], // comments and strings are no imports
		"docs/page.md": small["docs/page.md"],
	} {
		if got := read(t, filepath.Join(folder, name)); got != want {
			t.Errorf("%s is\n%s\nand not\n%s", name, got, want)
		}
	}
	for name, body := range small {
		if got := read(t, filepath.Join(source, name)); got != body {
			t.Errorf("%s was changed where it was read", name)
		}
	}
}

// TestNotProven: a copy that does not build, or that vet finds fault with, is an error.
func TestNotProven(t *testing.T) {
	for name, body := range map[string]string{
		"go build": "package more\n\nimport _ \"reseal/absent\"\n",
		"go vet":   "package more\n\nvar a int\n\nfunc f() { a = a }\n",
	} {
		source := repository(t, small, map[string]string{"more/more.go": body})
		err := publish(source, path, filepath.Join(t.TempDir(), "copy"))
		if err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWholeProject: nothing of this project imports the old path in the copy, and its
// README.md says how it is installed.
func TestWholeProject(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "copy")
	if err := rename("../..", path, folder); err != nil {
		t.Fatal(err)
	}
	if old, files := oldImports(t, folder); len(old) > 0 || files < 100 {
		t.Errorf("of %d files these import the old path: %v", files, old)
	}
	if mod := read(t, filepath.Join(folder, "go.mod")); !strings.HasPrefix(mod, "module "+path+"\n") {
		t.Errorf("go.mod names another module: %.60s", mod)
	}
	if readme := read(t, filepath.Join(folder, "README.md")); !strings.Contains(readme, "go install "+path+"/cmd/reseal@latest\n") {
		t.Error("README.md does not say how it is installed")
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
