package preflight

import (
	"context"
	"fmt"
	"strings"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// Breaks lists what closing a bucket would break, or may: text is the policy that
// it has now, by its default encryption.
func (c *Closing) Breaks(ctx context.Context, client *s3api.Client, by s3api.DefaultEncryption, text []byte) []string {
	out := writingServices(text)
	switch logs, err := client.ReceivesLogs(ctx, c.Bucket); {
	case err != nil:
		out = append(out, fmt.Sprintf("whether server access logs are delivered here by the bucket's ACL is not known: %v", err))
	case logs:
		out = append(out, logsStop("by its ACL"))
	}
	role, rules, err := client.Replication(ctx, c.Bucket)
	if err != nil {
		out = append(out, fmt.Sprintf("whether the bucket is replicated is not known: %v", err))
	}
	for _, r := range rules {
		if !r.KMS {
			out = append(out, fmt.Sprintf("replication rule %s has not opted in to SSE-KMS: new objects would not be replicated any more; "+
				"set SourceSelectionCriteria.SseKmsEncryptedObjects and a ReplicaKmsKeyID", r.ID))
		}
	}
	if role != "" {
		out = append(out, fmt.Sprintf("replication role %s needs kms:Decrypt on the key", role))
	}
	if inventories, err := client.Inventories(ctx, c.Bucket); err == nil {
		for _, i := range inventories {
			if strings.HasSuffix(i.Destination, ":::"+c.Bucket) {
				out = append(out, fmt.Sprintf("inventory %s is delivered to this very bucket: the key's policy must let s3.amazonaws.com use kms:GenerateDataKey", i.ID))
			}
		}
	}
	if c.TLS && strings.HasPrefix(client.Endpoint().URL, "http://") {
		out = append(out, "this endpoint is reached without TLS: the statements on TLS would lock out this very client")
	}
	if said := c.users(by); said != "" {
		out = append(out, said)
	}
	if !c.Unstated {
		out = append(out, "clients that send no encryption header are denied, though the default would have put their objects under the key; without --require-header they are let through")
	}
	return out
}

// users says what those who write and read need from now on, "" where they need it
// already: under another key, they had that for the other one.
func (c *Closing) users(by s3api.DefaultEncryption) string {
	said := "whoever writes needs kms:GenerateDataKey on the key from now on, whoever reads new objects kms:Decrypt; reseal preflight --readers FILE looks who has it"
	switch {
	case by.Algorithm == plan.TargetKMS && plan.SameKey(by.KeyID, c.Key):
		return ""
	case by.Algorithm != plan.TargetKMS && by.Algorithm != "aws:kms:dsse":
		return said
	case by.KeyID == "":
		return said + ". The default was aws/s3, which everybody of the account may use through S3"
	}
	return said + ". The default was under " + by.KeyID + ": who may use that key need not be let by this one"
}

// writingServices says what happens to AWS services that the bucket's policy
// lets write.
func writingServices(text []byte) []string {
	if text == nil {
		return nil
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		return nil // refused elsewhere
	}
	var out []string
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Deny || s.NotPrincipal {
			continue
		}
		if covers(s, "s3:ReplicateObject") && !covers(s, "s3:PutObject") {
			out = append(out, fmt.Sprintf("%s lets another bucket replicate to this one: replicas keep the encryption of their source, whatever the default is", s.Name()))
		}
		if !covers(s, "s3:PutObject") {
			continue
		}
		if loadBalancers(s) {
			out = append(out, loadBalancerLogsStop(s.Name()))
		}
		for _, service := range s.Principals.Services {
			switch service {
			case loadBalancerService:
			case "logging.s3.amazonaws.com":
				out = append(out, logsStop(s.Name()))
			case "s3.amazonaws.com":
				out = append(out, "the bucket receives inventory reports ("+s.Name()+"): the key's policy must let s3.amazonaws.com use kms:GenerateDataKey, or they stop arriving")
			default:
				out = append(out, fmt.Sprintf("service %s writes to the bucket (%s): the key's policy must let it use kms:GenerateDataKey", service, s.Name()))
			}
		}
	}
	return out
}

// logsStop says what becomes of the server access logs that a bucket receives
// (Amazon S3 User Guide, "enable-server-access-logging", read 2026-11-21).
func logsStop(by string) string {
	return "the bucket receives server access logs (" + by + "): they are delivered only to buckets whose default encryption is SSE-S3, " +
		"so with another default they would stop arriving; send them to a bucket of their own first"
}

// covers tells whether a statement is about an action, whatever else it asks.
func covers(s *policy.Statement, action string) bool {
	d := policy.Document{Kind: policy.Identity, Statements: []policy.Statement{{
		Actions: s.Actions, NotActions: s.NotActions, Resources: []string{"*"}}}}
	return d.Decide(&policy.Request{Action: action, Resource: "arn:aws:s3:::any/any"}).Allow == policy.Yes
}
