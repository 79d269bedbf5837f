package deploy

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const batchTemplate = "../../deploy/aws-batch.yaml"

// readTemplate returns the text of the template, and its only document.
func readTemplate(t *testing.T) ([]byte, *yaml.Node) {
	t.Helper()
	data, err := os.ReadFile(batchTemplate)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return data, doc.Content[0]
}

// find returns the node at a path of names, nil where there is none.
func find(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		if n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		var next *yaml.Node
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				next = n.Content[i+1]
			}
		}
		n = next
	}
	return n
}

// wrong is everything about a template that is not as CloudFormation wants it.
func wrong(doc *yaml.Node) []error {
	errs := template.check(doc, "")
	resources := find(doc, "Resources")
	for i := 0; i < len(resources.Content); i += 2 {
		name, resource := resources.Content[i].Value, resources.Content[i+1]
		kind := find(resource, "Type")
		if kind == nil {
			continue // said already
		}
		properties, known := resourceTypes[kind.Value]
		if !known {
			properties = rule{kind: "a resource of a known type"}
		}
		errs = append(errs, properties.check(find(resource, "Properties"), name)...)
	}
	return errs
}

func TestBatchTemplate(t *testing.T) {
	data, doc := readTemplate(t)
	for _, err := range wrong(doc) {
		t.Error(err)
	}
	names := map[string]bool{"AWS::Partition": true, "AWS::Region": true, "AWS::URLSuffix": true}
	for _, section := range []string{"Parameters", "Conditions", "Resources"} {
		s := find(doc, section)
		for i := 0; i < len(s.Content); i += 2 {
			names[s.Content[i].Value] = true
		}
	}
	for _, ref := range regexp.MustCompile(`!Ref ([\w:]+)|!GetAtt (\w+)\.|\$\{([^}]+)\}|(?:DependsOn|Condition): (\w+)`).FindAllStringSubmatch(string(data), -1) {
		if name := ref[1] + ref[2] + ref[3] + ref[4]; !names[name] {
			t.Errorf("%s refers to nothing", ref[0])
		}
	}
}

// TestBatchFollowsTheTable: after each of the exits 0 to 255 a child job does what
// the table of docs/shards.md says.
func TestBatchFollowsTheTable(t *testing.T) {
	_, doc := readTemplate(t)
	rules := find(doc, "Resources", "Definition", "Properties", "RetryStrategy", "EvaluateOnExit").Content
	if len(rules) > 5 { // AWS Batch User Guide, job_retries, as of 2026-11
		t.Errorf("%d conditions, AWS Batch takes 5", len(rules))
	}
	want := exitTable(t, 2)
	for code := range 256 {
		says, ok := want[code]
		if !ok {
			says = want[otherExit]
		}
		does := again // where no condition matches
		if code == 0 {
			does = done
		}
		if i := slices.IndexFunc(rules, func(r *yaml.Node) bool { return find(r, "OnExitCode").Value == strconv.Itoa(code) }); i >= 0 && find(rules[i], "Action").Value == "EXIT" {
			does = ends
		}
		if does != says {
			t.Errorf("exit code %d: the child job does %q, docs/shards.md says %q", code, does, says)
		}
	}
}

// killedAfter is how long a job has from SIGTERM on when it times out (AWS Batch User
// Guide, job_timeouts, read 2026-11).
const killedAfter = 30 * time.Second

func TestBatchDrainsBeforeItIsKilled(t *testing.T) {
	_, doc := readTemplate(t)
	args := find(doc, "Resources", "Definition", "Properties", "ContainerProperties", "Command").Content
	i := slices.IndexFunc(args, func(a *yaml.Node) bool { return a.Value == "--drain-timeout" })
	if i < 0 || i+1 == len(args) {
		t.Fatal("no --drain-timeout: the default is longer than Batch waits")
	}
	if drain, err := time.ParseDuration(args[i+1].Value); err != nil || drain >= killedAfter {
		t.Errorf("--drain-timeout %s (%v), Batch kills after %v", args[i+1].Value, err, killedAfter)
	}
}

// A schema that lets everything pass would prove nothing.
func TestSchemaFinds(t *testing.T) {
	data, _ := readTemplate(t)
	for _, broken := range []struct{ from, to string }{
		{"Type: AWS::Batch::JobQueue", "Type: AWS::Batch::Queue"},
		{"      Priority: 1", "      Priority: one"},
		{"      Roles: [!Ref JobRole]", "      Role: !Ref JobRole"},
		{"      PolicyName: reseal\n", ""},
		{"        Image: !Ref Image\n", ""},
		{"            Effect: Allow", "            Effect: allow"},
		{"    DependsOn: Permissions", "    DependOn: Permissions"},
	} {
		changed := bytes.Replace(data, []byte(broken.from), []byte(broken.to), 1)
		var doc yaml.Node
		if bytes.Equal(data, changed) {
			t.Errorf("%s has no %q", batchTemplate, broken.from)
		} else if err := yaml.Unmarshal(changed, &doc); err != nil {
			t.Error(err)
		} else if len(wrong(doc.Content[0])) == 0 {
			t.Errorf("%q for %q: nothing was found wrong", broken.to, broken.from)
		}
	}
}
