package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
)

func readModule(t *testing.T) *module {
	t.Helper()
	names, err := filepath.Glob("../../deploy/terraform/*.tf")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	m, errs := load(files)
	for _, err := range errs {
		t.Error(err)
	}
	return m
}

// TestTerraformModule: each file can be read, each block has the arguments that its
// type takes, each reference leads somewhere, and each variable is used.
func TestTerraformModule(t *testing.T) {
	m := readModule(t)
	for _, err := range m.check() {
		t.Error(err)
	}
	for name := range m.variables {
		if !m.used["var."+name] {
			t.Errorf("variable %s is used nowhere", name)
		}
	}
}

// TestTerraformFollowsTheTable: after each of the exits 0 to 255 a child job does what
// the table of docs/shards.md says, as with the template of CloudFormation.
func TestTerraformFollowsTheTable(t *testing.T) {
	m := readModule(t)
	exits := map[string]bool{}
	for _, rule := range m.values(t, "aws_batch_job_definition.job", "retry_strategy", "evaluate_on_exit") {
		if rule["action"].AsString() == "EXIT" {
			exits[rule["on_exit_code"].AsString()] = true
		}
	}
	want := exitTable(t, 2)
	for code := range 256 {
		says, ok := want[code]
		if !ok {
			says = want[otherExit]
		}
		does := again
		switch {
		case code == 0:
			does = done
		case exits[strconv.Itoa(code)]:
			does = ends
		}
		if does != says {
			t.Errorf("exit code %d: the child job does %q, docs/shards.md says %q", code, does, says)
		}
	}
}

// container has the properties of a container that the module sets, by the names of
// the API (AWS Batch API Reference, ContainerProperties, as of 2026-11).
type container struct {
	Image                string              `json:"image"`
	ExecutionRoleArn     string              `json:"executionRoleArn"`
	JobRoleArn           string              `json:"jobRoleArn"`
	ResourceRequirements []map[string]string `json:"resourceRequirements"`
	NetworkConfiguration struct {
		AssignPublicIP string `json:"assignPublicIp"`
	} `json:"networkConfiguration"`
	LogConfiguration struct {
		LogDriver string            `json:"logDriver"`
		Options   map[string]string `json:"options"`
	} `json:"logConfiguration"`
	Environment []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"environment"`
	Command []string `json:"command"`
}

func TestTerraformRunsShares(t *testing.T) {
	m := readModule(t)
	definition := m.values(t, "aws_batch_job_definition.job")[0]
	var c container
	d := json.NewDecoder(strings.NewReader(definition["container_properties"].AsString()))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	after := func(name string) string {
		i := slices.Index(c.Command, name)
		if i < 0 || i+1 == len(c.Command) {
			t.Fatalf("no %s in %q", name, c.Command)
		}
		return c.Command[i+1]
	}
	if after("--shards") != "16" || after("--job") != "s3://state/reseal" || c.Environment[0].Value != "versioned,acl" {
		t.Errorf("%q with %v", c.Command, c.Environment)
	}
	if drain, err := time.ParseDuration(after("--drain-timeout")); err != nil || drain >= killedAfter {
		t.Errorf("--drain-timeout %v (%v), Batch kills after %v", drain, err, killedAfter)
	}
	// The same environment and flags as in the template of CloudFormation.
	_, doc := readTemplate(t)
	for i, n := range find(doc, "Resources", "Definition", "Properties", "ContainerProperties", "Environment").Content {
		if name := find(n, "Name").Value; i >= len(c.Environment) || c.Environment[i].Name != name {
			t.Errorf("%v lacks the variable %s at %d", c.Environment, name, i)
		}
	}
	var flags, others []string
	for _, n := range find(doc, "Resources", "Definition", "Properties", "ContainerProperties", "Command").Content {
		if strings.HasPrefix(n.Value, "--") {
			others = append(others, n.Value)
		}
	}
	for _, word := range c.Command {
		if strings.HasPrefix(word, "--") {
			flags = append(flags, word)
		}
	}
	if !slices.Equal(flags, others) {
		t.Errorf("flags %q, those of CloudFormation are %q", flags, others)
	}
	if !strings.Contains(m.values(t, "output.submit")[0]["value"].AsString(), "--array-properties size=16 ") {
		t.Error("the command to submit has another number of shares")
	}
}

// TestTerraformAlarms: the rule is about failed jobs of this definition, and the budget
// about this tag.
func TestTerraformAlarms(t *testing.T) {
	m := readModule(t)
	var pattern struct {
		Source []string
		Detail struct {
			Status        []string
			JobDefinition []struct{ Prefix string }
		}
	}
	if err := json.Unmarshal([]byte(m.values(t, "aws_cloudwatch_event_rule.failed")[0]["event_pattern"].AsString()), &pattern); err != nil {
		t.Fatal(err)
	}
	d := pattern.Detail
	if !slices.Equal(d.Status, []string{"FAILED"}) || len(d.JobDefinition) != 1 || d.JobDefinition[0].Prefix != "aws_batch_job_definition.job arn_prefix:" {
		t.Errorf("the alarm is on %+v", pattern)
	}
	filter := m.values(t, "aws_budgets_budget.job", "cost_filter")[0]["values"]
	if got := filter.AsValueSlice(); len(got) != 1 || got[0].AsString() != "user:reseal$reseal" {
		t.Errorf("the budget is of %v", got)
	}
}

// TestTerraformFillsIn: the policies have exactly the places that the module fills in.
func TestTerraformFillsIn(t *testing.T) {
	for resource, file := range map[string]string{"aws_iam_role_policy.job": "policy.json.tftpl", "aws_iam_role_policy.state_key": "policy-state-key.json.tftpl"} {
		data, err := os.ReadFile("../../deploy/terraform/" + file)
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]bool{}
		for _, found := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(data), -1) {
			places[found[1]] = true
		}
		m := readModule(t)
		if _, err := m.block(resource).attribute("policy").Value(m.context()); err.HasErrors() {
			t.Fatal(err)
		}
		if given := m.filled[file]; !maps.Equal(given, places) {
			t.Errorf("%s has %v, the module fills in %v", file, places, given)
		}
	}
}

// A check that lets everything pass would prove nothing.
func TestTerraformCheckFinds(t *testing.T) {
	for _, broken := range [][3]string{
		{"batch.tf", "var.image", "var.picture"},
		{"batch.tf", "aws_iam_role.job.arn", "aws_iam_role.jobs.arn"},
		{"batch.tf", "aws_iam_role.job.arn", "aws_iam_role.job.anr"},
		{"batch.tf", "propagate_tags ", "propagate_tag "},
		{"batch.tf", "attempts = 10", ""},
		{"batch.tf", "jsonencode(", "jsonencoded("},
		{"alarms.tf", "limit_unit ", "limit_units "},
		{"alarms.tf", "  cost_filter {", "  cost_filters {"},
		{"role.tf", "policy.json.tftpl", "policies.json.tftpl"},
		{"variables.tf", "floor(var.shards) == var.shards", "floor(var.shard) == var.shards"},
		{"outputs.tf", "aws_cloudwatch_log_group.job", "aws_cloudwatch_log_group.logs"},
	} {
		names, _ := filepath.Glob("../../deploy/terraform/*.tf")
		files := map[string][]byte{}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(name) == broken[0] {
				changed := strings.Replace(string(data), broken[1], broken[2], 1)
				if changed == string(data) {
					t.Errorf("%s has no %q", name, broken[1])
				}
				data = []byte(changed)
			}
			files[name] = data
		}
		m, errs := load(files)
		if len(append(errs, m.check()...)) == 0 {
			t.Errorf("%s: %q for %q: nothing was found wrong", broken[0], broken[2], broken[1])
		}
	}
}

// TestTerraformRefuses: values that cannot work do not get past the conditions of the
// variables; those that the other tests fill in do.
func TestTerraformRefuses(t *testing.T) {
	for name, value := range map[string]cty.Value{
		"name": cty.StringVal("a b"), "manifest": cty.StringVal("/tmp/manifest.json"), "key_arn": cty.StringVal("alias/media"), "shards": cty.NumberFloatVal(2.5),
	} {
		m := readModule(t)
		if refused := m.refused(t, name); refused {
			t.Errorf("%s: a good value is refused", name)
		}
		m.inputs[name] = value
		if !m.refused(t, name) {
			t.Errorf("%s: %#v is taken", name, value)
		}
	}
}

// TestDocumentedModuleCall: the call that docs/shards.md shows gives each variable that
// has no default, and none that is not there.
func TestDocumentedModuleCall(t *testing.T) {
	page, err := os.ReadFile("../../docs/shards.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/shards.md shows no call")
	}
	call, errs := load(map[string][]byte{"call.tf": block[1]})
	if len(errs) != 0 || len(call.blocks) != 1 {
		t.Fatal(errs)
	}
	m, given := readModule(t), call.blocks[0].Body.Attributes
	for name := range given {
		if name != "source" && m.variables[name] == nil {
			t.Errorf("there is no variable %s", name)
		}
	}
	for name, v := range m.variables {
		if v.Body.Attributes["default"] == nil && given[name] == nil {
			t.Errorf("%s is not given", name)
		}
	}
}
