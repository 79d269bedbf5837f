package iam

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"reseal/internal/simulator"
	"reseal/policy"
)

// Granter takes the policies that an identity has from now on, in place of
// those it had.
type Granter interface {
	Grant(arn string, policies ...[]byte) error
}

// Directory is the IAM of one account. It is not safe for concurrent use.
type Directory struct {
	account string
	rules   Granter
	users   map[string]*entity // by name
	roles   map[string]*entity
	managed map[string]*managedPolicy // by ARN

	elsewhere map[string]*entity // roles of other accounts, by ARN
}

// New returns the IAM of an account without users and roles.
func New(account string, rules Granter) *Directory {
	return &Directory{account: account, rules: rules, users: map[string]*entity{}, roles: map[string]*entity{}, managed: map[string]*managedPolicy{}, elsewhere: map[string]*entity{}}
}

// entity is a user or a role.
type entity struct {
	name, path, id, arn string
	created             time.Time
	trust               []byte            // of a role
	inline              map[string][]byte // policies by name
	attached            []string          // ARNs of managed policies
	longest             time.Duration     // of a session; of a role
}

type managedPolicy struct {
	name, path, id, arn string
	document            []byte
	created             time.Time
}

// Elsewhere adds a role of another account, with its trust policy and what it may do. It
// can be assumed; the IAM of its account is not here.
func (d *Directory) Elsewhere(arn string, trust []byte, policies ...[]byte) error {
	f := strings.SplitN(arn, ":", 6)
	if len(f) != 6 || f[2] != "iam" || !strings.HasPrefix(f[5], "role/") || f[4] == d.account {
		return fmt.Errorf("role %s: want the ARN of a role of another account", arn)
	}
	if _, err := policy.Parse(policy.Trust, trust); err != nil {
		return fmt.Errorf("trust policy of %s: %w", arn, err)
	}
	name := f[5][strings.LastIndex(f[5], "/")+1:]
	d.elsewhere[arn] = &entity{name: name, id: fmt.Sprintf("AROA%016d", len(d.elsewhere)+1), arn: arn, trust: trust, longest: time.Hour}
	return d.rules.Grant(arn, policies...)
}

// Request is one request to IAM or STS.
type Request struct {
	Action string
	Form   url.Values
	Caller simulator.Principal
	Now    time.Time
	ID     string // in the form of a UUID; what is made up for this request comes from it

	Made *Credentials // set by the request: who can sign requests from now on
}

// Credentials are an access key, or those of a role session.
type Credentials struct {
	AccessKeyID, SecretKey, SessionToken string
	Account, ARN, Role, UserID           string
	Expires                              time.Time
}

// operation runs one action; its result is marshalled as XML, nil for none.
type operation func(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error)

var operations = map[string]operation{
	"CreateUser":       createUser,
	"GetUser":          getUser,
	"CreateRole":       createRole,
	"GetRole":          getRole,
	"DeleteUser":       deleteUser,
	"DeleteRole":       deleteRole,
	"CreatePolicy":     createPolicy,
	"AttachUserPolicy": attachUserPolicy,
	"AttachRolePolicy": attachRolePolicy,
	"PutUserPolicy":    putUserPolicy,
	"PutRolePolicy":    putRolePolicy,
	"CreateAccessKey":  createAccessKey,
	"AssumeRole":       assumeRole,
}

// Do answers one request. The world tells whether its caller may.
func (d *Directory) Do(w *simulator.World, in *Request) (any, *simulator.Error) {
	run := operations[in.Action]
	if run == nil {
		return nil, notHere(in.Action)
	}
	for name := range in.Form {
		if first, _, _ := strings.Cut(name, "."); slices.Contains(unheeded, first) {
			return nil, notHere(in.Action + " with " + first)
		}
	}
	return run(d, w, in)
}

// unheeded are parameters whose absence would change what an identity may do,
// or what is answered about it.
var unheeded = []string{"Tags", "PermissionsBoundary", "Policy", "PolicyArns", "SerialNumber", "SourceIdentity", "TransitiveTagKeys", "ProvidedContexts"}

// notHere refuses what AWS has and this directory has not.
func notHere(what string) *simulator.Error {
	return fail(501, "NotImplemented", "This simulator does not implement it: "+what)
}

func fail(status int, code, message string) *simulator.Error {
	return &simulator.Error{HTTPStatus: status, Code: code, Message: message}
}

// allow asks whether the caller may do this to what arn names.
func (d *Directory) allow(w *simulator.World, in *Request, arn string) *simulator.Error {
	return w.AllowOther(in.Caller, "iam:"+in.Action, arn, d.account)
}

func (d *Directory) arn(kind, path, name string) string {
	return "arn:aws:iam::" + d.account + ":" + kind + path + name
}

// pathOf reads the path of a new user, role or policy: /, or a text between slashes.
func pathOf(in *Request) (string, *simulator.Error) {
	p := in.Form.Get("Path")
	switch {
	case p == "":
		return "/", nil
	case !strings.HasPrefix(p, "/") || !strings.HasSuffix(p, "/"):
		return "", fail(400, "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return p, nil
}

// uniqueID makes an id with one of IAM's prefixes: AIDA of a user, AROA of a
// role, ANPA of a policy, AKIA and ASIA of keys.
func (in *Request) uniqueID(prefix string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(in.ID, "-", ""))[:16]
}

// regrant hands the policies of an entity on.
func (d *Directory) regrant(e *entity) *simulator.Error {
	var all [][]byte
	for _, doc := range e.inline {
		all = append(all, doc)
	}
	for _, arn := range e.attached {
		all = append(all, d.managed[arn].document)
	}
	if err := d.rules.Grant(e.arn, all...); err != nil {
		return fail(400, "MalformedPolicyDocument", err.Error())
	}
	return nil
}

// checked parses a document, as IAM does before it takes it.
func checked(kind policy.Kind, text string) ([]byte, *simulator.Error) {
	if _, err := policy.Parse(kind, []byte(text)); err != nil {
		return nil, fail(400, "MalformedPolicyDocument", err.Error())
	}
	return []byte(text), nil
}
