package reseal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logEvent is what a line of the log can be.
type logEvent struct {
	level      string
	attributes map[string]bool
}

// logEvents are events by their names.
type logEvents map[string]logEvent

// add takes in one way to write an event. It returns what is wrong with it.
func (all logEvents) add(name, level string, attributes []string) string {
	e, known := all[name]
	if known && e.level != level {
		return fmt.Sprintf("%q is logged at %s and at %s", name, e.level, level)
	}
	if !known {
		e = logEvent{level, map[string]bool{}}
		all[name] = e
	}
	for _, a := range attributes {
		e.attributes[a] = true
	}
	return ""
}

// aLog is an expression that is a log, by the names that logs have in this program.
var aLog = regexp.MustCompile(`(^|\.)(log|Log|logger|Logger)(\(\))?$`)

// attributeName is what names of attributes are made of, which queries have to quote otherwise.
var attributeName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// literal is the value of a text in the source.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// eventsOf adds the events that a function can log, and returns what is wrong with them.
func (all logEvents) eventsOf(f *ast.FuncDecl) (problems []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		of, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error", "LogAttrs"}, of.Sel.Name) {
			return true
		}
		text, isText := literal(call.Args[0])
		receiver := types.ExprString(of.X)
		switch {
		case !aLog.MatchString(receiver) && (isText || of.Sel.Name == "LogAttrs"):
			problems = append(problems, fmt.Sprintf("%s.%s: is that a log? It has none of the names of one", receiver, of.Sel.Name))
		case !aLog.MatchString(receiver):
		case of.Sel.Name == "LogAttrs":
			level := strings.ToLower(strings.TrimPrefix(types.ExprString(call.Args[1]), "slog.Level"))
			name, ok := literal(call.Args[2])
			if problem := all.add(name, level, attributesIn(f)); problem != "" || !ok {
				problems = append(problems, "LogAttrs: the event is no plain text. "+problem)
			}
		default:
			names, ok := pairs(call.Args[1:])
			if problem := all.add(text, strings.ToLower(of.Sel.Name), names); problem != "" || !ok || !isText {
				problems = append(problems, fmt.Sprintf("%s %q: event and names of attributes have to be plain texts. %s", of.Sel.Name, text, problem))
			}
		}
		return true
	})
	return problems
}

// attributesIn are the names that a function makes attributes of.
func attributesIn(f *ast.FuncDecl) (out []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 2 && strings.HasPrefix(types.ExprString(call.Fun), "slog.") {
			if name, ok := literal(call.Args[0]); ok {
				out = append(out, name)
			}
		}
		return true
	})
	return out
}

// pairs are the names of name and value in turn.
func pairs(args []ast.Expr) (out []string, ok bool) {
	for i := 0; i < len(args); i += 2 {
		name, isText := literal(args[i])
		if !isText || i+1 == len(args) {
			return nil, false
		}
		out = append(out, name)
	}
	return out, true
}

// emitted are the events that the source of the program can log.
func emitted(t *testing.T) logEvents {
	t.Helper()
	all, files := logEvents{}, token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"bench", "tools", "internal/simulator", ".git"}, path): // not the program's log
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				for _, problem := range all.eventsOf(f) {
					t.Errorf("%s: %s", path, problem)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// eventRow is a row of the table of docs/logs.md: event, level, when, attributes.
var eventRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (debug|info|warn|error) \\|[^|]*\\|([^|]*)\\|$")

var quotedName = regexp.MustCompile("`([^`]+)`")

// TestLogEventsAreDocumented compares the table of docs/logs.md with what the source can
// log, both ways: names, levels and attributes.
func TestLogEventsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	told := logEvents{}
	for _, row := range eventRow.FindAllStringSubmatch(string(page), -1) {
		var names []string
		for _, n := range quotedName.FindAllStringSubmatch(row[3], -1) {
			names = append(names, n[1])
		}
		if _, twice := told[row[1]]; twice {
			t.Errorf("docs/logs.md has %q twice", row[1])
		}
		told.add(row[1], row[2], names)
	}
	logged := emitted(t)
	if len(logged) < 20 {
		t.Fatalf("found %d events in the source, want at least 20: have the names of logs changed?", len(logged))
	}
	for name, e := range logged {
		is, ok := told[name]
		attributes := slices.Sorted(maps.Keys(e.attributes))
		for _, a := range attributes {
			if !attributeName.MatchString(a) {
				t.Errorf("event %q: attribute %q: want small letters, digits and _", name, a)
			}
		}
		if named := slices.Sorted(maps.Keys(is.attributes)); !ok || is.level != e.level || !slices.Equal(named, attributes) {
			t.Errorf("the source logs %q at %s with %q;\ndocs/logs.md has it at %q with %q", name, e.level, attributes, is.level, named)
		}
	}
	for name := range told {
		if _, ok := logged[name]; !ok {
			t.Errorf("docs/logs.md has %q, which nothing logs", name)
		}
	}
}

// TestLogsAreFoundInSource: the test above can see what is wrong.
func TestLogsAreFoundInSource(t *testing.T) {
	const source = `package p
func f() {
	s.log.Info("one", "a", 1, "b", 2)
	log.LogAttrs(ctx, slog.LevelDebug, "two", slog.String("c", ""), slog.Int("d", 1))
	x.Warn("three")
	log.Warn(text, "a", 1)
	log.Error("one")
	log.Info("four", "a")
}`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := logEvents{}
	if problems := all.eventsOf(file.Decls[0].(*ast.FuncDecl)); len(problems) != 4 {
		t.Errorf("%d problems, want 4: %q", len(problems), problems)
	}
	if one, two := all["one"], all["two"]; one.level != "info" || len(one.attributes) != 2 || two.level != "debug" || !two.attributes["d"] {
		t.Errorf("%v", all)
	}
}
