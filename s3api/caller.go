package s3api

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// caller is who the credentials of a client belong to, once STS has told. Credentials that
// are renewed stay those of the same user or role. Safe for concurrent use.
type caller struct{ told atomic.Pointer[Identity] }

// Identity says who the caller is. It asks STS until that has told once for these
// credentials; what failed is asked again.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	if told := c.caller.told.Load(); told != nil {
		return *told, nil
	}
	id, err := c.askIdentity(ctx)
	if err == nil {
		c.caller.told.Store(&id)
	}
	return id, err
}

func (c *Client) askIdentity(ctx context.Context) (Identity, error) {
	const op = "GetCallerIdentity"
	if err := c.elsewhere(c.sts.Options().BaseEndpoint, "STS"); err != nil {
		return Identity{}, &SetupError{Kind: Unsupported, Op: op, Err: err}
	}
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, setupError(op, "", err)
	}
	if value(out.Account) == "" {
		return Identity{}, &SetupError{Kind: Unsupported, Op: op, Err: errors.New("the answer names no account")}
	}
	return Identity{Account: *out.Account, ARN: value(out.Arn)}, nil
}
