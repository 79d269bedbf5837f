// Command publish names the module anew, in a copy: the module is called reseal here,
// which nobody can go install. It writes all files that git has into a new folder, with
// another path in go.mod, in the imports and in README.md, and builds and vets them.
// Nothing is changed where it reads.
//
//	publish ../ github.com/acme/reseal FOLDER
package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
)

// old is the path of the module until it is published.
const old = "reseal"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: publish SOURCE NEW/PATH FOLDER")
		os.Exit(2)
	}
	if err := publish(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
	fmt.Printf("%s builds as %s\n", os.Args[3], os.Args[2])
}

func publish(source, path, folder string) error {
	if err := rename(source, path, folder); err != nil {
		return err
	}
	for _, args := range [][]string{{"build", "-trimpath", "./..."}, {"vet", "./..."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = folder, os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go %s in %s: %w", strings.Join(args, " "), folder, err)
		}
	}
	return nil
}

// rename copies all files that git has in source into folder, which it makes, under
// the new path.
func rename(source, path, folder string) error {
	if err := module.CheckPath(path); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err // also where it exists
	}
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = source
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files in %s: %w", source, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if err := carry(filepath.Join(source, name), filepath.Join(folder, name), path); err != nil {
			return err
		}
	}
	return nil
}

// carry copies a file, with the new path where it names the module.
func carry(from, to, path string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", from)
	}
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	switch base := filepath.Base(from); {
	case base == "go.mod":
		body = moduleLine.ReplaceAll(body, []byte("module "+path+"$1"))
	case base == "README.md":
		body = bytes.Replace(body, []byte(buildLine), []byte("    go install "+path+"/cmd/reseal@latest\n\nor, in a clone:\n\n"+buildLine), 1)
	case filepath.Ext(base) == ".go":
		body, err = imports(from, body, path)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, body, info.Mode().Perm())
}

var moduleLine = regexp.MustCompile(`(?m)^module ` + old + `(/.*)?$`)

// buildLine is the line of README.md that a line for go install belongs above.
const buildLine = "    CGO_ENABLED=0 go build -trimpath -o reseal ./cmd/reseal\n"

// imports names the packages of the module by the new path in what a file imports.
func imports(name string, body []byte, path string) ([]byte, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, name, body, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	done := 0
	for _, i := range parsed.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		rest, ok := strings.CutPrefix(imported, old+"/")
		if !ok {
			continue
		}
		at := files.Position(i.Path.Pos()).Offset
		out.Write(body[done:at])
		out.WriteString(strconv.Quote(path + "/" + rest))
		done = at + len(i.Path.Value)
	}
	out.Write(body[done:])
	return out.Bytes(), nil
}
