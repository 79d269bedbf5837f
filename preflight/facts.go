package preflight

import (
	"context"

	"reseal/plan"
	"reseal/s3api"
)

// BucketFacts turns to the Region of the bucket, and reads what its configuration says.
func BucketFacts(ctx context.Context, client *s3api.Client, bucket string) (*s3api.Client, plan.Facts, []s3api.Unknown, error) {
	client, err := client.ForBucket(ctx, bucket)
	if err != nil {
		return nil, plan.Facts{}, nil, err
	}
	facts, unknown, err := client.Facts(ctx, bucket)
	return client, facts, unknown, err
}
