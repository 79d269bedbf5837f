package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// readers is the hazard of those that read the bucket today and cannot read what is
// under a KMS key.
const readers = "readers"

// LockedOutReaders says who reads the bucket, as far as its configuration shows, and
// will not be able to once objects are under the key: anonymous readers and origin
// access identities never can, readers of other accounts and services only where the
// key's policy lets them (Amazon S3 User Guide, UsingKMSEncryption; CloudFront
// Developer Guide, "private-content-restricting-access-to-s3"; read 2026-11-29).
// Those of the bucket's own account need the key's policy as well: that it names them,
// or leaves it to the account. Their own policies are not read. A bucket policy that
// may not be read is left to the preflight to say; what else may not is unknown.
func LockedOutReaders(ctx context.Context, client *s3api.Client, o plan.Options, f plan.Facts) (out []string, unknown []s3api.Unknown) {
	if o.SSE != plan.TargetKMS {
		return nil, nil
	}
	c := &Checker{Client: client, Options: o, Facts: f}
	return c.lockedOutReaders(ctx, askReaders(ctx, client, o.Bucket, &f))
}

// lockedOutReaders is LockedOutReaders by the answers of askReaders, for a job with a key.
func (c *Checker) lockedOutReaders(ctx context.Context, a *readersAnswer) (out []string, unknown []s3api.Unknown) {
	f := &c.Facts
	denied := func(fact, op string, err error) {
		// A server that has no such thing says so in one way or another.
		if c.Client.Endpoint().AWS != plan.No || s3api.KindOf(err) == s3api.AccessDenied {
			unknown = append(unknown, s3api.Unknown{Fact: fact, Op: op, Err: err})
		}
	}
	if s3api.FullKeyARN(c.Options.KMSKeyID) {
		c.key = s3api.KeyOfARN(c.Options.KMSKeyID)
	}
	key := sync.OnceValue(func() *policy.Document { return c.keyPolicy(ctx) })
	if text := a.policy; text != nil {
		if d, err := policy.Parse(policy.Bucket, text); err == nil {
			out = c.lockedOutByPolicy(d, key)
		}
	}
	out = append(out, c.lockedOutAccount(c.Client.Owner(), key)...)
	// A website shows what anybody may read: by the policy, which is judged above, or by
	// the ACLs of its objects.
	if f.Website == plan.Yes && f.ACLs != plan.No && f.IgnoresPublicACLs != plan.Yes {
		out = append(out, "the bucket is a website, whose visitors are anonymous, and its objects may be public by their ACLs")
	}
	if f.ACLs != plan.No {
		if a.granteesErr != nil {
			denied("readers by the bucket's ACL", "GetBucketAcl", a.granteesErr)
		}
		for _, g := range a.grantees {
			out = append(out, "the bucket's ACL has a grant to "+g)
		}
	}
	switch {
	case a.pointsErr != nil:
		denied("readers by access points", "ListAccessPoints", a.pointsErr)
	case len(a.points) > 0:
		out = append(out, "access points with policies of their own, which are not read here: "+few(a.points))
	}
	if f.Replication == plan.Yes {
		if a.replicationErr != nil {
			denied("readers by replication", "GetBucketReplication", a.replicationErr)
		}
		out = append(out, c.lockedOutReplication(a.role, a.rules, key)...)
	}
	return out, unknown
}

// readersAnswer is what the configuration of a bucket says of those that read it.
type readersAnswer struct {
	policy         []byte // nil where there is none, or it may not be read
	grantees       []string
	granteesErr    error
	points         []string
	pointsErr      error
	role           string // of the replication
	rules          []s3api.ReplicationRule
	replicationErr error
}

// askReaders asks side by side for what a bucket with these facts may have.
func askReaders(ctx context.Context, client *s3api.Client, bucket string, f *plan.Facts) *readersAnswer {
	a := new(readersAnswer)
	var asked sync.WaitGroup
	asked.Go(func() {
		if text, err := client.BucketPolicy(ctx, bucket); err == nil {
			a.policy = text
		}
	})
	if f.ACLs != plan.No {
		asked.Go(func() { a.grantees, a.granteesErr = client.BucketGrantees(ctx, bucket) })
	}
	asked.Go(func() { a.points, a.pointsErr = client.AccessPoints(ctx, bucket) })
	if f.Replication == plan.Yes {
		asked.Go(func() { a.role, a.rules, a.replicationErr = client.Replication(ctx, bucket) })
	}
	asked.Wait()
	return a
}

// lockedOutReplication says what of the replication of a bucket does not work for
// objects under the key (Amazon S3 User Guide, replication-config-for-kms-objects, read
// 2026-11-29). Whether the role's own policy lets it is not read here.
func (c *Checker) lockedOutReplication(role string, rules []s3api.ReplicationRule, key func() *policy.Document) (out []string) {
	var blind []string
	for _, r := range rules {
		if !r.KMS {
			blind = append(blind, r.ID)
		}
	}
	if len(blind) > 0 {
		out = append(out, fmt.Sprintf("replication by %s leaves out objects under SSE-KMS, as SourceSelectionCriteria.SseKmsEncryptedObjects is not Enabled", few(blind)))
	}
	if role != "" && !c.letsByName(key(), role) {
		out = append(out, fmt.Sprintf("the replication role %s needs kms:Decrypt on the key, or what is under it is not replicated", role))
	}
	return out
}

// letsByName tells whether the key's policy itself lets a role decrypt, whatever the
// role's own policies say.
func (c *Checker) letsByName(key *policy.Document, role string) bool {
	if key == nil {
		return false
	}
	v := key.Decide(c.keyRequestOf(policy.Principal{ARN: role, Role: role, Account: accountOf(role)}, "kms:Decrypt", c.Options.BucketKey))
	return v.Deny == policy.No && v.Allow == policy.Yes
}

// ReadersHazard is the hazard that comes of them, and of what the ACLs of some objects
// show; none where nobody is known.
func ReadersHazard(o plan.Options, f plan.Facts, lockedOut []string, acls ACLGrants) []Hazard {
	if o.SSE == plan.TargetKMS {
		lockedOut = slices.Concat(lockedOut, acls.readByACL(f))
	}
	if len(lockedOut) == 0 {
		return nil
	}
	return []Hazard{{Name: readers, Why: "who may not use the key can read nothing that is under it: " + strings.Join(lockedOut, "; "),
		Mend: "reseal preflight --readers FILE asks the key's policy; reseal permissions prints the statements for readers and services; anonymous readers need another way, such as CloudFront with an origin access control"}}
}

// lockedOutAccount says whether users and roles of an account that read by their own
// policies need to be named by the key's policy. Nobody sees here who they are.
func (c *Checker) lockedOutAccount(account string, key func() *policy.Document) []string {
	if account == "" || c.key.Account == "" {
		return nil
	}
	k := key()
	if k == nil {
		if account == c.key.Account {
			return nil // which as a rule it leaves to the account; who is named in the bucket's policy is said
		}
		return []string{fmt.Sprintf("the key is of account %s, and its policy cannot be read from here: users and roles of account %s read nothing under the key unless it lets them", c.key.Account, account)}
	}
	if r := c.reads(k, partition.OfARN(c.key.ARN).Root(account)); !r.left {
		return []string{fmt.Sprintf("the key's policy does not leave it to account %s who reads: its users and roles that read by their own policies need to be named there", account)}
	}
	return nil
}

// keyPolicy is the policy of the key, nil where it cannot be read.
func (c *Checker) keyPolicy(ctx context.Context) *policy.Document {
	d, err := c.readKeyPolicy(ctx)
	if err != nil {
		return nil
	}
	return d
}

// lockedOutByPolicy goes through the statements that let somebody read. key reads the
// key's policy, nil where that is not known.
func (c *Checker) lockedOutByPolicy(d *policy.Document, key func() *policy.Document) (out []string) {
	add := func(format string, args ...any) {
		if said := fmt.Sprintf(format, args...); !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Deny || !covers(s, "s3:GetObject") {
			continue
		}
		p := &s.Principals
		switch {
		case s.NotPrincipal:
			add("%s lets everybody read but those that it names", s.Name())
		case p.Anyone && len(s.Conditions) == 0:
			add("%s lets everybody read, anonymous readers included, who cannot read SSE-KMS at all", s.Name())
		case p.Anyone:
			add("%s lets everybody read that meets %s", s.Name(), hinges(s))
		}
		for _, arn := range p.AWS {
			if accountOf(arn) == "cloudfront" {
				add("%s lets a CloudFront origin access identity read, which cannot read SSE-KMS; an origin access control can", s.Name())
			} else if r := c.reads(key(), arn); r.locked() {
				add("%s lets %s read: %s", s.Name(), arn, r.why)
			}
		}
		for _, id := range p.Canonical {
			add("%s lets the canonical user %s read: an origin access identity, which cannot read SSE-KMS, or another account", s.Name(), id)
		}
		for _, service := range p.Services {
			if !c.serviceMay(key(), service) {
				add("%s lets %s read, which needs a statement of the key's policy", s.Name(), service)
			}
		}
	}
	return out
}

// accountOf is the account in an ARN, or the account itself.
func accountOf(arn string) string {
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		return f[4]
	}
	return arn
}

// serviceMay tells whether the key's policy has a statement that may let the service.
func (c *Checker) serviceMay(key *policy.Document, service string) bool {
	if key == nil {
		return false
	}
	ask := c.keyRequestOf(policy.Principal{Service: service}, "kms:Decrypt", c.Options.BucketKey)
	ask.Unknown = func(string) bool { return true } // which distribution, only CloudFront knows
	delete(ask.Context, "kms:viaservice")
	delete(ask.Context, "kms:calleraccount")
	v := key.Decide(ask)
	return v.Deny == policy.No && v.Allow != policy.No
}
