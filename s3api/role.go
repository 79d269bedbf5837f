package s3api

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Role asks IAM for the role that a session was assumed from, and returns its
// ARN; "" for whoever is no session. STS leaves the path of the role out of a
// session's ARN, and policies name roles with it (IAM User Guide,
// "reference_identifiers", read 2026-11-29). It takes iam:GetRole on the role.
// Errors are *SetupError.
func (c *Client) Role(ctx context.Context, id Identity) (string, error) {
	const op = "GetRole"
	name, ok := sessionRole(id.ARN)
	if !ok {
		return "", nil
	}
	if err := c.elsewhere(c.iam.Options().BaseEndpoint, "IAM"); err != nil {
		return "", &SetupError{Kind: Unsupported, Op: op, Subject: name, Err: err}
	}
	out, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return "", setupError(op, name, err)
	}
	if out.Role == nil || !isRole(value(out.Role.Arn), id.Account, name) {
		return "", &SetupError{Kind: Unsupported, Op: op, Subject: name, Err: fmt.Errorf("the answer is about something else than role %s of account %s", name, id.Account)}
	}
	return *out.Role.Arn, nil
}

// sessionRole is the name of the role that a session was assumed from.
func sessionRole(arn string) (name string, ok bool) {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 || f[2] != "sts" {
		return "", false
	}
	rest, ok := strings.CutPrefix(f[5], "assumed-role/")
	name, _, _ = strings.Cut(rest, "/")
	return name, ok && name != ""
}

// isRole tells whether arn is that of the named role, below any path.
func isRole(arn, account, name string) bool {
	f := strings.SplitN(arn, ":", 6)
	return len(f) == 6 && f[2] == "iam" && f[4] == account && strings.HasPrefix(f[5], "role/") && strings.HasSuffix(f[5], "/"+name)
}
