package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaxSize is the largest bucket policy in bytes (S3 User Guide, "Bucket
// policies": 20 KB, read 2026-11-21).
const MaxSize = 20 << 10

// maxKeyPolicy is the largest key policy in bytes (KMS Developer Guide,
// "Resource quotas": 32 KB, read 2026-11-21).
const maxKeyPolicy = 32 << 10

// Kind says what a policy hangs on, which decides what may stand in it.
type Kind uint8

// The kinds of policies.
const (
	Bucket   Kind = iota // names principals and S3 actions
	Identity             // names no principal
	Key                  // names principals and KMS actions
	Trust                // of a role: names principals and STS actions, and no resource
)

// Document is a policy that was read. It is immutable.
type Document struct {
	Kind       Kind
	Version    string // 2012-10-17 or 2008-10-17; the older one knows no variables
	ID         string
	Statements []Statement
}

// Statement is one statement of a policy.
type Statement struct {
	Sid  string
	Deny bool

	Principals   Principals
	NotPrincipal bool // Principals are those that the statement is not about

	// At most one of each pair is set; all match with * and ?.
	Actions, NotActions     []string
	Resources, NotResources []string

	Conditions []Condition
}

// Name returns the Sid, or what stands for it where there is none.
func (s *Statement) Name() string {
	if s.Sid == "" {
		return "a statement without Sid"
	}
	return "statement " + s.Sid
}

// MalformedError says why a document is no policy.
type MalformedError struct {
	Statement int // which one, from 1; 0: the document as a whole
	Reason    string
}

func (e *MalformedError) Error() string {
	if e.Statement == 0 {
		return "malformed policy: " + e.Reason
	}
	return fmt.Sprintf("malformed policy: statement %d: %s", e.Statement, e.Reason)
}

// Parse reads a policy strictly: what AWS would refuse is a *MalformedError.
func Parse(kind Kind, data []byte) (*Document, error) {
	limit := MaxSize
	if kind == Key {
		limit = maxKeyPolicy
	}
	if len(data) > limit {
		return nil, &MalformedError{Reason: fmt.Sprintf("%d bytes, above the limit of %d", len(data), limit)}
	}
	if !json.Valid(data) {
		return nil, &MalformedError{Reason: "not valid JSON"}
	}
	members, err := Members(data)
	if err != nil {
		return nil, &MalformedError{Reason: err.Error()}
	}
	d := &Document{Kind: kind, Version: "2008-10-17"} // the default where none is named
	var statements json.RawMessage
	for _, m := range members {
		var err error
		switch m.Name {
		case "Version":
			err = json.Unmarshal(m.Value, &d.Version)
			if err == nil && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
				err = fmt.Errorf("no valid version: %s", m.Value)
			}
		case "Id":
			err = json.Unmarshal(m.Value, &d.ID)
		case "Statement":
			statements = m.Value
		default:
			err = fmt.Errorf("unknown element %s", m.Name)
		}
		if err != nil {
			return nil, &MalformedError{Reason: err.Error()}
		}
	}
	if statements == nil {
		return nil, &MalformedError{Reason: "no Statement"}
	}
	elements, err := Elements(statements)
	if err == nil && len(elements) == 0 {
		err = fmt.Errorf("Statement is empty")
	}
	if err != nil {
		return nil, &MalformedError{Reason: err.Error()}
	}
	seen := map[string]bool{}
	for i, e := range elements {
		s, err := parseStatement(kind, e)
		if err == nil && s.Sid != "" && seen[s.Sid] {
			err = fmt.Errorf("Sid %s stands twice", s.Sid)
		}
		if err != nil {
			return nil, &MalformedError{Statement: i + 1, Reason: err.Error()}
		}
		seen[s.Sid] = true
		d.Statements = append(d.Statements, s)
	}
	return d, nil
}

func parseStatement(kind Kind, data []byte) (Statement, error) {
	var s Statement
	members, err := Members(data)
	if err != nil {
		return s, err
	}
	has := map[string]bool{}
	for _, m := range members {
		has[m.Name] = true
		var err error
		switch m.Name {
		case "Sid":
			err = json.Unmarshal(m.Value, &s.Sid)
		case "Effect":
			var effect string
			err = json.Unmarshal(m.Value, &effect)
			if err == nil && effect != "Allow" && effect != "Deny" {
				err = fmt.Errorf("invalid effect %s", m.Value)
			}
			s.Deny = effect == "Deny"
		case "Principal":
			s.Principals, err = parsePrincipals(m.Value)
		case "NotPrincipal":
			s.Principals, err = parsePrincipals(m.Value)
			s.NotPrincipal = true
		case "Action":
			s.Actions, err = texts(m.Value, false)
		case "NotAction":
			s.NotActions, err = texts(m.Value, false)
		case "Resource":
			s.Resources, err = texts(m.Value, false)
		case "NotResource":
			s.NotResources, err = texts(m.Value, false)
		case "Condition":
			s.Conditions, err = parseConditions(m.Value)
		default:
			err = fmt.Errorf("unknown element %s", m.Name)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	if !has["Effect"] {
		return s, fmt.Errorf("no Effect")
	}
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		either := has[pair[0]] || has[pair[1]]
		switch {
		case pair[0] == "Resource" && kind == Trust:
			if either {
				return s, fmt.Errorf("a trust policy names no Resource")
			}
			s.Resources = []string{"*"}
		case has[pair[0]] && has[pair[1]]:
			return s, fmt.Errorf("%s and %s together", pair[0], pair[1])
		case pair[0] == "Principal" && kind == Identity:
			if either {
				return s, fmt.Errorf("a policy of an identity names no Principal")
			}
		case !either:
			return s, fmt.Errorf("no %s", pair[0])
		}
	}
	return s, s.check(kind)
}

// check refuses actions and resources that cannot be in a policy of this kind.
func (s *Statement) check(kind Kind) error {
	actions := slices.Concat(s.Actions, s.NotActions)
	resources := slices.Concat(s.Resources, s.NotResources)
	if len(actions) == 0 || len(resources) == 0 {
		return fmt.Errorf("an empty list of actions or resources")
	}
	for _, a := range actions {
		service, name, ok := strings.Cut(strings.ToLower(a), ":")
		switch {
		case a == "*":
		case !ok || service == "" || name == "",
			kind == Bucket && service != "s3",
			kind == Trust && service != "sts",
			kind == Key && service != "kms":
			return fmt.Errorf("invalid action %q", a)
		}
	}
	for _, r := range resources {
		switch {
		case r == "*":
			if kind == Bucket {
				return fmt.Errorf("invalid resource %q", r)
			}
		case kind == Key:
			if !strings.HasPrefix(r, "arn:") {
				return fmt.Errorf("invalid resource %q", r)
			}
		case strings.Count(r, ":") < 5 || !strings.HasPrefix(r, "arn:"):
			return fmt.Errorf("invalid resource %q", r)
		}
	}
	return nil
}

// Concerns refuses a bucket policy that speaks of other buckets than its own,
// as S3 does: a *MalformedError.
func (d *Document) Concerns(bucket string) error {
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, r := range slices.Concat(s.Resources, s.NotResources) {
			f := strings.SplitN(r, ":", 6)
			name, _, _ := strings.Cut(f[len(f)-1], "/")
			if len(f) < 6 || f[2] != "s3" || !compile(name, nil).match(bucket) {
				return &MalformedError{Statement: i + 1, Reason: fmt.Sprintf("invalid resource %q: the policy is that of bucket %s", r, bucket)}
			}
		}
	}
	return nil
}

// Unsupported names what the document uses and this package does not evaluate;
// decisions that hinge on it are Maybe.
func (d *Document) Unsupported() []string {
	var out []string
	for i := range d.Statements {
		if s := &d.Statements[i]; s.NotPrincipal {
			out = append(out, s.Name()+": NotPrincipal")
		}
	}
	return out
}
