package simulator

import (
	"slices"
	"time"

	"reseal/policy"
)

// anonymousAccount stands for the account of requests that nobody signed.
const anonymousAccount = "anonymous"

// anonymousOwner is the canonical id that owns what anonymous requests write (S3 User Guide, acl-overview, "Who is a
// grantee?"; from memory, the page was not read again).
const anonymousOwner = "65a011a29cdf8ec533ec3d1ccaae921c"

// PublicAccessBlock are the four settings of S3 Block Public Access, of a bucket or of an account. What either of the two
// sets counts (S3 User Guide, access-control-block-public-access, and S3 API Reference, PublicAccessBlockConfiguration, read 2026-11-29).
type PublicAccessBlock struct {
	BlockPublicAcls       bool // writes with a public ACL are refused
	IgnorePublicAcls      bool // public grants that are there give nothing
	BlockPublicPolicy     bool // public bucket policies are refused
	RestrictPublicBuckets bool // a public bucket policy gives something only to the owner's account and AWS services
}

// blockAll is what new buckets have since April 2023.
var blockAll = PublicAccessBlock{true, true, true, true}

// blocks returns what counts for a bucket: its own settings together with its account's.
func (w *World) blocks(b *bucket) PublicAccessBlock {
	p := w.accountBlocks[b.owner]
	if b.publicAccess != nil {
		p.BlockPublicAcls = p.BlockPublicAcls || b.publicAccess.BlockPublicAcls
		p.IgnorePublicAcls = p.IgnorePublicAcls || b.publicAccess.IgnorePublicAcls
		p.BlockPublicPolicy = p.BlockPublicPolicy || b.publicAccess.BlockPublicPolicy
		p.RestrictPublicBuckets = p.RestrictPublicBuckets || b.publicAccess.RestrictPublicBuckets
	}
	return p
}

func noPublicAccessBlock() *Error {
	return fail(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
}

// GetPublicAccessBlock answers 404 where the bucket has no settings of its own.
func (w *World) GetPublicAccessBlock(now time.Time, r *Request) (PublicAccessBlock, *Error) {
	return run(w, now, OpGetPublicAccessBlock, r, "", func(c *call) (PublicAccessBlock, *Error) {
		if c.b.publicAccess == nil {
			return PublicAccessBlock{}, noPublicAccessBlock()
		}
		return *c.b.publicAccess, nil
	})
}

// PutPublicAccessBlock sets the bucket's settings.
func (w *World) PutPublicAccessBlock(now time.Time, r *Request, p PublicAccessBlock) *Error {
	return w.configure(now, OpPutPublicAccessBlock, r, func(c *call) *Error {
		c.b.publicAccess = &p
		return nil
	})
}

// DeletePublicAccessBlock leaves the bucket to its account's settings.
func (w *World) DeletePublicAccessBlock(now time.Time, r *Request) *Error {
	return w.configure(now, OpDeletePublicAccessBlock, r, func(c *call) *Error {
		c.b.publicAccess, c.status = nil, 204
		return nil
	})
}

// AccountPublicAccessBlock is one call about the settings of an account. Set: nil reads them, and a zero value takes
// them away.
type AccountPublicAccessBlock struct {
	Principal Principal
	Account   string // x-amz-account-id
	Set       *PublicAccessBlock
}

// AccountPublicAccess gets, puts or deletes the settings of an account (the S3 Control API).
func (w *World) AccountPublicAccess(now time.Time, in *AccountPublicAccessBlock) (PublicAccessBlock, *Error) {
	op := OpGetAccountPublicAccessBlock
	if in.Set != nil {
		op = OpPutAccountPublicAccessBlock
	}
	c := call{w: w, now: w.clock(now), op: op, req: &Request{Principal: in.Principal}}
	var out PublicAccessBlock
	err := w.faults.strike(&c, false)
	if err == nil {
		out, err = c.accountPublicAccess(in)
	}
	return out, c.leave(err)
}

func (c *call) accountPublicAccess(in *AccountPublicAccessBlock) (PublicAccessBlock, *Error) {
	var none PublicAccessBlock
	if in.Account != c.account() {
		return none, accessDenied()
	}
	if err := c.w.AllowOther(in.Principal, c.op.action(), "*", in.Account); err != nil {
		return none, err
	}
	old, ok := c.w.accountBlocks[in.Account]
	switch {
	case in.Set == nil && !ok:
		return none, noPublicAccessBlock()
	case in.Set == nil:
		return old, nil
	case *in.Set == none:
		delete(c.w.accountBlocks, in.Account)
		return none, nil
	}
	c.w.accountBlocks[in.Account] = *in.Set
	return *in.Set, nil
}

// GetBucketPolicyStatus tells whether the bucket's policy is public.
func (w *World) GetBucketPolicyStatus(now time.Time, r *Request) (bool, *Error) {
	return run(w, now, OpGetBucketPolicyStatus, r, "", func(c *call) (bool, *Error) {
		if _, ok := c.b.documents[document{kind: PolicyConfig}]; !ok {
			return false, PolicyConfig.missing()
		}
		return c.b.publicPolicy, nil
	})
}

// isPublicPolicy tells whether S3 counts a policy, which was checked, as public.
func isPublicPolicy(doc []byte) bool {
	d, err := policy.Parse(policy.Bucket, doc)
	return err == nil && d.Public()
}

// public tells whether an ACL gives something to everybody, or to everybody with an AWS account.
func (a *ACL) public() bool {
	switch a.Canned {
	case "public-read", "public-read-write", "authenticated-read":
		return true
	}
	return slices.ContainsFunc(a.Grants, Grant.public)
}

func (g Grant) public() bool { return g.Grantee == allUsers || g.Grantee == authenticatedUsers }

// prevented words what Block Public Access refuses, in the words that the S3 User Guide, troubleshoot-403-errors,
// is remembered to have. UNCONFIRMED: nobody acts on the text, only on status and code.
func (c *call) prevented(what, setting string) *Error {
	if c.req.Principal.ARN == "" {
		return accessDenied()
	}
	resource := "arn:aws:s3:::" + c.req.Bucket
	if c.key != "" {
		resource += "/" + c.key
	}
	return fail(403, "AccessDenied", "User: "+c.req.Principal.ARN+" is not authorized to perform: "+c.aclAction()+" on resource: \""+
		resource+"\" because public "+what+" are prevented by the "+setting+" setting in S3 Block Public Access")
}

// aclAction is the action that is refused: an ACL comes with a write of the object, or alone.
func (c *call) aclAction() string {
	if c.op == OpPutBucketConfig {
		return PolicyConfig.action("Put")
	}
	return c.op.action()
}

// aclActions are what the permissions of ACLs allow (S3 User Guide, acl-overview, "Mapping of ACL permissions and access
// policy permissions"; from memory, the page was not read again).
var (
	bucketACLActions = map[string][]string{
		"READ":      {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
		"WRITE":     {"s3:PutObject"},
		"READ_ACP":  {"s3:GetBucketAcl"},
		"WRITE_ACP": {"s3:PutBucketAcl"},
	}
	objectACLActions = map[string][]string{
		"READ":      {"s3:GetObject", "s3:GetObjectVersion"},
		"READ_ACP":  {"s3:GetObjectAcl", "s3:GetObjectVersionAcl"},
		"WRITE_ACP": {"s3:PutObjectAcl", "s3:PutObjectVersionAcl"},
	}
)

// aclAllows tells whether an ACL lets the requester, who is of another account than the bucket, do something.
func (c *call) aclAllows(action string, b *bucket, key, version string) bool {
	if b.ownership == BucketOwnerEnforced {
		return false
	}
	if slices.ContainsFunc(b.grants, func(g Grant) bool { return c.gives(b, g, action, bucketACLActions) }) {
		return true
	}
	if key == "" {
		return false
	}
	v := b.current(key)
	if version != "" {
		v = find(b.objects.get(key), version)
	}
	if v == nil {
		return false
	}
	r := v.more()
	if r.owner != "" && r.owner == c.canonicalID() { // the owner of an object has full control
		r = &rare{grants: append(slices.Clone(r.grants), Grant{canonicalUser, r.owner, fullControl})}
	}
	return slices.ContainsFunc(r.grants, func(g Grant) bool { return c.gives(b, g, action, objectACLActions) })
}

// gives tells whether one grant lets the requester do something.
func (c *call) gives(b *bucket, g Grant, action string, actions map[string][]string) bool {
	switch {
	case g.public() && c.w.blocks(b).IgnorePublicAcls:
		return false
	case g.Grantee == allUsers:
	case g.Grantee == authenticatedUsers && !c.req.Principal.Anonymous:
	case g.Grantee == c.canonicalID():
	default:
		return false
	}
	if g.Permission != fullControl {
		return slices.Contains(actions[g.Permission], action)
	}
	for _, list := range actions {
		if slices.Contains(list, action) {
			return true
		}
	}
	return false
}

// canonicalID is the requester's.
func (c *call) canonicalID() string { return CanonicalID(c.account()) }
