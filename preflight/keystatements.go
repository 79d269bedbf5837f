package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// KeyStatements are statements of the key's policy for everybody but the run, whether
// or not the policy has the like of them. All of them can be pasted into it.
type KeyStatements struct {
	Administrators []Grant `json:",omitempty"` // who may change the key, and not use it
	Readers        []Grant `json:",omitempty"` // whom the bucket's policy lets read
	Services       []Grant `json:",omitempty"` // CloudFront and the like, replication, those that deliver to the bucket
}

// administer are the actions of the statement for administrators that the console
// writes (AWS KMS Developer Guide, key-policy-default, read 2026-11-29).
var administer = []string{"kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:Put*",
	"kms:Revoke*", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:Update*"}

// Others puts the statements for everybody but the run beside its own. notes say whom
// no statement helps, and what else must be done.
func (n *Needs) Others(ctx context.Context, client *s3api.Client, f *plan.Facts) (out *KeyStatements, notes []string) {
	if n.frozen.Options.SSE != plan.TargetKMS {
		return nil, nil
	}
	c := &Checker{Client: client, Options: n.frozen.Options, Facts: *f, key: n.key}
	w := &keyWriter{c: c, account: cmp.Or(client.Owner(), unknownAccount), via: conditions{"StringEquals": {"kms:ViaService": c.partition().S3(f.Region)}}}
	if key := s3api.KeyOfARN(n.key.ARN); key.Account != "" {
		c.key.Account = key.Account
		w.out.Administrators = []Grant{{Sid: "ResealAdministrators", Effect: "Allow", Principal: map[string]any{"AWS": c.partition().Root(key.Account)}, Action: administer, Resource: []string{"*"}}}
	}
	text, err := client.BucketPolicy(ctx, c.Options.Bucket)
	var d *policy.Document
	if err == nil && text != nil {
		d, err = policy.Parse(policy.Bucket, text)
	}
	switch {
	case err != nil:
		w.note("who reads by the bucket's policy is not known, so they have no statement: %v", err)
	case d != nil:
		w.fromPolicy(d)
	}
	if role, rules, err := client.Replication(ctx, c.Options.Bucket); err != nil {
		w.note("whether the bucket is replicated is not known, so a role that does has no statement: %v", err)
	} else if role != "" {
		w.replication(role, rules)
	}
	return &w.out, w.notes
}

// unknownAccount stands where nobody knows whose the bucket is.
const unknownAccount = "ACCOUNT-OF-THE-BUCKET"

// keyWriter writes the statements.
type keyWriter struct {
	c       *Checker
	account string     // of the bucket
	via     conditions // through S3 alone
	out     KeyStatements
	notes   []string
}

func (w *keyWriter) note(format string, args ...any) {
	if said := fmt.Sprintf(format, args...); !slices.Contains(w.notes, said) {
		w.notes = append(w.notes, said)
	}
}

func (w *keyWriter) fromPolicy(d *policy.Document) {
	for i := range d.Statements {
		s := &d.Statements[i]
		reads, writes := covers(s, "s3:GetObject"), covers(s, "s3:PutObject")
		if s.Deny || !reads && !writes {
			continue
		}
		if reads {
			w.readers(s)
		}
		if writes && loadBalancers(s) {
			w.note("%s", loadBalancerLogsStop(s.Name()))
		}
		for _, service := range s.Principals.Services {
			w.service(s, service, reads, writes)
		}
	}
}

// readers writes a statement for those whom one of the bucket's policy lets read.
func (w *keyWriter) readers(s *policy.Statement) {
	p, when := &s.Principals, carried(s, "aws:principal")
	var who map[string]any
	switch {
	case s.NotPrincipal:
		w.note("%s goes by NotPrincipal, which says of nobody that he reads: it has no statement", s.Name())
		return
	case p.Anyone && public(s):
		w.note("%s lets everybody read: no statement of a key's policy lets anonymous readers, as they cannot sign; CloudFront with an origin access control is a way", s.Name())
		return
	case p.Anyone:
		who = map[string]any{"AWS": "*"}
	default:
		var named []string
		for _, arn := range p.AWS {
			if strings.Contains(arn, ":iam::cloudfront:") {
				w.note("%s lets a CloudFront origin access identity read, which cannot read SSE-KMS: use an origin access control", s.Name())
				continue
			}
			if policy.Gone(arn) {
				w.note("%s names %s, a user or role that was deleted: nobody reads by it, and no key's policy takes it", s.Name(), arn)
				continue
			}
			if accountOf(arn) != w.c.key.Account {
				w.note("%s is of another account than the key: it needs kms:Decrypt on the key in its own policy, too", arn)
			}
			named = append(named, arn)
		}
		for _, id := range p.Canonical {
			w.note("%s names the canonical user %s, whom a key's policy cannot: name the account, or the role", s.Name(), id)
		}
		if len(named) == 0 {
			return
		}
		who = map[string]any{"AWS": one(named)}
	}
	g := Grant{Sid: sid("ResealReaders", w.out.Readers), Effect: "Allow", Principal: who, Action: []string{"kms:Decrypt"}, Resource: []string{"*"}, Condition: w.both(when)}
	w.out.Readers = append(w.out.Readers, g)
}

// service writes a statement for a service that the bucket's policy lets read, or
// write (CloudFront Developer Guide, private-content-restricting-access-to-s3; Amazon
// S3 User Guide, configure-inventory; read 2026-11-29). Services come directly, not
// through S3 on somebody's behalf. Without a condition on whose resource it is, any
// customer of the service could have it use the key.
func (w *keyWriter) service(s *policy.Statement, service string, reads, writes bool) {
	if service == loadBalancerService {
		if !reads {
			return // no statement helps
		}
		writes = false
	}
	if service == "logging.s3.amazonaws.com" {
		if writes {
			w.note("%s", logsStop(s.Name()))
		}
		return
	}
	var actions []string
	if reads || service != "s3.amazonaws.com" { // inventory reports take no more than a data key
		actions = append(actions, "kms:Decrypt")
	}
	if writes {
		actions = append(actions, "kms:GenerateDataKey")
	}
	when := carried(s, "aws:source")
	if len(when) == 0 && service == "cloudfront.amazonaws.com" {
		when = conditions{"ArnLike": {"aws:SourceArn": "arn:" + w.c.partition().ID + ":cloudfront::" + w.account + ":distribution/*"}}
	}
	if len(when) == 0 {
		when = conditions{"StringEquals": {"aws:SourceAccount": w.account}}
	}
	w.out.Services = append(w.out.Services, Grant{Sid: sid("ResealServices", w.out.Services), Effect: "Allow", Principal: map[string]any{"Service": service},
		Action: actions, Resource: []string{"*"}, Condition: when})
}

// replication writes a statement for the role that replicates (Amazon S3 User Guide,
// replication-config-for-kms-objects, read 2026-11-29).
func (w *keyWriter) replication(role string, rules []s3api.ReplicationRule) {
	w.out.Services = append(w.out.Services, Grant{Sid: "ResealReplication", Effect: "Allow", Principal: map[string]any{"AWS": role},
		Action: []string{"kms:Decrypt"}, Resource: []string{"*"}, Condition: w.via})
	for _, r := range rules {
		switch {
		case !r.KMS:
			w.note("replication rule %s leaves out objects under SSE-KMS: set SourceSelectionCriteria.SseKmsEncryptedObjects to Enabled, and a ReplicaKmsKeyID", r.ID)
		case r.ReplicaKey != "":
			w.note("replication rule %s writes under %s: role %s needs kms:Encrypt on that key, whose policy is not part of this", r.ID, r.ReplicaKey, role)
		}
	}
}

// both puts the condition that a request comes through S3 beside others.
func (w *keyWriter) both(when conditions) conditions {
	out := conditions{}
	for _, of := range []conditions{when, w.via} {
		for operator, keys := range of {
			if out[operator] == nil {
				out[operator] = map[string]any{}
			}
			for key, values := range keys {
				out[operator][key] = values
			}
		}
	}
	return out
}

// carried are the conditions of a statement whose keys begin with a prefix, in lower
// case: those that say who asks hold at the key as they do at the bucket.
func carried(s *policy.Statement, prefix string) conditions {
	out := conditions{}
	for _, c := range s.Conditions {
		if !asksOf(&c, prefix) {
			continue
		}
		operator := c.Operator
		switch {
		case c.All:
			operator = "ForAllValues:" + operator
		case c.Any:
			operator = "ForAnyValue:" + operator
		}
		if c.IfExists {
			operator += "IfExists"
		}
		if out[operator] == nil {
			out[operator] = map[string]any{}
		}
		out[operator][c.Key] = one(c.Values)
	}
	return out
}

func asksOf(c *policy.Condition, prefix string) bool {
	return strings.HasPrefix(strings.ToLower(c.Key), prefix)
}

// public tells whether a statement with no other conditions than these would let
// anybody.
func public(s *policy.Statement) bool {
	left := *s
	left.Conditions = slices.DeleteFunc(slices.Clone(s.Conditions), func(c policy.Condition) bool { return !asksOf(&c, "aws:principal") })
	return (&policy.Document{Kind: policy.Bucket, Statements: []policy.Statement{left}}).Public()
}

// one is a list as policies have it: a single value stands for itself.
func one(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

// sid is the name of the next statement of some.
func sid(name string, of []Grant) string {
	if len(of) == 0 {
		return name
	}
	return fmt.Sprint(name, len(of)+1)
}
