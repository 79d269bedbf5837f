package main

import (
	"context"
	"fmt"
	"strings"

	"reseal/policy"
	"reseal/s3api"
)

// breaks lists what the change would break, or may, of what is known of a
// bucket.
func (f *enforceFlags) breaks(ctx context.Context, client *s3api.Client, before *settings) []string {
	out := writingServices(before.policy)
	switch logs, err := client.ReceivesLogs(ctx, f.bucket); {
	case err != nil:
		out = append(out, fmt.Sprintf("whether server access logs are delivered here by the bucket's ACL is not known: %v", err))
	case logs:
		out = append(out, logsStop("by its ACL"))
	}
	role, rules, err := client.Replication(ctx, f.bucket)
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
	if inventories, err := client.Inventories(ctx, f.bucket); err == nil {
		for _, i := range inventories {
			if strings.HasSuffix(i.Destination, ":::"+f.bucket) {
				out = append(out, fmt.Sprintf("inventory %s is delivered to this very bucket: the key's policy must let s3.amazonaws.com use kms:GenerateDataKey", i.ID))
			}
		}
	}
	if f.tls && strings.HasPrefix(client.Endpoint().URL, "http://") {
		out = append(out, "this endpoint is reached without TLS: the statements on TLS would lock out this very client (--require-tls=false leaves them out)")
	}
	if before.encryption.Algorithm != "aws:kms" {
		out = append(out, "whoever writes needs kms:GenerateDataKey on the key from now on, whoever reads new objects kms:Decrypt; reseal preflight --readers FILE looks who has it")
	}
	if !f.allowUnset {
		out = append(out, "clients that send no encryption header are denied, though the default would have put their objects under the key; --allow-no-header lets them through")
	}
	return out
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
		if s.Deny {
			continue
		}
		if covers(s, "s3:ReplicateObject") && !covers(s, "s3:PutObject") {
			out = append(out, fmt.Sprintf("%s lets another bucket replicate to this one: replicas keep the encryption of their source, whatever the default is", s.Name()))
		}
		if !covers(s, "s3:PutObject") {
			continue
		}
		for _, service := range s.Principals.Services {
			switch service {
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
