package plan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"reseal/inventory"
)

// The table of docs/fidelity.md has a row for each attribute, with the changes
// that count and the name under which they are accepted.
func TestFidelityTable(t *testing.T) {
	data, err := os.ReadFile("../docs/fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), "| attribute | it differs when it is | `--accept` |\n|---|---|---|\n")
	if !ok {
		t.Fatal("docs/fidelity.md has no table of what counts as a difference")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	var want []string
	for _, a := range append(Losses(), Length, Body) {
		var changes []string
		for _, how := range []Change{WasLost, WasChanged, WasAdded} {
			if slices.Contains(seenChanges(a), how) {
				changes = append(changes, string(how))
			}
		}
		row := "| " + string(a) + " | " + strings.Join(changes, ", ") + " |"
		if a != Length && a != Body {
			row += " `" + a.Hazard() + "`"
		}
		want = append(want, row+" |")
	}
	if got := strings.Split(table, "\n"); !slices.Equal(got, want) {
		t.Errorf("docs/fidelity.md has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// seenChanges are the changes in which a comparison names an attribute, over all
// edits of a full snapshot and their reverses.
func seenChanges(a Attribute) (all []Change) {
	for _, asked := range []bool{true, false} {
		o, x, y := Options{SSE: TargetKMS, BucketKey: asked}, fullSnapshot(), fullSnapshot()
		y.Head.Encryption, y.Head.BucketKey = inventory.SSEKMS, !asked
		c := o.Compare(x, y, snapshotTime)
		for _, d := range c.Differences {
			if d.Attribute == a {
				all = append(all, d.Change)
			}
		}
	}
	for _, e := range edits {
		for _, edit := range []func(*Snapshot){e.change, e.remove} {
			if edit == nil {
				continue
			}
			x, y := fullSnapshot(), fullSnapshot()
			edit(y)
			for _, c := range []Comparison{x.Compare(y, snapshotTime), y.Compare(x, snapshotTime)} {
				for _, d := range c.Differences {
					if d.Attribute == a {
						all = append(all, d.Change)
					}
				}
			}
		}
	}
	return all
}

// Every reason that a result can have is in docs/scripting.md.
func TestReasonsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../docs/scripting.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "task.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if is, ok := spec.Type.(*ast.Ident); !ok || is.Name != "Reason" {
			return true
		}
		n++
		reason := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		if !strings.Contains(string(docs), "`"+reason+"`") {
			t.Errorf("docs/scripting.md does not have %s", reason)
		}
		return true
	})
	if n < 20 {
		t.Errorf("%d reasons found", n)
	}
}
