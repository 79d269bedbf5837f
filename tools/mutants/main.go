// Command mutants changes the packages named, one operator at a time, and runs
// the tests of the package that has it after each change. It prints the changes
// that no test notices, and fails where they are more than 5 % and not listed
// as equivalent. It wraps go-gremlins.
//
//	go run ./mutants [-list FILE] [-diff COMMIT] [-timeout N] DIR PACKAGE...
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// gremlins is the tool that makes the mutants, at the version that was tried.
const gremlins = "github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0"

// most is the share of survivors, in percent, above which a package fails.
const most = 5

func main() {
	if real := os.Getenv(realGo); real != "" && filepath.Base(os.Args[0]) == "go" {
		os.Exit(runGo(real, os.Args[1:]))
	}
	list := flag.String("list", "docs/equivalent-mutants.txt", "the equivalent mutants, below DIR")
	ref := flag.String("diff", "", "mutate only lines that differ from this commit")
	timeout := flag.Int("timeout", 20, "a mutant may take so many times as long as the tests and their build did")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	options := []string{"--timeout-coefficient", fmt.Sprint(*timeout)}
	if *ref != "" {
		options = append(options, "--diff", *ref)
	}
	ok, err := run(os.Stdout, flag.Arg(0), *list, options, flag.Args()[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run tests the packages one after the other; false where one has too many survivors.
func run(out io.Writer, dir, list string, options, packages []string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(dir, list))
	if err != nil {
		return false, fmt.Errorf("read the equivalent mutants: %w", err)
	}
	known, err := parseList(string(text))
	if err != nil {
		return false, fmt.Errorf("%s: %w", list, err)
	}
	ok := true
	var table strings.Builder
	for _, pkg := range packages {
		found, err := mutate(out, dir, pkg, options)
		if err != nil {
			return false, fmt.Errorf("%s: %w", pkg, err)
		}
		s := count(found, known)
		for _, m := range s.survivors {
			fmt.Fprintf(out, "%s\n    survives\n", m)
		}
		for _, m := range stale(found, known) {
			fmt.Fprintf(out, "%s\n    is listed as equivalent, and killed\n", m)
		}
		fmt.Fprintln(&table, s.row(pkg))
		ok = ok && s.share() <= most
	}
	fmt.Fprintf(out, "\n%s%s", tableHead, table.String())
	if !ok {
		fmt.Fprintf(out, "\nMore than %d %% of the mutants of a package survive. Write a test for each,\nor list it with the reason in %s.\n", most, list)
	}
	return ok, nil
}

// mutate runs gremlins on one package and reads what it found.
func mutate(out io.Writer, dir, pkg string, options []string) ([]mutant, error) {
	temp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	real, err := exec.LookPath(cmp.Or(os.Getenv("GO"), "go"))
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(self, filepath.Join(temp, "go")); err != nil {
		return nil, err
	}
	// Not go run: it puts the true go command before all others.
	install := exec.Command(real, "install", gremlins)
	install.Stderr, install.Env = os.Stderr, append(os.Environ(), "GOBIN="+temp)
	if err := install.Run(); err != nil {
		return nil, fmt.Errorf("install %s: %w", gremlins, err)
	}
	text, err := sources(filepath.Join(dir, pkg)) // now: somebody may edit them meanwhile
	if err != nil {
		return nil, err
	}
	result := filepath.Join(temp, "result.json")
	args := slices.Concat([]string{"unleash", "--workers", "1", "-o", result}, options, []string{pkg})
	cmd := exec.Command(filepath.Join(temp, "gremlins"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, os.Stderr
	cmd.Env = append(os.Environ(), "PATH="+temp+string(os.PathListSeparator)+os.Getenv("PATH"), realGo+"="+real)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("gremlins: %w", err)
	}
	data, err := os.ReadFile(result)
	if err != nil {
		return nil, err
	}
	return readResult(data, text, pkg)
}

// result is what gremlins writes.
type result struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []struct {
			Type, Status string
			Line, Column int
		}
	}
}

// readResult names the mutants by the text of their lines.
func readResult(data []byte, sources map[string][]string, pkg string) ([]mutant, error) {
	var r result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read the result of gremlins: %w", err)
	}
	var out []mutant
	for _, f := range r.Files {
		text := sources[f.Name]
		for _, m := range f.Mutations {
			if m.Line < 1 || m.Line > len(text) || m.Column < 1 || m.Column > len(text[m.Line-1]) {
				return nil, fmt.Errorf("%s has no line %d with a column %d", f.Name, m.Line, m.Column)
			}
			line := text[m.Line-1]
			out = append(out, mutant{
				file:     filepath.ToSlash(filepath.Join(pkg, f.Name)),
				line:     strings.TrimSpace(line[:m.Column-1] + mark + line[m.Column-1:]),
				mutation: m.Type,
				status:   m.Status,
			})
		}
	}
	return out, nil
}

// sources are the lines of the files below dir, by their paths below it.
func sources(dir string) (map[string][]string, error) {
	out := map[string][]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = strings.Split(string(data), "\n")
		return err
	})
	return out, err
}
