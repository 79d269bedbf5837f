package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reseal/internal/compat"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

var updateDocs = flag.Bool("update", false, "write the examples in docs/scripting.md anew")

// byName are the keys whose value is an object that has names from a vocabulary
// as keys: reasons, verdicts, proofs.
var byName = []string{"skipped", "verdicts", "left_alone_by_reason", "not_done_by_reason", "already_encrypted_by_key", "not_checked", "accepted_losses", "bodies"}

// varying are the keys whose value has other keys from one moment to another.
var varying = []string{"bound_by"}

// TestJSONDocuments runs every command that prints JSON, and compares the keys
// with the examples in docs/scripting.md: all are in snake_case, every key of an
// example is real, and every real one of the first two levels is in the example.
func TestJSONDocuments(t *testing.T) {
	t.Parallel()
	const docs = "../../docs/scripting.md"
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 300, Seed: 1, Archived: true})
	w.sim.Locked(func(world *simulator.World) {
		world.AddFault(simulator.Fault{Op: "CopyObject", Code: "InternalError", HTTPStatus: 500, Key: "*0000000007*", Message: "broken"})
	})
	job := filepath.Join(t.TempDir(), "job")
	target := []string{"--manifest", w.manifest, "--sse-kms-key-id", simaws.Key}
	produced := map[string][]byte{
		"plan":     w.output(0, append([]string{"plan", "--json"}, target...)...),
		"workload": w.output(0, "plan", "--json", "--objects", "10000", "--object-size", "1GB", "--region", "eu-west-2", "--monthly-gets", "2000000", "--monthly-puts", "10000"),
	}
	w.output(exitFailures, append([]string{"run", "--json", "--job", job, "--yes", "--quiet", "--attempts", "2", "--probe-key-prefix", "reseal-probe/"}, target...)...)
	produced["status"] = w.output(0, "status", "--job", job, "--json")
	produced["report"] = w.output(0, "report", "--job", job, "--format", "json")
	produced["verify"] = w.output(exitFailures, "verify", "--job", job, "--json")

	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(produced)) {
		produced[name] = bytes.ReplaceAll(produced[name], []byte(job), []byte("./job"))
		var real any
		if err := json.Unmarshal(produced[name], &real); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, produced[name])
		}
		block := regexp.MustCompile("(?s)<!-- example: " + name + " -->\n```json\n(.*?)```\n")
		found := block.FindSubmatchIndex(page)
		if found == nil {
			t.Errorf("docs/scripting.md has no example of %s", name)
			continue
		}
		if *updateDocs {
			var out bytes.Buffer
			printShort(&out, real, "")
			page = slices.Concat(page[:found[2]], append(out.Bytes(), '\n'), page[found[3]:])
			found = block.FindSubmatchIndex(page)
		}
		var example any
		if err := json.Unmarshal(page[found[2]:found[3]], &example); err != nil {
			t.Errorf("example of %s: %v", name, err)
			continue
		}
		has, shown := map[string]bool{}, map[string]bool{}
		keysOf(real, "", has)
		keysOf(example, "", shown)
		compat.Check(t, "../../testdata/compat/json-"+name+".txt", slices.Collect(maps.Keys(shown)))
		snake := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
		for path := range has {
			if key := path[strings.LastIndexByte(path, '.')+1:]; !snake.MatchString(key) {
				t.Errorf("%s: key %s is not in snake_case", name, path)
			}
			if strings.Count(path, ".") <= 2 && !shown[path] {
				t.Errorf("%s: key %s is not documented; go test ./cmd/reseal -run TestJSONDocuments -update", name, path)
			}
		}
		for path := range shown {
			if !has[path] {
				t.Errorf("%s: key %s is documented and not there; go test ./cmd/reseal -run TestJSONDocuments -update", name, path)
			}
		}
	}
	if *updateDocs {
		if err := os.WriteFile(docs, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// output runs reseal and returns what it prints, provided that it exits with code.
func (w *testWorld) output(code int, args ...string) []byte {
	w.t.Helper()
	cmd := w.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	got := 0
	if err := cmd.Run(); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			w.t.Fatal(err)
		}
		got = exit.ExitCode()
	}
	if got != code {
		w.t.Fatalf("reseal %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}

// keysOf collects the paths of all keys; elements of a list share one.
func keysOf(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			into[path+"."+key] = true
			if !slices.Contains(byName, key) && !slices.Contains(varying, key) {
				keysOf(value, path+"."+key, into)
			}
		}
	case []any:
		for _, element := range v {
			keysOf(element, path, into)
		}
	}
}

// printShort prints a document with one element of each list, and on one line
// what fits there. Keys are in alphabetical order.
func printShort(out *bytes.Buffer, v any, indent string) {
	v = shortened(v)
	if line, err := json.Marshal(v); err == nil && len(indent)+len(line) <= 110 {
		line = regexp.MustCompile(`("[a-z0-9_]+"):`).ReplaceAll(line, []byte("$1: "))
		out.Write(regexp.MustCompile(`,"([a-z0-9_]+": )`).ReplaceAll(line, []byte(`, "$1`)))
		return
	}
	switch v := v.(type) {
	case map[string]any:
		out.WriteString("{\n")
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				out.WriteString(",\n")
			}
			fmt.Fprintf(out, "%s  %q: ", indent, key)
			printShort(out, v[key], indent+"  ")
		}
		fmt.Fprintf(out, "\n%s}", indent)
	case []any:
		out.WriteString("[\n" + indent + "  ")
		printShort(out, v[0], indent+"  ")
		fmt.Fprintf(out, "\n%s]", indent)
	default:
		line, _ := json.Marshal(v) // came from JSON
		out.Write(line)
	}
}

// shortened keeps the first element of a list, and of what is below.
func shortened(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = shortened(v[key])
		}
	case []any:
		if len(v) > 0 {
			return []any{shortened(v[0])}
		}
	}
	return v
}
