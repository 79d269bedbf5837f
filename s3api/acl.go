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
type grants struct {
	FullControl string `json:"full_control,omitempty"`
	Read        string `json:"read,omitempty"`
	ReadACP     string `json:"read_acp,omitempty"`
	WriteACP    string `json:"write_acp,omitempty"`
}

// grants reads the ACL of a version, "" for the current one. A server without
// ACLs has none to lose.
func (w *work) grants(ctx context.Context, version string) (grants, error) {
	owner, acl, err := w.readACL(ctx, version)
	if err != nil {
		return grants{}, err
	}
	return w.written(owner, acl)
}

// settable reads the ACL of the task's object as it can be given to a copy, and what
// of it cannot: S3 Block Public Access refuses the whole copy for a grant to
// everybody. Such an object is left as it is, unless the loss was accepted.
func (w *work) settable(ctx context.Context) (g grants, left []plan.Difference, err error) {
	owner, acl, err := w.readACL(ctx, "")
	if err != nil {
		return g, nil, err
	}
	all, err := w.written(owner, acl)
	if err != nil || !slices.ContainsFunc(acl, toEverybody) {
		return all, nil, err
	}
	w.public = w.config.Facts.BlocksPublicACLs == plan.Unknown
	if w.config.Facts.BlocksPublicACLs != plan.Yes {
		return all, nil, nil
	}
	if !slices.Contains(w.config.AcceptLoss, plan.ACL) {
		return g, nil, w.refuse(engine.Permanent, plan.PublicACL, fmt.Errorf("nothing was written: the object has a grant to everybody (%s), "+
			"and S3 Block Public Access refuses a copy with it; --accept %s copies without such grants, and --method update keeps them", all.text(), plan.ACL.Hazard()))
	}
	g, err = w.written(owner, slices.DeleteFunc(slices.Clone(acl), toEverybody))
	return g, []plan.Difference{{Attribute: plan.ACL, Change: plan.WasChanged, Before: all.text(), After: g.text()}}, err
}

// maybePublic makes the denial of a copy with a grant to everybody one of its own
// kind, where nobody could read whether Block Public Access refuses those: it says
// nothing of objects without, so any number of them ends no run.
func (w *work) maybePublic(err error) error {
	var oe *engine.ObjectError
	if !w.public || !errors.As(err, &oe) || oe.Class != engine.Denied || oe.Op != plan.StepCopy.String() && oe.Op != plan.StepCreate.String() {
		return err
	}
	out := *oe
	out.Class, out.Reason, out.Said = engine.Permanent, plan.PublicACL, ""
	out.Err = fmt.Errorf("nothing was written. The object has a grant to everybody, and it may be S3 Block Public Access that refuses a copy with it, which could not be read: "+
		"grant s3:GetBucketPublicAccessBlock and s3:GetAccountPublicAccessBlock, then reseal retry-failed tells; --method update keeps such grants (%w)", oe.Err)
	return &out
}

// toEverybody tells a grant that S3 counts as public.
func toEverybody(g types.Grant) bool {
	return g.Grantee != nil && (strings.HasSuffix(value(g.Grantee.URI), "/global/AllUsers") || strings.HasSuffix(value(g.Grantee.URI), "/global/AuthenticatedUsers"))
}

func (w *work) written(owner *string, acl []types.Grant) (grants, error) {
	g, err := grantsOf(owner, acl)
	if err != nil {
		return grants{}, w.refuse(engine.Permanent, plan.Unfaithful, err)
	}
	return g, nil
}

// readACL reads who owns a version and what is granted, which is nothing where the
// server has no ACLs.
func (w *work) readACL(ctx context.Context, version string) (owner *string, acl []types.Grant, err error) {
	var out *s3.GetObjectAclOutput
	err = w.do(ctx, plan.StepGetACL, func(ctx context.Context) (err error) {
		out, err = w.s3.GetObjectAcl(ctx, &s3.GetObjectAclInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		return err
	})
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.HTTPStatus == http.StatusNotImplemented:
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return value(out.Owner).ID, out.Grants, nil
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
