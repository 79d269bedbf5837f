package reseal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSerialPackagesAreSerial demands that the packages which make test leaves out of the
// race detector start no goroutine and guard nothing: it could find nothing in them.
func TestSerialPackagesAreSerial(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(makefile), "\nSERIAL =")
	list, _, _ = strings.Cut(list, "\n")
	dirs := strings.Fields(list)
	if !found || len(dirs) == 0 {
		t.Fatal("the Makefile has no list SERIAL")
	}
	concurrent := []string{"sync", "sync/atomic", "golang.org/x/sync/errgroup"}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				if path, _ := strconv.Unquote(i.Path.Value); slices.Contains(concurrent, path) {
					t.Errorf("%s imports %s: take %s off the list SERIAL of the Makefile", name, path, dir)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s starts a goroutine: take %s off the list SERIAL of the Makefile", fset.Position(s.Pos()), dir)
				}
				return true
			})
		}
	}
}
