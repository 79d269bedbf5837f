package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// grants are the values of the x-amz-grant-* headers that give an object its
// ACL back. All empty means that S3's default, private, is what it had.
type grants struct{ fullControl, read, readACP, writeACP string }

// grants reads the ACL of a version, "" for the current one. A server without
// ACLs has none to lose.
func (w *work) grants(ctx context.Context, version string) (grants, error) {
	var out *s3.GetObjectAclOutput
	err := w.do(ctx, plan.StepGetACL, func(ctx context.Context) (err error) {
		out, err = w.s3.GetObjectAcl(ctx, &s3.GetObjectAclInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		return err
	})
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.HTTPStatus == http.StatusNotImplemented:
		return grants{}, nil
	case err != nil:
		return grants{}, err
	}
	g, err := grantsOf(value(out.Owner).ID, out.Grants)
	if err != nil {
		return grants{}, w.refuse(engine.Permanent, plan.Unfaithful, err)
	}
	return g, nil
}

// grantsOf writes an ACL as headers. With any grant beyond the owner's full
// control all of them are named, as explicit grants replace the default.
func grantsOf(owner *string, acl []types.Grant) (grants, error) {
	if len(acl) == 1 && acl[0].Permission == types.PermissionFullControl && (nobody(acl[0].Grantee) || value(acl[0].Grantee.ID) == value(owner)) {
		return grants{}, nil
	}
	lists := map[types.Permission][]string{}
	for _, g := range acl {
		who, err := granteeOf(g.Grantee)
		if err != nil {
			return grants{}, err
		}
		switch g.Permission {
		case types.PermissionFullControl, types.PermissionRead, types.PermissionReadAcp, types.PermissionWriteAcp:
			lists[g.Permission] = append(lists[g.Permission], who)
		default:
			return grants{}, fmt.Errorf("a grant of %q cannot be given to a copy", g.Permission)
		}
	}
	join := func(p types.Permission) string {
		slices.Sort(lists[p]) // so that two readings of one ACL compare equal
		return strings.Join(lists[p], ", ")
	}
	return grants{join(types.PermissionFullControl), join(types.PermissionRead),
		join(types.PermissionReadAcp), join(types.PermissionWriteAcp)}, nil
}

// nobody tells whether a grantee is named in no way: servers without ACLs show
// one grant to such a one for every bucket and object.
func nobody(g *types.Grantee) bool {
	return g == nil || value(g.ID) == "" && value(g.URI) == "" && value(g.EmailAddress) == ""
}

// granteeOf writes a grantee as grant headers spell it.
func granteeOf(g *types.Grantee) (string, error) {
	if nobody(g) {
		return "", errors.New("a grant to nobody cannot be given to a copy")
	}
	name, who := "", ""
	switch {
	case value(g.URI) != "":
		name, who = "uri", *g.URI
	case value(g.ID) != "":
		name, who = "id", *g.ID
	default:
		name, who = "emailAddress", *g.EmailAddress
	}
	if strings.ContainsAny(who, "\"\r\n") {
		return "", fmt.Errorf("a grantee of type %q cannot be written as a header", g.Type)
	}
	return name + `="` + who + `"`, nil
}
