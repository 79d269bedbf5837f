package preflight

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"reseal/plan"
	"reseal/s3api"
)

const (
	batchTemplate = "../deploy/aws-batch.yaml"
	terraform     = "../deploy/terraform/"
	batchRole     = "arn:aws:iam::111122223333:role/reseal-JobRole-1"
	batchSession  = "arn:aws:sts::111122223333:assumed-role/reseal-JobRole-1/42"
)

// filledIn has the parameters of the template as CloudFormation fills them in.
var filledIn = strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::Region}", simRegion, "${AWS::URLSuffix}", "amazonaws.com",
	"${SourceBucket}", "acme", "${ReportBucket}", "reports", "${StateBucket}", "state", "${StatePrefix}", "jobs/acme",
	"!Ref KeyArn", simKey, "!Ref StateKeyArn", otherKey, "!GetAtt JobRole.Arn", batchRole,
	// those of the files that Terraform fills in
	"${partition}", "aws", "${region}", simRegion, "${dns_suffix}", "amazonaws.com",
	"${source_bucket}", "acme", "${report_bucket}", "reports", "${state_bucket}", "state", "${state_prefix}", "jobs/acme",
	"${key_arn}", simKey, "${state_key_arn}", otherKey, "${role_arn}", batchRole)

// TestTemplatesAllowWhatIsPrinted: the roles of the templates may do what
// `reseal permissions` prints for a plan with all options, and nothing else, each
// on the same resources and under the same conditions.
func TestTemplatesAllowWhatIsPrinted(t *testing.T) {
	printed, err := json.Marshal(everything().Policies(&plan.Facts{Region: simRegion, AWS: plan.Yes, ACLs: plan.Yes, ObjectLock: plan.Yes, Versioning: plan.VersioningEnabled},
		s3api.Identity{ARN: batchSession, Role: batchRole, Account: simAccount}).IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	var policy yaml.Node
	if err := yaml.Unmarshal(printed, &policy); err != nil {
		t.Fatal(err)
	}
	want := allowed(t, &policy)
	for name, template := range map[string]*yaml.Node{"CloudFormation": templatePolicies(t), "Terraform": terraformPolicies(t)} {
		have := allowed(t, template)
		for _, line := range want {
			if !slices.Contains(have, line) {
				t.Errorf("%s lacks %s", name, line)
			}
		}
		for _, line := range have {
			if !slices.Contains(want, line) {
				t.Errorf("%s allows more: %s", name, line)
			}
		}
	}
	if t.Failed() {
		t.Logf("printed: %s", printed)
	}
}

// terraformPolicies are the statements of the files that the module fills in.
func terraformPolicies(t *testing.T) *yaml.Node {
	t.Helper()
	all := &yaml.Node{Kind: yaml.SequenceNode}
	for _, name := range []string{"policy.json.tftpl", "policy-state-key.json.tftpl"} {
		data, err := os.ReadFile(terraform + name)
		if err != nil {
			t.Fatal(err)
		}
		var policy yaml.Node
		if err := yaml.Unmarshal(data, &policy); err != nil {
			t.Fatal(err)
		}
		all.Content = append(all.Content, &policy)
	}
	return all
}

// everything needs whatever a plan can need.
func everything() *Needs {
	n := &Needs{Headroom: true, State: "s3://state/jobs/acme", copies: true, parts: true, updates: true, fromKMS: true,
		key: s3api.Key{ARN: simKey}, reportKey: keyUnknown, stateKey: otherKey}
	n.frozen.Manifest = "s3://reports/manifest.json"
	n.frozen.Options = plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey, Method: plan.MethodAuto, AllVersions: true, Rekey: true}
	return n
}

// templatePolicies are the statements of the template's policies for the role.
func templatePolicies(t *testing.T) *yaml.Node {
	t.Helper()
	data, err := os.ReadFile(batchTemplate)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				PolicyDocument yaml.Node `yaml:"PolicyDocument"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	all := &yaml.Node{Kind: yaml.SequenceNode}
	for _, r := range template.Resources {
		if r.Type == "AWS::IAM::Policy" {
			all.Content = append(all.Content, &r.Properties.PolicyDocument)
		}
	}
	return all
}

// allowed flattens statements, wherever they stand below n: an action, a resource and
// the conditions a line.
func allowed(t *testing.T, n *yaml.Node) (lines []string) {
	t.Helper()
	fields := map[string]*yaml.Node{}
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			fields[n.Content[i].Value] = n.Content[i+1]
		}
	}
	if fields["Action"] == nil {
		for _, c := range n.Content {
			lines = append(lines, allowed(t, c)...)
		}
		slices.Sort(lines)
		return slices.Compact(lines)
	}
	if fields["Effect"].Value != "Allow" {
		t.Errorf("line %d: want Allow", n.Line)
	}
	when := strings.Join(texts(fields["Condition"]), " ")
	for _, action := range texts(fields["Action"]) {
		for _, resource := range texts(fields["Resource"]) {
			lines = append(lines, strings.TrimSpace(action+" on "+resource+" "+when))
		}
	}
	return lines
}

// texts are all words below n, as CloudFormation fills them in.
func texts(n *yaml.Node) (all []string) {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		text := n.Value
		if n.Tag == "!Ref" || n.Tag == "!GetAtt" {
			text = n.Tag + " " + text
		}
		return []string{filledIn.Replace(text)}
	}
	for _, c := range n.Content {
		all = append(all, texts(c)...)
	}
	return all
}
