package deploy

// body says what a block takes. A name that ends in ! must be there.
type body struct {
	attributes  []string
	blocks      map[string]body
	any         bool            // takes any attribute
	unevaluated map[string]bool // attributes that are no expressions
}

type terraformType struct {
	takes body
	makes []string // what other blocks may refer to
}

var topLevel = map[string]body{
	"terraform": {attributes: []string{"required_version!"}, blocks: map[string]body{"required_providers": {any: true}}},
	"variable": {attributes: []string{"description!", "type!", "default"}, unevaluated: map[string]bool{"type": true},
		blocks: map[string]body{"validation": {attributes: []string{"condition!", "error_message!"}}}},
	"output": {attributes: []string{"description!", "value!"}},
	"locals": {any: true},
}

// The types that the module uses, and the arguments of them that it may set (the
// provider hashicorp/aws, 5.0 and later, its documentation as of 2026-11).
var terraformTypes = map[string]terraformType{
	"aws_partition": {makes: []string{"partition", "dns_suffix"}},
	"aws_region":    {makes: []string{"name"}},
	"aws_iam_role": {takes: body{attributes: []string{"name", "assume_role_policy!", "tags"}},
		makes: []string{"arn", "id", "name"}},
	"aws_iam_role_policy_attachment": {takes: body{attributes: []string{"role!", "policy_arn!"}}},
	"aws_iam_role_policy":            {takes: body{attributes: []string{"count", "name", "role!", "policy!"}}, makes: []string{"id"}},
	"aws_cloudwatch_log_group":       {takes: body{attributes: []string{"name", "retention_in_days", "tags"}}, makes: []string{"arn", "name"}},
	"aws_batch_job_definition": {
		takes: body{attributes: []string{"name!", "type!", "platform_capabilities", "propagate_tags", "tags", "container_properties", "depends_on"},
			blocks: map[string]body{"retry_strategy": {attributes: []string{"attempts!"},
				blocks: map[string]body{"evaluate_on_exit": {attributes: []string{"action!", "on_exit_code", "on_reason", "on_status_reason"}}}}}},
		makes: []string{"arn", "arn_prefix", "revision"},
	},
	"aws_cloudwatch_event_rule":   {takes: body{attributes: []string{"name", "description", "event_pattern!", "tags"}}, makes: []string{"arn", "name"}},
	"aws_cloudwatch_event_target": {takes: body{attributes: []string{"rule!", "arn!"}}},
	"aws_budgets_budget": {takes: body{attributes: []string{"name", "budget_type!", "limit_amount", "limit_unit", "time_unit!"}, blocks: map[string]body{
		"cost_filter": {attributes: []string{"name!", "values!"}},
		"notification": {attributes: []string{"comparison_operator!", "threshold!", "threshold_type!", "notification_type!",
			"subscriber_sns_topic_arns", "subscriber_email_addresses"}},
	}}},
}
