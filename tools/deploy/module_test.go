package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// module is a module of Terraform, read without Terraform. Its expressions are
// evaluated with made-up inputs, so that a reference which leads nowhere is an error.
// What the provider itself would find is not: it cannot be had here.
type module struct {
	blocks    []*block
	variables map[string]*block
	inputs    map[string]cty.Value
	used      map[string]bool            // what expressions refer to
	filled    map[string]map[string]bool // names that templatefile was given, by file
}

type block struct{ *hclsyntax.Block }

// name is how other expressions refer to the block.
func (b block) name() string {
	switch b.Type {
	case "resource":
		return strings.Join(b.Labels, ".")
	case "variable":
		return "var." + b.Labels[0]
	}
	return strings.Join(append([]string{b.Type}, b.Labels...), ".")
}

func (b block) attribute(name string) hcl.Expression { return b.Body.Attributes[name].Expr }

// load reads the files of a module.
func load(files map[string][]byte) (*module, []error) {
	m := &module{variables: map[string]*block{}, used: map[string]bool{}, filled: map[string]map[string]bool{}, inputs: map[string]cty.Value{
		"image": cty.StringVal("image"), "source_bucket": cty.StringVal("acme"), "report_bucket": cty.StringVal("reports"), "state_bucket": cty.StringVal("state"),
		"manifest": cty.StringVal("s3://reports/manifest.json"), "key_arn": cty.StringVal("arn:aws:kms:us-east-1:111122223333:key/1"),
		"queue_arn": cty.StringVal("queue"), "alarm_topic_arn": cty.StringVal("topic"), "monthly_budget_usd": cty.NumberIntVal(40), "shards": cty.NumberIntVal(16),
		"accept": cty.ListVal([]cty.Value{cty.StringVal("versioned"), cty.StringVal("acl")}),
	}}
	var errs []error
	for name, text := range files {
		file, diags := hclsyntax.ParseConfig(text, filepath.Base(name), hcl.InitialPos)
		if diags.HasErrors() {
			errs = append(errs, diags)
			continue
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			m.blocks = append(m.blocks, &block{b})
			if b.Type == "variable" {
				m.variables[b.Labels[0]] = &block{b}
			}
		}
	}
	for name, v := range m.variables {
		if _, given := m.inputs[name]; given {
			continue
		}
		if v.Body.Attributes["default"] == nil {
			errs = append(errs, fmt.Errorf("variable %s has no default, and the test no value for it", name))
			continue
		}
		value, diags := v.attribute("default").Value(nil)
		if diags.HasErrors() {
			errs = append(errs, diags)
		}
		m.inputs[name] = value
	}
	return m, errs
}

func (m *module) block(name string) *block {
	for _, b := range m.blocks {
		if b.name() == name {
			return b
		}
	}
	return nil
}

// context is all that an expression may refer to. What AWS makes up has the name of
// the block and the attribute for a value.
func (m *module) context() *hcl.EvalContext {
	types, data := map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}
	for _, b := range m.blocks {
		into := types
		switch b.Type {
		case "data":
			into = data
		case "resource":
		default:
			continue
		}
		made := map[string]cty.Value{}
		for _, a := range terraformTypes[b.Labels[0]].makes {
			made[a] = cty.StringVal(b.name() + " " + a)
		}
		if into[b.Labels[0]] == nil {
			into[b.Labels[0]] = map[string]cty.Value{}
		}
		into[b.Labels[0]][b.Labels[1]] = cty.ObjectVal(made)
	}
	all := map[string]cty.Value{"var": cty.ObjectVal(m.inputs), "path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal("../../deploy/terraform")})}
	for name, v := range types {
		all[name] = cty.ObjectVal(v)
	}
	reads := map[string]cty.Value{}
	for name, v := range data {
		reads[name] = cty.ObjectVal(v)
	}
	all["data"] = cty.ObjectVal(reads)
	ctx := &hcl.EvalContext{Variables: all, Functions: m.functions()}
	if b := m.block("locals"); b != nil {
		local := map[string]cty.Value{}
		for name, a := range b.Body.Attributes {
			local[name], _ = a.Expr.Value(ctx) // check says what is wrong with it
		}
		all["local"] = cty.ObjectVal(local)
	}
	return ctx
}

// functions are those of Terraform that the module calls.
func (m *module) functions() map[string]function.Function {
	str := func(f func(string) (cty.Value, error)) function.Function {
		return function.New(&function.Spec{
			Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}}, Type: function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				v, err := convert.Convert(args[0], cty.String)
				if err != nil {
					return cty.NilVal, err
				}
				return f(v.AsString())
			},
		})
	}
	template := function.New(&function.Spec{
		Params: []function.Parameter{{Name: "file", Type: cty.String}, {Name: "values", Type: cty.DynamicPseudoType}}, Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			file := args[0].AsString()
			text, err := os.ReadFile(file)
			if err != nil {
				return cty.NilVal, err
			}
			expr, diags := hclsyntax.ParseTemplate(text, file, hcl.InitialPos)
			if diags.HasErrors() {
				return cty.NilVal, diags
			}
			given := map[string]bool{}
			for name := range args[1].AsValueMap() {
				given[name] = true
			}
			m.filled[filepath.Base(file)] = given
			v, diags := expr.Value(&hcl.EvalContext{Variables: args[1].AsValueMap()})
			if diags.HasErrors() {
				return cty.NilVal, diags
			}
			return v, nil
		},
	})
	startsWith := function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "prefix", Type: cty.String}}, Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(strings.HasPrefix(args[0].AsString(), args[1].AsString())), nil
		},
	})
	return map[string]function.Function{
		"jsonencode": stdlib.JSONEncodeFunc, "format": stdlib.FormatFunc, "join": stdlib.JoinFunc, "regex": stdlib.RegexFunc, "floor": stdlib.FloorFunc,
		"can": tryfunc.CanFunc, "startswith": startsWith, "templatefile": template,
		"tostring": str(func(s string) (cty.Value, error) { return cty.StringVal(s), nil }),
	}
}

// check returns everything that is wrong with the module.
func (m *module) check() (errs []error) {
	ctx := m.context()
	for _, b := range m.blocks {
		shape, known := topLevel[b.Type], true
		if b.Type == "resource" || b.Type == "data" {
			var k terraformType
			if k, known = terraformTypes[b.Labels[0]]; known {
				shape = k.takes
			}
		}
		if !known {
			errs = append(errs, fmt.Errorf("%s: a type that the test does not know", b.name()))
			continue
		}
		errs = append(errs, m.checkBody(b.name(), b.Body, shape, ctx)...)
	}
	return errs
}

// checkBody holds a body against what its type takes, and evaluates its expressions.
func (m *module) checkBody(name string, body *hclsyntax.Body, shape body, ctx *hcl.EvalContext) (errs []error) {
	for attribute, a := range body.Attributes {
		takes := slices.Contains(shape.attributes, attribute) || slices.Contains(shape.attributes, attribute+"!") || shape.any
		if !takes {
			errs = append(errs, fmt.Errorf("%s: takes no argument %s", name, attribute))
		}
		for _, traversal := range a.Expr.Variables() {
			words := []string{traversal.RootName()}
			if len(traversal) > 1 {
				if step, ok := traversal[1].(hcl.TraverseAttr); ok {
					words = append(words, step.Name)
				}
			}
			m.used[strings.Join(words, ".")] = true
		}
		if shape.unevaluated[attribute] {
			continue
		}
		if _, diags := a.Expr.Value(ctx); diags.HasErrors() {
			errs = append(errs, fmt.Errorf("%s: %s: %w", name, attribute, diags))
		}
	}
	for _, inner := range body.Blocks {
		next, ok := shape.blocks[inner.Type]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: takes no block %s", name, inner.Type))
			continue
		}
		errs = append(errs, m.checkBody(name+"."+inner.Type, inner.Body, next, ctx)...)
	}
	for _, attribute := range shape.attributes {
		if must, ok := strings.CutSuffix(attribute, "!"); ok && body.Attributes[must] == nil {
			errs = append(errs, fmt.Errorf("%s: %s is missing", name, must))
		}
	}
	return errs
}

// values are the evaluated attributes of a block, or of the blocks at a path below it.
func (m *module) values(t *testing.T, name string, path ...string) (all []map[string]cty.Value) {
	t.Helper()
	b := m.block(name)
	if b == nil {
		t.Fatalf("no %s", name)
	}
	bodies := []*hclsyntax.Body{b.Body}
	for _, step := range path {
		var next []*hclsyntax.Body
		for _, body := range bodies {
			for _, inner := range body.Blocks {
				if inner.Type == step {
					next = append(next, inner.Body)
				}
			}
		}
		bodies = next
	}
	for _, body := range bodies {
		values := map[string]cty.Value{}
		for attribute, a := range body.Attributes {
			if attribute == "depends_on" {
				continue
			}
			v, diags := a.Expr.Value(m.context())
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			values[attribute] = v
		}
		all = append(all, values)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no %v", name, path)
	}
	return all
}

// refused tells whether a condition of a variable refuses its input.
func (m *module) refused(t *testing.T, variable string) bool {
	t.Helper()
	for _, v := range m.values(t, "var."+variable, "validation") {
		if v["condition"].False() {
			return true
		}
	}
	return false
}
