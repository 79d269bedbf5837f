package simulator

import (
	"slices"
	"time"
)

// Groups and permissions of ACLs (S3 User Guide, acl-overview, read 2026-11-21).
const (
	allUsers           = "http://acs.amazonaws.com/groups/global/AllUsers"
	authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	logDelivery        = "http://acs.amazonaws.com/groups/s3/LogDelivery"
	canonicalUser      = "CanonicalUser"
	grantGroup         = "Group"
	fullControl        = "FULL_CONTROL"
)

var (
	cannedACLs  = []string{"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"}
	permissions = []string{fullControl, "READ", "WRITE", "READ_ACP", "WRITE_ACP"}
)

// ACLOutput answers GetObjectAcl: the owner's full control first, then the grants.
type ACLOutput struct {
	Owner  string
	Grants []Grant
}

// checkACL refuses ACLs that the bucket's ownership setting does not allow (S3 User Guide, about-object-ownership).
func (c *call) checkACL(b *bucket, a *ACL) *Error {
	if a.Canned != "" && len(a.Grants) > 0 {
		return invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
	}
	if a.Canned != "" && !slices.Contains(cannedACLs, a.Canned) {
		return invalidArgument("")
	}
	for _, g := range a.Grants {
		if !slices.Contains(permissions, g.Permission) {
			return invalidArgument("Invalid permission " + g.Permission)
		}
	}
	if b.ownership == BucketOwnerEnforced && !enforcedAllows(b, a) {
		return fail(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	if a.public() && c.w.blocks(b).BlockPublicAcls {
		return c.prevented("ACLs", "BlockPublicAcls")
	}
	return nil
}

// enforcedAllows tells the ACLs that a bucket without ACLs accepts: those that give the owner full control, no more.
func enforcedAllows(b *bucket, a *ACL) bool {
	if a.Canned != "" {
		return a.Canned == "bucket-owner-full-control"
	}
	for _, g := range a.Grants {
		if g.Permission != fullControl || g.Grantee != CanonicalID(b.owner) {
			return false
		}
	}
	return true
}

// grants returns the stored form of an ACL, without the owner's own full control, and the object's owner, "" for the
// bucket's.
func (c *call) grants(b *bucket, a *ACL) (grants []Grant, owner string) {
	if b.ownership == BucketOwnerEnforced {
		return nil, ""
	}
	preferred := b.ownership == BucketOwnerPreferred && a.Canned == "bucket-owner-full-control"
	if c.account() != b.owner && !preferred {
		owner = CanonicalID(c.account())
	}
	return expandACL(a, b, owner), owner
}

func expandACL(a *ACL, b *bucket, owner string) []Grant {
	bucketOwner := Grant{canonicalUser, CanonicalID(b.owner), fullControl}
	switch a.Canned {
	case "public-read":
		return []Grant{{grantGroup, allUsers, "READ"}}
	case "public-read-write":
		return []Grant{{grantGroup, allUsers, "READ"}, {grantGroup, allUsers, "WRITE"}}
	case "authenticated-read":
		return []Grant{{grantGroup, authenticatedUsers, "READ"}}
	case "bucket-owner-read":
		if owner != "" {
			bucketOwner.Permission = "READ"
			return []Grant{bucketOwner}
		}
	case "bucket-owner-full-control":
		if owner != "" {
			return []Grant{bucketOwner}
		}
	case "aws-exec-read":
		return []Grant{{canonicalUser, CanonicalID("ec2"), "READ"}}
	}
	self := orElse(owner, CanonicalID(b.owner))
	return slices.DeleteFunc(slices.Clone(a.Grants), func(g Grant) bool {
		return g.Grantee == self && g.Permission == fullControl
	})
}

// GetObjectAcl returns the ACL of a version.
func (w *World) GetObjectAcl(now time.Time, in *ObjectInput) (*ACLOutput, *Error) {
	return run(w, now, OpGetObjectAcl, &in.Request, in.Key, func(c *call) (*ACLOutput, *Error) {
		if err := c.allowVersion(in.VersionID); err != nil {
			return nil, err
		}
		v, _, err := c.lookup(c.b, in.Key, in.VersionID)
		if err != nil {
			return nil, err
		}
		owner, grants := orElse(v.more().owner, CanonicalID(c.b.owner)), v.more().grants
		if c.b.ownership == BucketOwnerEnforced {
			owner, grants = CanonicalID(c.b.owner), nil // ACLs lie dormant while they are disabled
		}
		return &ACLOutput{Owner: owner, Grants: append([]Grant{{canonicalUser, owner, fullControl}}, grants...)}, nil
	})
}

// PutObjectAcl replaces the ACL of a version.
func (w *World) PutObjectAcl(now time.Time, in *ObjectInput, acl ACL) *Error {
	_, err := run(w, now, OpPutObjectAcl, &in.Request, in.Key, func(c *call) (struct{}, *Error) {
		if err := c.allowVersion(in.VersionID); err != nil {
			return struct{}{}, err
		}
		if err := c.checkACL(c.b, &acl); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, c.edit(in, func(v *version) *Error {
			grants := expandACL(&acl, c.b, v.more().owner)
			if len(grants) == 0 && len(v.more().grants) == 0 {
				return nil
			}
			v.edit().grants = grants
			return nil
		})
	})
	return err
}

// GetBucketAcl returns the ACL of a bucket.
func (w *World) GetBucketAcl(now time.Time, r *Request) (*ACLOutput, *Error) {
	return run(w, now, OpGetBucketAcl, r, "", func(c *call) (*ACLOutput, *Error) {
		owner := CanonicalID(c.b.owner)
		out := &ACLOutput{Owner: owner, Grants: []Grant{{canonicalUser, owner, fullControl}}}
		if c.b.ownership != BucketOwnerEnforced {
			out.Grants = append(out.Grants, c.b.grants...)
		}
		return out, nil
	})
}

// PutBucketAcl replaces the ACL of a bucket. Of the canned ones log-delivery-write is for buckets alone.
func (w *World) PutBucketAcl(now time.Time, r *Request, acl ACL) *Error {
	_, err := run(w, now, OpPutBucketAcl, r, "", func(c *call) (struct{}, *Error) {
		if acl.Canned == "log-delivery-write" && len(acl.Grants) == 0 {
			acl = ACL{Grants: []Grant{{grantGroup, logDelivery, "WRITE"}, {grantGroup, logDelivery, "READ_ACP"}}}
		}
		if err := c.checkACL(c.b, &acl); err != nil {
			return struct{}{}, err
		}
		c.b.grants = expandACL(&acl, c.b, "")
		return struct{}{}, nil
	})
	return err
}
