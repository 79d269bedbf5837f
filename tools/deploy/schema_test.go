package deploy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rule says what a value in a document must be. It is a small subset of JSON
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

// The parts of AWS CloudFormation that the template uses (AWS CloudFormation
// User Guide, template anatomy and resource types, as of 2026-11).
var (
	template = object(map[string]rule{
		"AWSTemplateFormatVersion!": oneOf("2010-09-09"), "Description": text,
		"Parameters": {kind: "map", items: &parameter},
		"Conditions": {kind: "map"},
		"Resources!": {kind: "map", items: &resource},
		"Outputs":    {kind: "map", items: &output},
	})
	parameter = object(map[string]rule{
		"Type!":       oneOf("String", "Number", "List<AWS::EC2::Subnet::Id>", "List<AWS::EC2::SecurityGroup::Id>"),
		"Description": text, "Default": whatever, "MinValue": number, "MaxValue": number,
	})
	resource = object(map[string]rule{"Type!": text, "Condition": text, "DependsOn": text, "Properties!": {kind: "map"}})
	output   = object(map[string]rule{"Description": text, "Value!": text})

	policyDocument = object(map[string]rule{
		"Version!": oneOf("2012-10-17"),
		"Statement!": list(object(map[string]rule{"Sid": text, "Effect!": oneOf("Allow", "Deny"), "Action!": whatever, "Resource": whatever,
			"Principal": object(map[string]rule{"Service!": text}),
			"Condition": object(map[string]rule{"StringEquals!": {kind: "map", items: &text}})})),
	})

	resourceTypes = map[string]rule{
		"AWS::IAM::Role":      object(map[string]rule{"AssumeRolePolicyDocument!": policyDocument, "ManagedPolicyArns": texts}),
		"AWS::IAM::Policy":    object(map[string]rule{"PolicyName!": text, "Roles!": texts, "PolicyDocument!": policyDocument}),
		"AWS::Logs::LogGroup": object(map[string]rule{"LogGroupName": text, "RetentionInDays": number}),
		"AWS::Batch::ComputeEnvironment": object(map[string]rule{
			"Type!": oneOf("MANAGED", "UNMANAGED"), "State": oneOf("ENABLED", "DISABLED"),
			"ComputeResources": object(map[string]rule{"Type!": oneOf("EC2", "SPOT", "FARGATE", "FARGATE_SPOT"), "MaxvCpus!": number,
				"Subnets!": texts, "SecurityGroupIds": texts}),
		}),
		"AWS::Batch::JobQueue": object(map[string]rule{"Priority!": number, "State": oneOf("ENABLED", "DISABLED"),
			"ComputeEnvironmentOrder": list(object(map[string]rule{"Order!": number, "ComputeEnvironment!": text}))}),
		"AWS::Batch::JobDefinition": object(map[string]rule{
			"Type!":                oneOf("container", "multinode"),
			"PlatformCapabilities": list(oneOf("EC2", "FARGATE")), "PropagateTags": boolean,
			"RetryStrategy": object(map[string]rule{"Attempts": number, "EvaluateOnExit": list(object(map[string]rule{
				"Action!": oneOf("RETRY", "EXIT"), "OnExitCode": text, "OnReason": text, "OnStatusReason": text}))}),
			"ContainerProperties": object(map[string]rule{
				"Image!": text, "ExecutionRoleArn": text, "JobRoleArn": text, "Command": texts,
				"Environment":          list(object(map[string]rule{"Name!": text, "Value!": text})),
				"ResourceRequirements": list(object(map[string]rule{"Type!": oneOf("VCPU", "MEMORY", "GPU"), "Value!": text})),
				"NetworkConfiguration": object(map[string]rule{"AssignPublicIp": oneOf("ENABLED", "DISABLED")}),
				"LogConfiguration":     object(map[string]rule{"LogDriver!": text, "Options": labels}),
			}),
		}),
	}
)
