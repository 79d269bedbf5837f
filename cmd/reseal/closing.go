package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The statements that enforce puts into a bucket's policy are known by their
// Sids; all others belong to somebody else.
const (
	sidOnlyKMS   = "ResealOnlyKMS"
	sidOnlyKey   = "ResealOnlyThisKey"
	sidOnlyTLS   = "ResealOnlyTLS"
	sidNewerTLS  = "ResealNewerTLS"
	conditionSSE = "s3:x-amz-server-side-encryption"
	conditionKey = "s3:x-amz-server-side-encryption-aws-kms-key-id"
)

var resealSids = []string{sidOnlyKMS, sidOnlyKey, sidOnlyTLS, sidNewerTLS}

// closing is what a bucket is closed against.
type closing struct {
	bucket, partition string
	key               string // full ARN, or as the endpoint names it
	prefix            string // uploads below it; "" for the whole bucket
	unstated          bool   // uploads that say nothing are let through, to the default encryption
	services          bool   // AWS services are left out
	tls               bool
	minTLS            string // "" for any
}

type conditions map[string]map[string]string

type denial struct {
	Sid       string
	Effect    string
	Principal string
	Action    string
	Resource  any
	Condition conditions
}

// statements gives the Deny statements. AWS services are left out of each: they
// reach S3 without the network keys of a client (Amazon S3 User Guide,
// "amazon-s3-policy-keys", read 2026-11-21), and those that deliver logs and
// reports send no encryption headers.
func (c *closing) statements() ([]json.RawMessage, error) {
	arn := "arn:" + c.partition + ":s3:::" + c.bucket
	objects := arn + "/" + strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(c.prefix) + "*"
	var out []json.RawMessage
	var failed error
	deny := func(sid, action string, resource any, when conditions) {
		if c.services {
			if when["Bool"] == nil {
				when["Bool"] = map[string]string{}
			}
			when["Bool"]["aws:PrincipalIsAWSService"] = "false"
		}
		data, err := json.Marshal(denial{sid, "Deny", "*", action, resource, when})
		if err != nil {
			failed = fmt.Errorf("write statement %s: %w", sid, err)
		}
		out = append(out, data)
	}
	only := func(sid, key, value string) {
		when := conditions{"StringNotEquals": {key: value}}
		if c.unstated {
			when["Null"] = map[string]string{key: "false"}
		}
		deny(sid, "s3:PutObject", objects, when)
	}
	only(sidOnlyKMS, conditionSSE, "aws:kms")
	only(sidOnlyKey, conditionKey, c.key)
	if c.tls {
		deny(sidOnlyTLS, "s3:*", []string{arn, arn + "/*"}, conditions{"Bool": {"aws:SecureTransport": "false"}})
		if c.minTLS != "" {
			deny(sidNewerTLS, "s3:*", []string{arn, arn + "/*"}, conditions{"NumericLessThan": {"s3:TlsVersion": c.minTLS}})
		}
	}
	return out, failed
}
