package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// policy asks the bucket's policy, here, whether it would deny what a run sends.
func (c *Checker) policy(a *answers) {
	const name = "bucket policy"
	text, err := a.policy, a.policyErr
	if err != nil {
		c.failed(name, err)
		return
	}
	if text == nil {
		c.Say(name, StatusOK, "none", "")
		return
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		c.Say(name, StatusUnknown, err.Error(), "aws s3api get-bucket-policy --bucket BUCKET")
		return
	}
	found := c.denials(d)
	for _, f := range found {
		c.Say(name, f.Status, f.Why, f.Mend)
	}
	if len(found) == 0 {
		c.Say(name, StatusOK, "denies nothing of what a run sends", "")
	}
}

// WhoDenies names the statements of the bucket's policy that deny what a run sends
// about the object, each with what it denies, or may. It is empty where the policy
// does not, so that it is an identity's policy, the key's, or one of the organization.
func (c *Checker) WhoDenies(ctx context.Context, key string) ([]string, error) {
	text, err := c.Client.BucketPolicy(ctx, c.Options.Bucket)
	if err != nil || text == nil {
		return nil, err
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		return nil, err
	}
	if c.caller, err = c.Client.Identity(ctx); err != nil {
		c.caller = s3api.Identity{} // a statement about anybody needs no name
	}
	var out []string
	for i := range d.Statements {
		s := &d.Statements[i]
		one := &policy.Document{Kind: policy.Bucket, Version: d.Version, Statements: d.Statements[i : i+1]}
		var denied []string
		all, open := judge(one, c.aboutObject(key))
		for _, a := range all {
			denied = append(denied, a.actions...)
		}
		switch {
		case len(denied) > 0:
			out = append(out, s.Name()+" denies "+few(denied))
		case len(open) > 0:
			out = append(out, s.Name()+" may deny "+few(open)+": it hinges on "+hinges(s))
		}
	}
	return out, nil
}

// denials lists the statements that deny requests of the run, or may: one row
// for each, and one more where it singles objects out, by their keys or their kind.
func (c *Checker) denials(d *policy.Document) (out []Finding) {
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Deny {
			continue
		}
		one := &policy.Document{Kind: policy.Bucket, Version: d.Version, Statements: d.Statements[i : i+1]}
		mend := "except the run's identity in " + s.Name() + ": aws s3api put-bucket-policy --bucket BUCKET …"
		if c.Options.ACL == "" && asksFullControl(s) {
			mend = "run with --acl " + plan.BucketOwnerFullControl + ", which the statement asks for"
		}
		denied, open := judge(one, c.requests(s))
		for _, about := range denied {
			row := Finding{Status: StatusStop, Why: s.Name() + " denies " + few(about.actions), Mend: mend}
			if about.what != "" {
				row.Status, row.Why = StatusWarning, row.Why+" on "+about.what
			}
			out = append(out, row)
		}
		if len(open) > 0 {
			out = append(out, Finding{Status: StatusUnknown, Mend: mend,
				Why: fmt.Sprintf("%s may deny %s: it hinges on %s, which cannot be told from here", s.Name(), few(open), hinges(s))})
		}
	}
	return out
}

// asksFullControl tells whether a statement asks that the bucket's owner gets all of
// what is written.
func asksFullControl(s *policy.Statement) bool {
	return slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool {
		return strings.EqualFold(c.Key, "s3:x-amz-acl") && slices.Contains(c.Values, plan.BucketOwnerFullControl)
	})
}

// aboutSome are actions that are denied on some objects, "" for all.
type aboutSome struct {
	what    string
	actions []string
}

// judge asks a statement about requests. What it denies for every kind of objects
// is denied on all, else on those of the kinds.
func judge(one *policy.Document, all []asked) (denied []aboutSome, open []string) {
	type question struct{ action, about string }
	answers := map[question]map[string]policy.Answer{} // by kind
	var order []question
	for i := range all {
		q := question{all[i].Action, all[i].about}
		if answers[q] == nil {
			answers[q] = map[string]policy.Answer{}
			order = append(order, q)
		}
		answers[q][all[i].kind] = max(answers[q][all[i].kind], one.Decide(&all[i].Request).Deny)
	}
	add := func(what, action string) {
		for i := range denied {
			if denied[i].what == what {
				denied[i].actions = append(denied[i].actions, action)
				return
			}
		}
		denied = append(denied, aboutSome{what, []string{action}})
	}
	said := map[string]bool{} // of any object: no more is said of one
	for _, q := range order {
		if said[q.action] {
			continue
		}
		var kinds []string
		maybe, no := false, false
		for _, kind := range slices.Sorted(maps.Keys(answers[q])) {
			switch answers[q][kind] {
			case policy.Yes:
				kinds = append(kinds, kind)
			case policy.Maybe:
				maybe = true
			default:
				no = true
			}
		}
		switch {
		case len(kinds) > 0 && !maybe && !no:
			add(q.about, q.action)
		case len(kinds) > 0:
			add(strings.TrimSuffix("objects to "+strings.Join(kinds, ", or to ")+" ("+q.about+")", " ()"), q.action)
		case maybe:
			open = append(open, q.action)
		}
		said[q.action] = len(kinds) > 0 || maybe
	}
	return denied, open
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
	kind  string // of objects, as kindOf names it
}

// requests are those that a run sends, about any object and about one that the
// statement is about.
func (c *Checker) requests(s *policy.Statement) []asked {
	arn := c.partition().Bucket(c.Options.Bucket)
	type object struct{ key, about string }
	objects := []object{{anyKey, ""}}
	if s.NotResources != nil {
		objects = nil
		about := c.outside(s)
		for _, key := range c.keys() {
			objects = append(objects, object{key, about})
		}
	}
	for _, r := range s.Resources {
		if rest, ok := strings.CutPrefix(r, arn+"/"); ok && strings.Trim(rest, "*") != "" {
			objects = append(objects, object{strings.NewReplacer("*", "x", "?", "x").Replace(rest), r})
		}
	}
	out := []asked{{c.request("s3:ListBucket", arn, nil), "", ""}}
	for _, o := range objects {
		for _, r := range c.aboutObject(o.key) {
			r.about = o.about
			out = append(out, r)
		}
	}
	return out
}

// anyKey stands for the objects of a bucket where nothing is known of them.
const anyKey = "any-object-of-the-bucket"

// keys are some that the run is about: those of the plan's tasks, and one below each
// of its prefixes, for the objects that are not among them.
func (c *Checker) keys() []string {
	out := c.taskKeys()
	for _, p := range c.Options.Prefixes {
		out = append(out, p+anyKey)
	}
	if len(c.Options.Prefixes) == 0 {
		out = append(out, anyKey)
	}
	return out
}

func (c *Checker) taskKeys() (out []string) {
	for i := range c.Tasks {
		if key := c.Tasks[i].Record.Key; c.Tasks[i].Action != plan.Skip && key != "" {
			out = append(out, key)
		}
	}
	return out
}

// outside names the objects that a statement with NotResource is about: "" where these
// are all of which anything is known. What it exempts may be all that a run touches, so
// no key that was made up stops one.
func (c *Checker) outside(s *policy.Statement) string {
	bucket := c.partition().Bucket(c.Options.Bucket)
	about := &policy.Document{Kind: policy.Bucket, Version: "2012-10-17", Statements: []policy.Statement{{
		Deny: true, Principals: policy.Principals{Anyone: true}, Actions: []string{"*"}, NotResources: s.NotResources}}}
	all := c.taskKeys()
	exempt := slices.ContainsFunc(all, func(key string) bool {
		return about.Decide(&policy.Request{Action: "s3:PutObject", Resource: bucket + "/" + key}).Deny != policy.Yes
	})
	anyObject := slices.ContainsFunc(s.NotResources, func(r string) bool { return r != bucket })
	if len(all) > 0 && !exempt || !anyObject {
		return ""
	}
	return "objects outside " + few(s.NotResources)
}

// aboutObject are the requests that a run sends about one object, as one of each kind.
func (c *Checker) aboutObject(key string) (out []asked) {
	arn := c.partition().Bucket(c.Options.Bucket) + "/" + key
	for _, t := range c.kinds() {
		kind := kindOf(&t)
		t.Record.Bucket, t.Record.Key = c.Options.Bucket, key
		asks, err := c.Client.Asks(s3api.RewriteConfig{Options: c.Options, Facts: c.Facts}, &t)
		if err != nil {
			c.failed("bucket policy", err)
			continue
		}
		for _, a := range asks {
			r := c.request(a.Action, arn, a.Keys)
			r.Unknown = func(key string) bool { return a.MayHave(key) && !ofServices(key) }
			out = append(out, asked{r, "", kind})
		}
	}
	return out
}

// kinds are the tasks of the plan, one of each kind, or without a plan what the
// options make of an object of which nothing is known.
func (c *Checker) kinds() (out []plan.Task) {
	seen := map[string]bool{}
	for i := range c.Tasks {
		if kind := kindOf(&c.Tasks[i]); c.Tasks[i].Action != plan.Skip && !seen[kind] {
			seen[kind] = true
			out = append(out, c.Tasks[i])
		}
	}
	if len(out) > 0 {
		return out
	}
	unseen := plan.Task{NeedHead: true, Record: inventory.Record{Size: -1}}
	if c.Options.Method != plan.MethodUpdate {
		unseen.Action = plan.Copy
		if c.Options.CopyVia == plan.ViaMultipart {
			unseen.Action = plan.MultipartCopy
		}
		out = append(out, unseen)
	}
	if Updates(&c.Options) {
		unseen.Action = plan.Update
		out = append(out, unseen)
	}
	return out
}

// kindOf names what is done to an object of what class.
func kindOf(t *plan.Task) string {
	name := map[plan.Action]string{plan.Copy: "copy", plan.MultipartCopy: "copy in parts", plan.Update: "update"}[t.Action]
	if t.Record.StorageClass != "" && t.Action != plan.Update {
		name += " in " + string(t.Record.StorageClass)
	}
	return name
}

// principal is the caller, as policies know it.
func (c *Checker) principal() policy.Principal {
	return policy.Principal{ARN: c.caller.ARN, Role: c.caller.Role, Account: c.caller.Account}
}

// request is one question to a policy. What only S3 itself sees of a request,
// such as the address that it came from, is unknown.
func (c *Checker) request(action, resource string, headers map[string][]string) policy.Request {
	context := map[string][]string{}
	if !strings.HasPrefix(c.Client.Endpoint().URL, "http://") { // else a proxy may end TLS behind it
		context["aws:securetransport"] = []string{"true"}
	}
	if c.Facts.AWS == plan.Yes {
		context["s3:tlsversion"] = []string{"1.3"} // what S3 and this program agree on
	}
	for k, v := range headers {
		context[k] = v
	}
	return policy.Request{
		Principal: c.principal(), Action: action, Resource: resource, Context: context,
		Unknown: func(key string) bool { return !strings.HasPrefix(key, "s3:x-amz-") && !ofServices(key) },
	}
}

// ofServices tells the keys that only requests of AWS services have.
func ofServices(key string) bool { return key == "aws:sourcearn" || key == "aws:sourceaccount" }
