package policy

import "strings"

// Answer is yes, no, or maybe: something that matters is not known.
type Answer uint8

// The answers; a larger one weighs more where any of several is enough.
const (
	No Answer = iota
	Maybe
	Yes
)

// String returns "no", "maybe" or "yes".
func (a Answer) String() string { return [...]string{"no", "maybe", "yes"}[a] }

func answer(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// Request is one question to policies.
type Request struct {
	Principal Principal
	Action    string // s3:PutObject, kms:Decrypt, …
	Resource  string // ARN

	// Context are the condition keys of the request, in lower case, with their
	// values. What follows from Principal is added.
	Context map[string][]string

	// Unknown tells of a key, in lower case, that is not in Context whether the
	// request may have it all the same. Nil: it has none.
	Unknown func(key string) bool
}

// values returns the values of a condition key; false where they are not known.
func (r *Request) values(key string) ([]string, bool) {
	key = strings.ToLower(key)
	if v, ok := r.Context[key]; ok {
		return v, true
	}
	p := &r.Principal
	switch key {
	case "aws:principalisawsservice": // absent from anonymous requests (IAM User Guide, reference_policies_condition-keys)
		if p.Anonymous {
			return nil, true
		}
		return []string{answerText(p.Service != "")}, true
	case "aws:principalarn":
		if all := p.roles(); len(all) == 1 {
			return all, true
		}
		return nil, p.Anonymous || p.Service != "" // else Condition.holds weighs what it may be
	case "aws:principalaccount":
		return present(p.Account), p.Account != "" || p.Anonymous || p.Service != ""
	case "aws:principalservicename":
		return present(p.Service), true
	case "aws:username":
		if _, name, ok := strings.Cut(p.ARN, ":user/"); ok {
			return []string{name[strings.LastIndex(name, "/")+1:]}, true
		}
		return nil, p.ARN != "" || p.Anonymous || p.Service != ""
	}
	return nil, r.Unknown == nil || !r.Unknown(key)
}

func present(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func answerText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// expand replaces variables. No: one has no value, so that nothing matches.
func (r *Request) expand(text string, variables bool) (pattern, Answer) {
	if !variables || !strings.Contains(text, "${") {
		return compile(text, nil), Yes
	}
	result := Yes
	p := compile(text, func(name string) (string, bool) {
		switch name {
		case "*", "?", "$":
			return name, true
		}
		name, fallback, hasFallback := strings.Cut(name, ",")
		v, known := r.values(strings.TrimSpace(name))
		switch {
		case !known:
			result = Maybe
		case len(v) == 1:
			return v[0], true
		case hasFallback:
			return strings.Trim(strings.TrimSpace(fallback), "'"), true
		case result == Yes:
			result = No
		}
		return "", true
	})
	return p, result
}

// Verdict is what one policy says to a request.
type Verdict struct {
	Deny  Answer
	Allow Answer
	// Delegate: the policy of a resource allows it to the account of the
	// principal, whose identity policies then decide.
	Delegate Answer

	By *Statement // that denies, or may
}

// Decide asks one policy.
func (d *Document) Decide(r *Request) Verdict {
	var v Verdict
	for i := range d.Statements {
		s := &d.Statements[i]
		a, who := s.matches(d, r)
		switch {
		case a == No:
		case s.Deny:
			if a > v.Deny {
				v.Deny, v.By = a, s
			}
		case who == byAccount && !r.Principal.Root():
			v.Delegate = max(v.Delegate, a)
			v.Allow = max(v.Allow, min(a, s.Principals.byName(&r.Principal)))
		default:
			v.Allow = max(v.Allow, a)
		}
	}
	return v
}

func (s *Statement) matches(d *Document, r *Request) (Answer, who) {
	meets, result := named, Yes
	switch {
	case s.NotPrincipal:
		result = Yes - s.Principals.exempt(&r.Principal)
	case d.Kind != Identity:
		meets, result = s.Principals.meet(&r.Principal)
	}
	if result == No {
		return No, stranger
	}
	variables := d.Version == "2012-10-17"
	and := func(a Answer) bool { result = min(result, a); return result != No }
	if !and(s.aboutAction(r.Action)) || !and(s.aboutResource(r, variables)) {
		return No, meets
	}
	for i := range s.Conditions {
		if !and(s.Conditions[i].holds(r, variables)) {
			return No, meets
		}
	}
	return result, meets
}

func (s *Statement) aboutAction(action string) Answer {
	list := s.Actions
	if list == nil {
		list = s.NotActions
	}
	for _, a := range list {
		if compile(strings.ToLower(a), nil).match(strings.ToLower(action)) {
			return answer(s.Actions != nil)
		}
	}
	return answer(s.Actions == nil)
}

func (s *Statement) aboutResource(r *Request, variables bool) Answer {
	list := s.Resources
	if list == nil {
		list = s.NotResources
	}
	found := No
	for _, text := range list {
		p, a := r.expand(text, variables)
		switch {
		case a == Maybe:
			found = max(found, Maybe)
		case a == Yes && p.match(r.Resource):
			found = Yes
		}
	}
	if s.Resources == nil {
		return Yes - found
	}
	return found
}

// Outcome is what all policies together say.
type Outcome struct {
	Allowed Answer
	By      *Statement // that denies, or may; nil where nothing allows
	Where   string     // what By stands in: "bucket policy", "key policy", "trust policy" or "identity policy"
}

// Combined are the policies that bear on a request.
type Combined struct {
	Identity []*Document // of the principal; not asked for the root of an account
	Resource *Document   // nil where there is none
	Owner    string      // account of the resource
}

// Decide combines the policies: a Deny anywhere decides; within one account
// either side can allow, across accounts both have to. A key's policy always
// has to, be it by delegating to the account (IAM User Guide, "Policy
// evaluation logic"; KMS Developer Guide, "Key policies"; read 2026-11-21).
func (c *Combined) Decide(r *Request) Outcome {
	out := Outcome{}
	deny := func(v Verdict, where string) Answer {
		if v.Deny != No && out.By == nil {
			out.By, out.Where = v.By, where
		}
		return v.Deny
	}
	var resource, identity Verdict
	isKey := strings.HasPrefix(r.Action, "kms:")
	isRole := strings.HasPrefix(r.Action, "sts:AssumeRole")
	where := "bucket policy"
	switch {
	case isKey:
		where = "key policy"
	case isRole:
		where = "trust policy"
	}
	if c.Resource != nil {
		resource = c.Resource.Decide(r)
	}
	denied := deny(resource, where)
	if r.Principal.Root() {
		identity.Allow = Yes
	}
	for _, d := range c.Identity {
		v := d.Decide(r)
		identity.Allow, identity.Deny = max(identity.Allow, v.Allow), max(identity.Deny, v.Deny)
		if v.Deny == Yes {
			denied = max(denied, deny(v, "identity policy"))
		}
	}
	denied = max(denied, identity.Deny)
	var allowed Answer
	switch same := r.Principal.Account == c.Owner && !r.Principal.Anonymous; {
	case (isKey || isRole) && same:
		allowed = max(resource.Allow, min(resource.Delegate, identity.Allow))
	case same:
		allowed = max(resource.Allow, identity.Allow)
	case r.Principal.Service != "" || r.Principal.Anonymous:
		allowed = resource.Allow
	default:
		allowed = min(max(resource.Allow, resource.Delegate), identity.Allow)
	}
	out.Allowed = min(allowed, Yes-denied)
	return out
}
