package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rule says what a value in a document has to be. It is a small subset of JSON
// schema: enough to find a field that is misspelt, missing, misplaced or of the
// wrong kind, without asking a server.
type rule struct {
	kind   string          // map, list, string, int, bool, any
	fields map[string]rule // of a map; a name that ends in ! must be there. nil allows any
	items  *rule           // of a list, or of the values of a map without fields
	enum   []string
}

var (
	text     = rule{kind: "string"}
	number   = rule{kind: "int"}
	boolean  = rule{kind: "bool"}
	texts    = rule{kind: "list", items: &text}
	labels   = rule{kind: "map", items: &text}
	whatever = rule{kind: "any"}
)

func oneOf(values ...string) rule          { return rule{kind: "string", enum: values} }
func object(fields map[string]rule) rule   { return rule{kind: "map", fields: fields} }
func list(items rule) rule                 { return rule{kind: "list", items: &items} }
func (r rule) at(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// check returns everything about n that is not as r wants it.
func (r rule) check(n *yaml.Node, path string) []error {
	bad := func(format string, args ...any) []error {
		return []error{fmt.Errorf("line %d: %s: %s", n.Line, path, fmt.Sprintf(format, args...))}
	}
	if n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		if n.Tag != "!Ref" && n.Tag != "!Sub" && n.Tag != "!GetAtt" {
			return bad("tag %s is not known", n.Tag)
		}
		return nil // filled in by CloudFormation
	}
	switch r.kind {
	case "any":
		return nil
	case "map":
		if n.Kind != yaml.MappingNode {
			return bad("want a mapping")
		}
	case "list":
		if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
			return bad("want a list of something")
		}
		var errs []error
		for i, item := range n.Content {
			errs = append(errs, r.items.check(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return errs
	default:
		want := map[string]string{"string": "!!str", "int": "!!int", "bool": "!!bool"}[r.kind]
		if n.Kind != yaml.ScalarNode || n.Tag != want {
			return bad("want a %s, have %q, which is %s", r.kind, n.Value, n.Tag)
		}
		if r.enum != nil && !slices.Contains(r.enum, n.Value) {
			return bad("%q is none of %q", n.Value, r.enum)
		}
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, n.Content[i+1]
		if seen[name] {
			errs = append(errs, fmt.Errorf("line %d: %s is there twice", n.Content[i].Line, r.at(path, name)))
		}
		seen[name] = true
		field, ok := r.fields[name]
		if !ok {
			field, ok = r.fields[name+"!"]
		}
		switch {
		case r.fields == nil && r.items != nil:
			field, ok = *r.items, true
		case r.fields == nil:
			continue
		}
		if !ok {
			errs = append(errs, fmt.Errorf("line %d: %s is no field", n.Content[i].Line, r.at(path, name)))
			continue
		}
		errs = append(errs, field.check(value, r.at(path, name))...)
	}
	for name := range r.fields {
		if must, ok := strings.CutSuffix(name, "!"); ok && !seen[must] {
			errs = append(errs, fmt.Errorf("line %d: %s is missing", n.Line, r.at(path, must)))
		}
	}
	return errs
}

// documents reads the YAML documents of a file.
func documents(t *testing.T, data []byte) (all []*yaml.Node) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n.Content[0])
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// find returns the node at a path of names and [i].
func find(n *yaml.Node, path ...string) *yaml.Node {
	for _, p := range path {
		if n == nil {
			return nil
		}
		var next *yaml.Node
		switch n.Kind {
		case yaml.SequenceNode:
			var i int
			if _, err := fmt.Sscanf(p, "[%d]", &i); err == nil && i < len(n.Content) {
				next = n.Content[i]
			}
		case yaml.MappingNode:
			for i := 0; i < len(n.Content); i += 2 {
				if n.Content[i].Value == p {
					next = n.Content[i+1]
				}
			}
		}
		n = next
	}
	return n
}

// final are the endings that another start would only meet again. 4 is a limit
// of the user's, 130 and 143 are signals: after them the share can go on.
var final = []string{"1", "2", "3", "5", "6"}

func failIf(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		t.Error(err)
	}
}

func TestKubernetes(t *testing.T) {
	docs := documents(t, read(t, "kubernetes.yaml"))
	if len(docs) != 2 {
		t.Fatalf("%d documents, want a ServiceAccount and a Job", len(docs))
	}
	failIf(t, serviceAccount.check(docs[0], ""))
	job := docs[1]
	failIf(t, indexedJob.check(job, ""))
	rules := find(job, "spec", "podFailurePolicy", "rules")
	var never, again []string
	for _, r := range rules.Content {
		var codes []string
		if v := find(r, "onExitCodes", "values"); v != nil {
			for _, c := range v.Content {
				codes = append(codes, c.Value)
			}
		}
		if find(r, "action").Value == "FailJob" {
			never = append(never, codes...)
		} else {
			again = append(again, codes...)
		}
	}
	if !slices.Equal(never, final) || !slices.Equal(again, []string{"130", "143"}) {
		t.Errorf("exits that end the job: %v, want %v; that do not count: %v, want 130 and 143", never, final, again)
	}
	completions, parallelism := find(job, "spec", "completions").Value, find(job, "spec", "parallelism").Value
	var args []string
	for _, a := range find(job, "spec", "template", "spec", "containers", "[0]", "args").Content {
		args = append(args, a.Value)
	}
	if completions != parallelism || !slices.Contains(args, "--shards="+completions) || !slices.Contains(args, "--yes") {
		t.Errorf("%s completions, parallelism %s, arguments %q: these do not go together", completions, parallelism, args)
	}
}

func TestBatch(t *testing.T) {
	data := read(t, "aws-batch.yaml")
	docs := documents(t, data)
	if len(docs) != 1 {
		t.Fatalf("%d documents, want 1", len(docs))
	}
	failIf(t, template.check(docs[0], ""))
	resources := find(docs[0], "Resources")
	names := map[string]bool{"AWS::Partition": true}
	for _, section := range []string{"Parameters", "Resources"} {
		s := find(docs[0], section)
		for i := 0; i < len(s.Content); i += 2 {
			names[s.Content[i].Value] = true
		}
	}
	for i := 0; i < len(resources.Content); i += 2 {
		kind := find(resources.Content[i+1], "Type").Value
		properties, known := resourceTypes[kind]
		if !known {
			t.Errorf("resource %s is of type %s, which this test does not know", resources.Content[i].Value, kind)
			continue
		}
		failIf(t, properties.check(find(resources.Content[i+1], "Properties"), resources.Content[i].Value))
	}
	for _, ref := range regexp.MustCompile(`!Ref (\S+)|!GetAtt (\w+)\.|\$\{([^}]+)\}`).FindAllStringSubmatch(string(data), -1) {
		if name := ref[1] + ref[2] + ref[3]; !names[name] {
			t.Errorf("%s refers to nothing", ref[0])
		}
	}
	var exits []string
	evaluate := find(resources, "Definition", "Properties", "RetryStrategy", "EvaluateOnExit").Content
	if len(evaluate) > 5 { // AWS Batch User Guide, job_retries, as of 2026-11
		t.Errorf("%d conditions, AWS Batch takes 5", len(evaluate))
	}
	for _, e := range evaluate {
		if find(e, "Action").Value == "EXIT" {
			exits = append(exits, find(e, "OnExitCode").Value)
		}
	}
	if !slices.Equal(exits, final) {
		t.Errorf("exits that are not tried again: %v, want %v", exits, final)
	}
}

// A schema that lets everything pass would prove nothing.
func TestSchemaFinds(t *testing.T) {
	for _, broken := range []struct{ name, from, to string }{
		{"kubernetes.yaml", "completionMode: Indexed", "completionMode: indexed"},
		{"kubernetes.yaml", "completions: 8", "completions: eight"},
		{"kubernetes.yaml", "  podFailurePolicy:", "  podFailurePolicies:"},
		{"kubernetes.yaml", "      restartPolicy: Never", "      restartPolicy: OnFailure"},
		{"kubernetes.yaml", "          image: registry.example.com/reseal:1.0.0\n", ""},
		{"kubernetes.yaml", `status: "True"`, "status: True"},
	} {
		data := read(t, broken.name)
		changed := bytes.Replace(data, []byte(broken.from), []byte(broken.to), 1)
		if bytes.Equal(data, changed) {
			t.Errorf("%s has no %q", broken.name, broken.from)
			continue
		}
		if errs := indexedJob.check(documents(t, changed)[1], ""); len(errs) == 0 {
			t.Errorf("%s with %q for %q: nothing was found wrong", broken.name, broken.to, broken.from)
		}
	}
}
