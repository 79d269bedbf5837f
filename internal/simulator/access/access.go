// Package access makes the simulator's core ask policies: those of the
// identities that it is given, of buckets and of keys.
package access

import (
	"fmt"
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

// Authorize tells whether a request is allowed; nil when it is.
func (r *Rules) Authorize(q *simulator.AccessRequest) *simulator.Error {
	isKey := q.KMSKeyARN != ""
	if q.Principal.ARN == "" { // in process, as the owner
		return nil
	}
	if r.admins[q.Principal.ARN] && q.Policy == nil && q.Principal.Account == q.Owner {
		return nil
	}
	c := policy.Combined{Identity: r.identities[q.Principal.ARN], Owner: q.Owner}
	switch {
	case q.Policy != nil:
		kind := policy.Bucket
		if isKey {
			kind = policy.Key
		}
		c.Resource = r.parse(kind, q.Policy)
	case isKey:
		c.Resource = r.parse(policy.Key, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+q.Owner+`:root"},"Action":"kms:*","Resource":"*"}}`))
	}
	ask := policy.Request{
		Principal: policy.Principal{ARN: q.Principal.ARN, Account: q.Principal.Account},
		Action:    q.Action, Resource: resource(q), Context: context(q),
	}
	out := c.Decide(&ask)
	if out.Allowed == policy.Yes {
		return nil
	}
	return refusal(q, ask.Resource, out)
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
		return "*"
	case q.Key == "":
		return "arn:aws:s3:::" + q.Bucket
	}
	return "arn:aws:s3:::" + q.Bucket + "/" + q.Key
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
			set("kms:viaservice", "s3."+q.ViaS3+".amazonaws.com")
		}
		set("kms:encryptioncontext:aws:s3:arn", q.KMSContext)
		return out
	}
	set("aws:securetransport", fmt.Sprint(!q.Plaintext))
	set("s3:tlsversion", q.TLSVersion)
	if w := q.Write; w != nil {
		set("s3:x-amz-server-side-encryption", w.Encryption.Algorithm)
		set("s3:x-amz-server-side-encryption-aws-kms-key-id", q.WriteKey)
		set("s3:x-amz-server-side-encryption-customer-algorithm", w.Encryption.CustomerAlgorithm)
		set("s3:x-amz-acl", w.ACL.Canned)
		set("s3:x-amz-storage-class", string(w.StorageClass))
	}
	return out
}

// refusal words an error as S3 and KMS do (IAM User Guide, "Troubleshoot access
// denied error messages"; KMS Developer Guide, "Troubleshooting key access").
func refusal(q *simulator.AccessRequest, resource string, out policy.Outcome) *simulator.Error {
	why := "because no identity-based policy allows the " + q.Action + " action"
	switch {
	case out.By != nil && out.Where == "identity policy":
		why = "with an explicit deny in an identity-based policy"
	case out.By != nil:
		why = "with an explicit deny in a resource-based policy"
	}
	e := &simulator.Error{HTTPStatus: 403, Code: "AccessDenied",
		Message: "User: " + q.Principal.ARN + " is not authorized to perform: " + q.Action + " on resource: \"" + resource + "\" " + why}
	if !strings.HasPrefix(q.Action, "s3:") {
		e.HTTPStatus, e.Code = 400, "AccessDeniedException"
		e.Message = strings.ReplaceAll(e.Message, `"`, "")
	}
	return e
}
