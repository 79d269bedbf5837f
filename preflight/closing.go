package preflight

import (
	"encoding/json"
	"fmt"
	"strings"

	"reseal/partition"
)

// The statements that enforce puts into a bucket's policy are known by their
// Sids; all others belong to somebody else.
const (
	sidOnlyKMS   = "ResealOnlyKMS"
	sidOnlyKey   = "ResealOnlyThisKey"
	sidNoOwnKey  = "ResealNoCustomerKey"
	sidOnlyTLS   = "ResealOnlyTLS"
	sidNewerTLS  = "ResealNewerTLS"
	conditionSSE = "s3:x-amz-server-side-encryption"
	conditionKey = "s3:x-amz-server-side-encryption-aws-kms-key-id"
	conditionOwn = "s3:x-amz-server-side-encryption-customer-algorithm"
)

// Sids are those of the statements that a Closing puts into a policy.
var Sids = []string{sidOnlyKMS, sidOnlyKey, sidNoOwnKey, sidOnlyTLS, sidNewerTLS}

// Closing is what a bucket is closed against.
type Closing struct {
	Bucket    string
	Partition partition.Partition
	Key       string // full ARN, or as the endpoint names it
	Prefix    string // uploads below it; "" for the whole bucket
	Unstated  bool   // uploads that say nothing are let through, to the default encryption
	Services  bool   // AWS services are left out
	TLS       bool
	MinTLS    string // "" for any
}

// conditions are operators with keys and what those must be: a string or a list.
type conditions map[string]map[string]any

type denial struct {
	Sid       string
	Effect    string
	Principal string
	Action    string
	Resource  any
	Condition conditions
}

// Statements gives the Deny statements. AWS services are left out of each: they
// reach S3 without the network keys of a client (Amazon S3 User Guide,
// "amazon-s3-policy-keys", read 2026-11-21), and those that deliver logs and
// reports send no encryption headers.
func (c *Closing) Statements() ([]json.RawMessage, error) {
	arn := c.Partition.Bucket(c.Bucket)
	objects := arn + "/" + strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(c.Prefix) + "*"
	var out []json.RawMessage
	var failed error
	deny := func(sid, action string, resource any, when conditions) {
		if c.Services {
			// IfExists, as anonymous requests do not have the key (IAM User Guide,
			// "reference_policies_condition-keys", read 2026-11-29).
			when["BoolIfExists"] = map[string]any{"aws:PrincipalIsAWSService": "false"}
		}
		data, err := json.Marshal(denial{sid, "Deny", "*", action, resource, when})
		if err != nil {
			failed = fmt.Errorf("write statement %s: %w", sid, err)
		}
		out = append(out, data)
	}
	only := func(sid, key, value string) {
		when := conditions{"StringNotEquals": {key: value}}
		if c.Unstated { // whoever names no method gets the default, whatever key that is
			when["Null"] = map[string]any{conditionSSE: "false"}
		}
		deny(sid, "s3:PutObject", objects, when)
	}
	only(sidOnlyKMS, conditionSSE, "aws:kms")
	only(sidOnlyKey, conditionKey, c.Key)
	if c.Unstated { // a key of the client's own comes without a method
		deny(sidNoOwnKey, "s3:PutObject", objects, conditions{"Null": {conditionOwn: "false"}})
	}
	if c.TLS {
		deny(sidOnlyTLS, "s3:*", []string{arn, arn + "/*"}, conditions{"Bool": {"aws:SecureTransport": "false"}})
		if c.MinTLS != "" {
			deny(sidNewerTLS, "s3:*", []string{arn, arn + "/*"}, conditions{"NumericLessThan": {"s3:TlsVersion": c.MinTLS}})
		}
	}
	return out, failed
}
