package s3api

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Expiration is a lifecycle rule that removes current objects of a bucket.
type Expiration struct {
	Rule   string
	Prefix string
	Days   int       // after an object was made; 0 where Date counts
	Date   time.Time // zero where Days count
}

// Removes returns when the rule removes an object made at the given time; zero
// where it never does. S3 rounds up to the next midnight UTC (Amazon S3 User Guide,
// intro-lifecycle-rules, read 2026-11-21).
func (e *Expiration) Removes(key string, made time.Time) time.Time {
	switch {
	case !strings.HasPrefix(key, e.Prefix):
		return time.Time{}
	case e.Days > 0:
		at := made.UTC().AddDate(0, 0, e.Days)
		if day := at.Truncate(24 * time.Hour); !day.Equal(at) {
			at = day.AddDate(0, 0, 1)
		}
		return at
	}
	return e.Date
}

// Expirations reads the lifecycle rules that remove current objects of a bucket.
// Rules for objects with tags are left out: objects that S3 delivers have none.
func (c *Client) Expirations(ctx context.Context, bucket string) ([]Expiration, error) {
	out, err := c.preflight.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if absent(err, "NoSuchLifecycleConfiguration") {
		return nil, nil
	}
	if err != nil {
		return nil, setupError("GetBucketLifecycleConfiguration", bucket, err)
	}
	var all []Expiration
	for i := range out.Rules {
		rule := &out.Rules[i]
		e := rule.Expiration
		if rule.Status == types.ExpirationStatusDisabled || e == nil || e.Days == nil && e.Date == nil {
			continue
		}
		x := Expiration{Rule: value(rule.ID), Days: int(value(e.Days)), Date: value(e.Date)}
		//lint:ignore SA1019 rules from before 2016 have their prefix here, and no filter
		x.Prefix = value(rule.Prefix)
		if f := rule.Filter; f != nil {
			if f.Tag != nil || f.And != nil && len(f.And.Tags) > 0 {
				continue
			}
			if f.Prefix != nil {
				x.Prefix = *f.Prefix
			}
			if f.And != nil && f.And.Prefix != nil {
				x.Prefix = *f.And.Prefix
			}
		}
		all = append(all, x)
	}
	return all, nil
}
