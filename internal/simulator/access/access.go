// Package access makes the simulator's core ask policies: those of the
// identities that it is given, of buckets and of keys.
package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reseal/internal/simulator"
	"reseal/policy"
)

// Rules answer simulator.Config.Authorize. Like the world that asks them, they
// are not safe for concurrent use.
type Rules struct {
	identities map[string][]*policy.Document // by ARN
	admins     map[string]bool               // ARNs that may do everything where no policy of a resource says otherwise
	parsed     map[string]*policy.Document   // policies of buckets and keys, by their text
}

// maxParsed bounds what is remembered: clients put policies as they like.
const maxParsed = 64

// New returns rules under which nobody has any permission yet.
func New() *Rules {
	return &Rules{identities: map[string][]*policy.Document{}, admins: map[string]bool{}, parsed: map[string]*policy.Document{}}
}

// Admin lets an identity do everything, as arn:aws:iam::aws:policy/AdministratorAccess does.
func (r *Rules) Admin(arn string) {
	d, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		panic(fmt.Sprintf("access: the administrator's policy: %v", err))
	}
	r.identities[arn], r.admins[arn] = []*policy.Document{d}, true
}

// Grant sets the policies of an identity, in place of those it had.
func (r *Rules) Grant(arn string, policies ...[]byte) error {
	list := make([]*policy.Document, 0, len(policies))
	for i, text := range policies {
		d, err := policy.Parse(policy.Identity, text)
		if err != nil {
			return fmt.Errorf("policy %d of %s: %w", i+1, arn, err)
		}
		list = append(list, d)
	}
	r.identities[arn] = list
	delete(r.admins, arn)
	return nil
}

// Knows tells whether an identity of that ARN has policies.
func (r *Rules) Knows(arn string) bool { return len(r.identities[arn]) > 0 }

// Authorize tells whether a request is allowed; nil when it is.
func (r *Rules) Authorize(q *simulator.AccessRequest) *simulator.Error {
	isKey := q.KMSKeyARN != ""
	if q.Principal.ARN == "" && !q.Principal.Anonymous { // in process, as the owner
		return nil
	}
	if r.admins[cmp.Or(q.Principal.Role, q.Principal.ARN)] && q.Policy == nil && q.Principal.Account == q.Owner {
		return nil
	}
	c := policy.Combined{Identity: r.identities[cmp.Or(q.Principal.Role, q.Principal.ARN)], Owner: q.Owner}
	switch {
	case q.Policy != nil:
		kind := policy.Bucket
		switch {
		case isKey:
			kind = policy.Key
		case strings.HasPrefix(q.Action, "sts:"):
			kind = policy.Trust
		}
		c.Resource = r.parse(kind, q.Policy)
	case isKey:
		c.Resource = r.parse(policy.Key, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+q.Owner+`:root"},"Action":"kms:*","Resource":"*"}}`))
	}
	ask := policy.Request{
		Principal: policy.Principal{ARN: q.Principal.ARN, Role: q.Principal.Role, Account: q.Principal.Account, Anonymous: q.Principal.Anonymous},
		Action:    q.Action, Resource: resource(q), Context: context(q),
	}
	out := c.Decide(&ask)
	if out.Allowed == policy.Yes || q.Grant && out.By == nil || q.ACL && out.By == nil && holds(&c, &ask) {
		return nil
	}
	unnamed := false // by the key's policy, without which no policy of an identity is of use
	if isKey && c.Resource != nil {
		v := c.Resource.Decide(&ask)
		unnamed = v.Allow == policy.No && v.Delegate == policy.No
	}
	return refusal(q, ask.Resource, out, unnamed)
}

// holds tells whether the requester's own policies allow what an ACL of another
// account lets it do. Nobody has to allow an anonymous request.
func holds(c *policy.Combined, ask *policy.Request) bool {
	if ask.Principal.Anonymous || ask.Principal.Root() {
		return true
	}
	return slices.ContainsFunc(c.Identity, func(d *policy.Document) bool {
		v := d.Decide(ask)
		return v.Allow == policy.Yes && v.Deny == policy.No
	})
}

func (r *Rules) parse(kind policy.Kind, text []byte) *policy.Document {
	if d := r.parsed[string(text)]; d != nil {
		return d
	}
	d, err := policy.Parse(kind, text)
	if err != nil {
		d = &policy.Document{Kind: kind} // allows nothing; the core takes none that is malformed
	}
	if len(r.parsed) >= maxParsed {
		clear(r.parsed)
	}
	r.parsed[string(text)] = d
	return d
}

func resource(q *simulator.AccessRequest) string {
	switch {
	case q.KMSKeyARN != "":
		return q.KMSKeyARN
	case q.Bucket == "":
		return cmp.Or(q.Resource, "*")
	case q.Key == "":
		return "arn:aws:s3:::" + q.Bucket
	}
	return "arn:aws:s3:::" + q.Bucket + "/" + q.Key
}

// suffix is the DNS suffix of a Region's partition, as kms:ViaService has it.
func suffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return ".amazonaws.com.cn"
	}
	return ".amazonaws.com"
}

// contextKeys are the names of an encryption context. S3 always sends aws:s3:arn.
func contextKeys(q *simulator.AccessRequest) (names []string) {
	if q.KMSContext != "" {
		names = append(names, "aws:s3:arn")
	}
	for name := range q.KMSFurtherContext {
		if name != "aws:s3:arn" {
			names = append(names, name)
		}
	}
	return names
}

// context gives the condition keys of a request.
func context(q *simulator.AccessRequest) map[string][]string {
	out := map[string][]string{}
	set := func(name, value string) {
		if value != "" {
			out[name] = []string{value}
		}
	}
	if q.KMSKeyARN != "" {
		if q.ViaS3 != "" {
			set("kms:viaservice", "s3."+q.ViaS3+suffix(q.ViaS3))
		}
		set("kms:calleraccount", q.Principal.Account)
		set("kms:encryptioncontext:aws:s3:arn", q.KMSContext)
		for name, value := range q.KMSFurtherContext {
			set("kms:encryptioncontext:"+strings.ToLower(name), value)
		}
		if names := contextKeys(q); len(names) > 0 {
			out["kms:encryptioncontextkeys"] = names
		}
		return out
	}
	set("aws:securetransport", fmt.Sprint(!q.Plaintext))
	set("s3:tlsversion", q.TLSVersion)
	set("sts:externalid", q.ExternalID)
	written(q, out)
	return out
}

// refusal words an error as S3 and KMS do (IAM User Guide, "Troubleshoot access
// denied error messages"; KMS Developer Guide, "Troubleshooting key access").
func refusal(q *simulator.AccessRequest, resource string, out policy.Outcome, unnamed bool) *simulator.Error {
	if q.Principal.Anonymous {
		return &simulator.Error{HTTPStatus: 403, Code: "AccessDenied", Message: "Access Denied"}
	}
	why := "because no identity-based policy allows the " + q.Action + " action"
	switch {
	case out.By != nil && out.Where == "identity policy":
		why = "with an explicit deny in an identity-based policy"
	case out.By == nil && unnamed:
		why = "because no resource-based policy allows the " + q.Action + " action"
	case out.By != nil:
		why = "with an explicit deny in a resource-based policy"
	}
	e := &simulator.Error{HTTPStatus: 403, Code: "AccessDenied",
		Message: "User: " + q.Principal.ARN + " is not authorized to perform: " + q.Action + " on resource: \"" + resource + "\" " + why}
	switch service, _, _ := strings.Cut(q.Action, ":"); service {
	case "s3":
	case "iam", "sts":
		e.Message = strings.ReplaceAll(e.Message, `"`, "")
	default:
		e.HTTPStatus, e.Code = 400, "AccessDeniedException"
		e.Message = strings.ReplaceAll(e.Message, `"`, "")
	}
	return e
}
