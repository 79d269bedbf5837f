package s3api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// oddNames are keys that XML cannot hold, or that decoding twice would change.
var oddNames = []string{"a\x01b", "dir/\x1f", "plus+and %41", "tab\tcr\rlf\n"}

// The keys that a preflight looks at may hold what XML cannot.
func TestPreflightListsOddKeys(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for _, key := range oddNames {
		seedLarge(t, s, key)
	}
	keys, err := s.aws.MayList(t.Context(), bucket)
	want := slices.Sorted(slices.Values(oddNames))
	if err != nil || !slices.Equal(keys, want) {
		t.Errorf("got %q, %v; want %q", keys, err, want)
	}
}

// So may those of uploads, on each page of their list.
func TestUploadsOfOddKeysAreListed(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for _, key := range oddNames {
		seedLarge(t, s, key)
		theirs := begunHere(t, s, key, 1001)
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
		w := &work{Rewriter: r, task: inspected(t, r, key), gate: &gate{}}
		all, err := w.listUploads(t.Context())
		if err != nil || len(all) != len(theirs) {
			t.Errorf("%q: %d uploads, %v; want %d", key, len(all), err, len(theirs))
		}
	}
}

// No request for a list leaves out the encoding: one key with a control character
// would make the answer no XML.
func TestEveryListAsksForEncodedKeys(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || !listsKeys(lit.Type) {
				return true
			}
			seen++
			encoded := slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					return false
				}
				field, ok := kv.Key.(*ast.Ident)
				return ok && field.Name == "EncodingType"
			})
			if !encoded {
				t.Errorf("%s: a list without EncodingType", fset.Position(lit.Pos()))
			}
			return true
		})
	}
	if seen < 8 {
		t.Errorf("%d requests for lists found: the test looks in the wrong place", seen)
	}
}

// listsKeys tells whether a type is that of a request whose answer names keys, and
// which S3 encodes on demand.
func listsKeys(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch sel.Sel.Name {
	case "ListObjectsInput", "ListObjectsV2Input", "ListObjectVersionsInput", "ListMultipartUploadsInput":
		return true
	}
	return false
}
