package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/cover"
)

// realGo is the environment variable with the path of the go command, for a
// process that gremlins starts as "go".
const realGo = "RESEAL_MUTANTS_GO"

// runGo runs the go command for gremlins and corrects two of its answers. What
// does not compile ends with 2, by which gremlins tells it from what a test
// killed. And a profile of coverage gets what Go's lacks: gremlins would leave
// that out.
func runGo(real string, args []string) int {
	var out bytes.Buffer
	cmd := exec.Command(real, args...)
	cmd.Stdin = os.Stdin
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &out), io.MultiWriter(os.Stderr, &out)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case bytes.Contains(out.Bytes(), []byte("[build failed]")):
		return 2
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 1
	}
	if i := slices.Index(args, "-coverprofile"); i >= 0 && i+1 < len(args) {
		if err := addMissing(args[i+1]); err != nil {
			fmt.Fprintln(os.Stderr, "mutants:", err)
			return 1
		}
	}
	return 0
}

// addMissing adds to a profile what Go's lacks. It runs in the root of the module.
func addMissing(path string) error {
	profiles, err := cover.ParseProfiles(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for _, p := range profiles {
		_, file, _ := strings.Cut(p.FileName, "/") // the module has a name of one element
		src, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			f.Close()
			return err
		}
		for _, b := range missing(p, src) {
			fmt.Fprintf(f, "%s:%d.%d,%d.%d 1 1\n", p.FileName, b.StartLine, b.StartCol, b.EndLine, b.EndCol)
		}
	}
	return f.Close()
}

// missing are the parts of covered statements that are in no block of a profile:
// the lists behind case, and what follows a function within a statement.
func missing(p *cover.Profile, src []byte) []cover.ProfileBlock {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, p.FileName, src, 0)
	if err != nil {
		return nil
	}
	var out []cover.ProfileBlock
	add := func(from, to token.Pos) {
		a, b := set.Position(from), set.Position(to)
		out = append(out, cover.ProfileBlock{StartLine: a.Line, StartCol: a.Column, EndLine: b.Line, EndCol: b.Column})
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		s, ok := n.(ast.Stmt)
		if !ok || !covered(p, set.Position(s.Pos())) {
			return true
		}
		switch s := s.(type) {
		case *ast.SwitchStmt:
			for _, c := range s.Body.List {
				if c := c.(*ast.CaseClause); len(c.List) > 0 {
					add(c.Case, c.Colon)
				}
			}
		case *ast.IfStmt:
			afterFunctions(s.Cond, add)
		case *ast.ReturnStmt, *ast.AssignStmt, *ast.ExprStmt:
			afterFunctions(s, add)
		}
		return true
	})
	return out
}

// afterFunctions calls add with each part of n that follows a function literal.
func afterFunctions(n ast.Node, add func(from, to token.Pos)) {
	from := token.NoPos
	ast.Inspect(n, func(inner ast.Node) bool {
		f, ok := inner.(*ast.FuncLit)
		if !ok {
			return true
		}
		if from != token.NoPos {
			add(from, f.Pos())
		}
		from = f.End()
		return false
	})
	if from != token.NoPos && from < n.End() {
		add(from, n.End())
	}
}

func covered(p *cover.Profile, at token.Position) bool {
	return slices.ContainsFunc(p.Blocks, func(b cover.ProfileBlock) bool {
		after := at.Line > b.StartLine || at.Line == b.StartLine && at.Column >= b.StartCol
		before := at.Line < b.EndLine || at.Line == b.EndLine && at.Column < b.EndCol
		return b.Count > 0 && after && before
	})
}
