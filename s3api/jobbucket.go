package s3api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/plan"
)

// DefaultRetention tells the default retention of a bucket, such as "COMPLIANCE,
// 7 years"; "" where it has none, or where that may not be read.
func (c *Client) DefaultRetention(ctx context.Context, bucket string) string {
	out, err := c.preflight.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil || out.ObjectLockConfiguration == nil || out.ObjectLockConfiguration.Rule == nil || out.ObjectLockConfiguration.Rule.DefaultRetention == nil {
		return ""
	}
	mode, days := retention(out.ObjectLockConfiguration.Rule.DefaultRetention)
	return mode + ", " + plan.Days(days)
}
