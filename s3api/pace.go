package s3api

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Paced returns a client whose requests each wait for their turn, be they pages of a list, first
// tries or repeats, and of which each has so long for its whole answer from then on. It reads no
// object's data, which may take longer. A client that is paced already is returned as it is, and
// so are the clients that come from it.
func (c *Client) Paced(turn func(context.Context) error, limit time.Duration) (*Client, error) {
	if c.config.paced {
		return c, nil
	}
	cfg, conf := c.aws.Copy(), c.config
	conf.paced, conf.ExpectedBucketOwner = true, c.owner
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("Turn",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
				if err := turn(ctx); err != nil {
					return out, m, &smithy.CanceledError{Err: err} // which is not repeated
				}
				within, cancel := context.WithTimeout(ctx, limit)
				defer cancel()
				out, m, err = next.HandleFinalize(within, in)
				if err != nil && ctx.Err() == nil && errors.Is(within.Err(), context.DeadlineExceeded) {
					err = &smithy.CanceledError{Err: context.DeadlineExceeded} // a repeat would wait as long again
				}
				return out, m, err
			}), "Retry", middleware.After)
	})
	return build(conf, cfg, c.credentials, c.endpoint.ownRoots)
}
