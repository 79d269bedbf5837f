package reseal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// faqEntry is a message that docs/faq.md quotes, and what it says of it.
var faqEntry = regexp.MustCompile("(?m)^### `(.+)`\n((?:[^#\n].*\n|\n)*)")

// verb is what fmt puts something in the place of.
var verb = regexp.MustCompile(`%[+#]?(?:\[\d\])?[\d.]*[a-zA-Z]`)

// TestMessagesAreExplained demands that the messages which docs/faq.md quotes are those of
// the program, and that it says of each what was lost and what to do.
func TestMessagesAreExplained(t *testing.T) {
	page, err := os.ReadFile("docs/faq.md")
	if err != nil {
		t.Fatal(err)
	}
	entries := faqEntry.FindAllStringSubmatch(string(page), -1)
	if len(entries) < 25 || len(entries) != strings.Count(string(page), "\n### ") {
		t.Errorf("found %d messages under %d headings, want at least 25, and one each: has the form of the page changed?", len(entries), strings.Count(string(page), "\n### "))
	}
	texts := textsOfTheProgram(t)
	for _, e := range entries {
		if !said(texts, e[1]) {
			t.Errorf("docs/faq.md explains %q, which the program does not say any more", e[1])
		}
		for _, part := range []string{"**Lost:**", "**Do:**"} {
			if !strings.Contains(e[2], part) {
				t.Errorf("docs/faq.md: %q has no %s", e[1], part)
			}
		}
	}
}

// said tells whether one of the texts has the pieces of a quote, between which … stands,
// one after the other.
func said(texts []string, quote string) bool {
	for _, text := range texts {
		rest, all := text, true
		for piece := range strings.SplitSeq(quote, "…") {
			var found bool
			if _, rest, found = strings.Cut(rest, strings.TrimSpace(piece)); !found {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

// textsOfTheProgram are the strings in its source, those that are joined by + in one. What
// is put into a text when it is said is left out.
func textsOfTheProgram(t *testing.T) (texts []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "bench" || path == "tools" || path == filepath.Join("internal", "simulator") || path != "." && strings.HasPrefix(entry.Name(), ".")) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := constant(e)
			if ok {
				texts = append(texts, verb.ReplaceAllString(text, "…"))
			}
			return !ok
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// constant is the text of an expression of strings and +, as far as it is constant.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		x, okX := constant(e.X)
		y, okY := constant(e.Y)
		return x + y, e.Op == token.ADD && (okX || okY)
	}
	return "", false
}
