package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/plan"
	"reseal/policy"
)

// policy asks the bucket's policy, here, whether it would deny what a run sends.
func (c *preflight) policy(ctx context.Context) {
	const name = "bucket policy"
	text, err := c.client.BucketPolicy(ctx, c.options.Bucket)
	if err != nil {
		c.failed(name, err)
		return
	}
	if text == nil {
		c.say(name, standOK, "none", "")
		return
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		c.say(name, standUnknown, err.Error(), "aws s3api get-bucket-policy --bucket BUCKET")
		return
	}
	found := c.denials(d)
	for _, f := range found {
		c.say(name, f.Status, f.Why, f.Mend)
	}
	if len(found) == 0 {
		c.say(name, standOK, "denies nothing of what a run sends", "")
	}
}

// denials lists the statements that deny requests of the run, or may: one row
// for each, and one more where it singles an object out.
func (c *preflight) denials(d *policy.Document) []check {
	var out []check
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Deny {
			continue
		}
		one := &policy.Document{Kind: policy.Bucket, Version: d.Version, Statements: d.Statements[i : i+1]}
		denied, open := map[string][]string{}, []string(nil) // actions: by the object that is singled out, "" for any
		var objects []string
		said := map[string]bool{}
		for _, r := range c.requests(s) {
			a := one.Decide(&r.Request).Deny
			if a == policy.No || said[r.Action] {
				continue
			}
			said[r.Action] = true
			if a == policy.Maybe {
				open = append(open, r.Action)
				continue
			}
			object := r.about
			if denied[object] == nil {
				objects = append(objects, object)
			}
			denied[object] = append(denied[object], r.Action)
		}
		mend := "except the run's identity in " + s.Name() + ": aws s3api put-bucket-policy --bucket BUCKET …"
		for _, object := range objects {
			row := check{Status: standStop, Why: s.Name() + " denies " + few(denied[object]), Mend: mend}
			if object != "" {
				row.Status, row.Why = standHazard, row.Why+" on "+object
			}
			out = append(out, row)
		}
		if len(open) > 0 {
			out = append(out, check{Status: standUnknown, Mend: mend,
				Why: fmt.Sprintf("%s may deny %s: it hinges on %s, which cannot be told from here", s.Name(), few(open), hinges(s))})
		}
	}
	return out
}

// few names the first of some actions.
func few(actions []string) string {
	const shown = 2
	if len(actions) <= shown {
		return strings.Join(actions, " and ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(actions[:shown], ", "), len(actions)-shown)
}

// hinges names what a statement asks for.
func hinges(s *policy.Statement) string {
	var keys []string
	for _, c := range s.Conditions {
		if !slices.Contains(keys, c.Key) {
			keys = append(keys, c.Key)
		}
	}
	if s.NotPrincipal {
		keys = append(keys, "NotPrincipal")
	}
	if len(keys) == 0 {
		return "the caller"
	}
	return strings.Join(keys, " and ")
}

// asked is a request of a run about some object.
type asked struct {
	policy.Request
	about string // the objects that the statement singles out, in its own words; "" for any of the bucket
}

// requests are those that a run sends, about any object and about one that the
// statement is about.
func (c *preflight) requests(s *policy.Statement) []asked {
	arn := "arn:" + partitionOf(c.options.KMSKeyID) + ":s3:::" + c.options.Bucket
	type object struct{ arn, about string }
	objects := []object{{arn + "/any-object-of-the-bucket", ""}}
	for _, r := range s.Resources {
		if rest, ok := strings.CutPrefix(r, arn+"/"); ok && strings.Trim(rest, "*") != "" {
			objects = append(objects, object{arn + "/" + strings.NewReplacer("*", "x", "?", "x").Replace(rest), r})
		}
	}
	out := []asked{{c.request("s3:ListBucket", arn, nil), ""}}
	writes := c.options.Method != plan.MethodUpdate
	actions := []string{"s3:GetObject", "s3:GetObjectTagging"}
	add := func(need bool, more ...string) {
		if need {
			actions = append(actions, more...)
		}
	}
	add(writes, "s3:PutObjectTagging")
	add(c.facts.Versioning != plan.Unversioned, "s3:GetObjectVersion")
	add(c.facts.ACLs != plan.No, "s3:GetObjectAcl")
	add(writes && c.facts.ACLs != plan.No, "s3:PutObjectAcl")
	add(writes && c.facts.ObjectLock != plan.No, "s3:GetObjectRetention", "s3:PutObjectRetention", "s3:GetObjectLegalHold", "s3:PutObjectLegalHold")
	add(updates(&c.options), "s3:UpdateObjectEncryption")
	headers := map[string][]string{conditionSSE: {c.options.SSE}}
	if c.options.SSE == plan.TargetKMS {
		headers[conditionKey] = []string{c.options.KMSKeyID}
	}
	for _, o := range objects {
		for _, a := range actions {
			out = append(out, asked{c.request(a, o.arn, nil), o.about})
		}
		if writes {
			out = append(out, asked{c.request("s3:PutObject", o.arn, headers), o.about})
		}
	}
	return out
}

// request is one question to a policy. What only S3 itself sees of a request,
// such as the address that it came from, is unknown.
func (c *preflight) request(action, resource string, headers map[string][]string) policy.Request {
	context := map[string][]string{}
	if !strings.HasPrefix(c.client.Endpoint().URL, "http://") { // else a proxy may end TLS behind it
		context["aws:securetransport"] = []string{"true"}
	}
	if c.facts.AWS == plan.Yes {
		context["s3:tlsversion"] = []string{"1.3"} // what S3 and this program agree on
	}
	for k, v := range headers {
		context[k] = v
	}
	return policy.Request{
		Principal: policy.Principal{ARN: c.caller.ARN, Account: c.caller.Account}, Action: action, Resource: resource, Context: context,
		Unknown: func(key string) bool {
			return !strings.HasPrefix(key, "s3:x-amz-") && key != "aws:sourcearn" && key != "aws:sourceaccount"
		},
	}
}
