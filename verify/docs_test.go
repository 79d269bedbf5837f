package verify

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// exits are the exit codes of the grades, as cmd/reseal has them.
var exits = map[Grade]string{Fine: "0", Open: "3", Wrong: "7"}

// docs/verify.md has the verdicts and the reasons of the code, and no others.
func TestDocsHaveTheVocabulary(t *testing.T) {
	page, err := os.ReadFile("../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, v := range Verdicts() {
		want = append(want, fmt.Sprintf("%s %s", v, exits[v.Grade()]))
	}
	var got []string
	for _, cells := range table(string(page), "verdict") {
		got = append(got, cells[0]+" "+cells[2])
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/verify.md has the verdicts\n%q, the code has\n%q", got, want)
	}
	got = nil
	for _, cells := range table(string(page), "reason") {
		got = append(got, cells[0])
	}
	// A row is gone, or in another bucket, under a verdict of its own.
	want = slices.DeleteFunc(skipReasons(t), func(r string) bool { return r == "gone" })
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("docs/verify.md has the reasons\n%q, the code has\n%q", got, want)
	}
}

// table returns the rows of the table whose first column has the given name.
func table(page, first string) (rows [][]string) {
	_, body, _ := strings.Cut(page, "| "+first+" |")
	for _, line := range strings.Split(body, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "| "), " | ") {
			cells = append(cells, strings.Trim(c, "` "))
		}
		rows = append(rows, cells)
	}
	return rows
}

// skipReasons are the reasons for leaving an object alone, from the source of plan.
func skipReasons(t *testing.T) (reasons []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "../plan/task.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`^Reasons for leaving an object alone`)
	for _, d := range f.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST || !text.MatchString(block.Doc.Text()) {
			continue
		}
		for _, s := range block.Specs {
			word, err := strconv.Unquote(s.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, word)
		}
	}
	slices.Sort(reasons)
	if len(reasons) == 0 {
		t.Fatal("plan/task.go has no reasons for leaving an object alone: has its form changed?")
	}
	return reasons
}
