package s3api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"reseal/plan"
)

// publicAccess reads whether S3 refuses grants to everybody, and whether it ignores
// those that are there, by the bucket's Block Public Access or by the account's: either
// is enough (Amazon S3 User Guide, "access-control-block-public-access", read
// 2026-11-29). It follows ownership: without ACLs there is nothing to refuse.
func (f *factFinder) publicAccess(ctx context.Context) error {
	const none = "NoSuchPublicAccessBlockConfiguration"
	if f.facts.ACLs == plan.No {
		return nil
	}
	out, err := f.client.preflight.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	if f.client.endpoint.AWS == plan.No && answerOf(err).status == http.StatusNotImplemented {
		f.facts.BlocksPublicACLs, f.facts.IgnoresPublicACLs = plan.No, plan.No // what a server does not have blocks nothing
		return nil
	}
	present, err := f.got("Block Public Access", "GetPublicAccessBlock", err, none)
	if err != nil {
		return settle(err)
	}
	if present && out.PublicAccessBlockConfiguration != nil {
		p := out.PublicAccessBlockConfiguration
		f.facts.BlocksPublicACLs, f.facts.IgnoresPublicACLs = yesOrUnknown(p.BlockPublicAcls), yesOrUnknown(p.IgnorePublicAcls)
	}
	if f.facts.BlocksPublicACLs == plan.Yes && f.facts.IgnoresPublicACLs == plan.Yes {
		return nil
	}
	account, err := f.client.account(ctx)
	if err == nil {
		err = f.client.elsewhere(f.client.accounts.Options().BaseEndpoint, "S3 Control")
	}
	if err != nil {
		f.unknown = append(f.unknown, Unknown{Fact: "Block Public Access of the account", Op: accountBlock, Err: err})
		return nil
	}
	all, err := f.client.accounts.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &account})
	if err != nil && !absent(err, none) {
		f.unknown = append(f.unknown, Unknown{Fact: "Block Public Access of the account", Op: accountBlock, Err: setupError(accountBlock, account, err)})
		return nil
	}
	blocks, ignores := false, false
	if err == nil && all.PublicAccessBlockConfiguration != nil {
		p := all.PublicAccessBlockConfiguration
		blocks, ignores = value(p.BlockPublicAcls), value(p.IgnorePublicAcls)
	}
	f.facts.BlocksPublicACLs = plan.AnswerOf(blocks || f.facts.BlocksPublicACLs == plan.Yes)
	f.facts.IgnoresPublicACLs = plan.AnswerOf(ignores || f.facts.IgnoresPublicACLs == plan.Yes)
	return nil
}

// yesOrUnknown is what a setting of the bucket tells where the account has it as well.
func yesOrUnknown(set *bool) plan.Answer {
	if value(set) {
		return plan.Yes
	}
	return plan.Unknown
}

// accountBlock is how the permission to read the account's Block Public Access is named.
const accountBlock = "GetAccountPublicAccessBlock"

// account is the one that the job's bucket belongs to, else the caller's.
func (c *Client) account(ctx context.Context) (string, error) {
	if c.owner != "" {
		return c.owner, nil
	}
	id, err := c.Identity(ctx)
	if err == nil && id.Account == "" {
		err = errors.New("the caller's account is not known")
	}
	return id.Account, err
}

// fixedAccountEndpoint sends the requests about an account to one address.
type fixedAccountEndpoint string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (f fixedAccountEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(f))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}

// LogsTo returns the bucket that server access logs of this one go to, "" where
// none are kept.
func (c *Client) LogsTo(ctx context.Context, bucket string) (string, error) {
	out, err := c.preflight.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return "", setupError("GetBucketLogging", bucket, err)
	}
	if out.LoggingEnabled == nil {
		return "", nil
	}
	return value(out.LoggingEnabled.TargetBucket), nil
}

// BucketGrantees names those that a bucket's ACL gives something, apart from its owner
// and the delivery of logs.
func (c *Client) BucketGrantees(ctx context.Context, bucket string) (out []string, err error) {
	acl, err := c.preflight.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return nil, setupError("GetBucketAcl", bucket, err)
	}
	for _, g := range acl.Grants {
		switch uri := ""; {
		case nobody(g.Grantee), acl.Owner != nil && value(g.Grantee.ID) != "" && value(g.Grantee.ID) == value(acl.Owner.ID):
		case toEverybody(g):
			uri = value(g.Grantee.URI)
			out = append(out, uri[strings.LastIndexByte(uri, '/')+1:]+" ("+string(g.Permission)+")")
		case value(g.Grantee.ID) != "":
			out = append(out, "the account with the canonical id "+*g.Grantee.ID+" ("+string(g.Permission)+")")
		}
	}
	return out, nil
}

// GrantedTo is whom the ACL of an object lets in, beside the owner of the bucket.
type GrantedTo struct {
	Everybody bool // anything at all, which is what Block Public Access goes by
	Readers   bool // everybody may read
	Accounts  bool // another account may read
}

// ObjectGrants tells whom the ACL of the current version of an object lets in. owner is
// the canonical id of the bucket's owner, "" to take the object's for it.
func (c *Client) ObjectGrants(ctx context.Context, bucket, key, owner string) (to GrantedTo, err error) {
	acl, err := c.preflight.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return to, setupError("GetObjectAcl", key, err)
	}
	if owner == "" && acl.Owner != nil {
		owner = value(acl.Owner.ID)
	}
	for _, g := range acl.Grants {
		reads := g.Permission == types.PermissionRead || g.Permission == types.PermissionFullControl
		switch {
		case toEverybody(g):
			to.Everybody, to.Readers = true, to.Readers || reads
		case reads && g.Grantee != nil && value(g.Grantee.ID) != "" && value(g.Grantee.ID) != owner:
			to.Accounts = true
		}
	}
	return to, nil
}

// CanonicalOwner is the canonical id of the account that a bucket belongs to.
func (c *Client) CanonicalOwner(ctx context.Context, bucket string) (string, error) {
	acl, err := c.preflight.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return "", setupError("GetBucketAcl", bucket, err)
	}
	if acl.Owner == nil {
		return "", nil
	}
	return value(acl.Owner.ID), nil
}

// AccessPoints names the access points of a bucket, of which the caller's account
// has no more than the first hundred shown.
func (c *Client) AccessPoints(ctx context.Context, bucket string) (out []string, err error) {
	if err := c.elsewhere(c.accounts.Options().BaseEndpoint, "S3 Control"); err != nil {
		return nil, err
	}
	account, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.accounts.ListAccessPoints(ctx, &s3control.ListAccessPointsInput{AccountId: &account, Bucket: &bucket, MaxResults: 100})
	if err != nil {
		return nil, setupError("ListAccessPoints", bucket, err)
	}
	for _, p := range list.AccessPointList {
		out = append(out, value(p.Name))
	}
	return out, nil
}
