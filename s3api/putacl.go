package s3api

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// maxGrants is the size of an ACL, in bytes, up to which it is sent as headers: some
// 28 grants, of the 100 that an ACL may have. S3 takes 8 KB of headers in all, and a
// copy source, metadata and tags have to find room in them, too (Amazon S3 User
// Guide, UsingMetadata and acl-overview, read 2026-11-21).
const maxGrants = 2 << 10

// owesACL tells whether an ACL cannot go along with the object that a copy makes: it
// is more than headers hold, or a canned ACL goes, beside which S3 takes no grants.
func (w *work) owesACL(g grants) bool {
	return g != (grants{}) && (w.config.Options.ACL != "" || g.oversized())
}

func (g grants) oversized() bool {
	return len(g.FullControl)+len(g.Read)+len(g.ReadACP)+len(g.WriteACP) > maxGrants
}

// payACL gives a version the grants that did not go along with it, unless another
// client has given it others since. Full control that it got by a canned ACL stays.
func (w *work) payACL(ctx context.Context, d *debt, version string) error {
	if !d.ACLOwed {
		return nil
	}
	owner, acl, err := w.readACL(ctx, version)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(acl, func(g types.Grant) bool { return g.Permission != types.PermissionFullControl }) {
		return nil
	}
	want := d.Kept.ACL
	list := splitGrantees(want.FullControl)
	for _, g := range acl {
		if who, err := granteeOf(g.Grantee); err == nil && !slices.Contains(list, who) {
			list = append(list, who)
		}
	}
	want.FullControl = strings.Join(list, ", ")
	return w.putACL(ctx, version, want, owner)
}

func splitGrantees(header string) []string {
	if header == "" {
		return nil
	}
	return strings.Split(header, ", ")
}

// putACL gives a version an ACL, in the body where headers do not hold it.
func (w *work) putACL(ctx context.Context, version string, g grants, owner *string) error {
	in := &s3.PutObjectAclInput{
		Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	}
	if g.oversized() {
		in.AccessControlPolicy = &types.AccessControlPolicy{Owner: &types.Owner{ID: owner}, Grants: g.list()}
	} else {
		in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP = optional(g.FullControl), optional(g.Read), optional(g.ReadACP), optional(g.WriteACP)
	}
	return w.do(ctx, plan.StepPutACL, func(ctx context.Context) error {
		out, err := w.s3.PutObjectAcl(ctx, in)
		if err == nil {
			w.took(plan.StepPutACL, out.ResultMetadata)
		}
		return err
	})
}

// list is an ACL as a document has it.
func (g grants) list() (out []types.Grant) {
	for _, of := range []struct {
		header     string
		permission types.Permission
	}{
		{g.FullControl, types.PermissionFullControl}, {g.Read, types.PermissionRead},
		{g.ReadACP, types.PermissionReadAcp}, {g.WriteACP, types.PermissionWriteAcp},
	} {
		for _, who := range splitGrantees(of.header) {
			kind, name, _ := strings.Cut(who, "=")
			name = strings.Trim(name, `"`)
			grantee := &types.Grantee{}
			switch kind {
			case "uri":
				grantee.Type, grantee.URI = types.TypeGroup, &name
			case "emailAddress":
				grantee.Type, grantee.EmailAddress = types.TypeAmazonCustomerByEmail, &name
			default:
				grantee.Type, grantee.ID = types.TypeCanonicalUser, &name
			}
			out = append(out, types.Grant{Grantee: grantee, Permission: of.permission})
		}
	}
	return out
}
