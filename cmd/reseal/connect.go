package main

import (
	"context"
	"fmt"

	"reseal/internal/explain"
	"reseal/internal/resources"
	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// client opens the connection to the services.
func (c *connection) client(ctx context.Context, concurrency int) (*s3api.Client, error) {
	return s3api.New(ctx, s3api.Config{
		Region: c.region, Profile: c.profile, EndpointURL: c.endpoint, S3EndpointURL: c.s3Only, CABundle: c.caBundle, AllowHTTP: c.allowHTTP,
		ExpectedBucketOwner: c.owner, Concurrency: concurrency, Connections: resources.FileRoom().Connections, Product: "reseal/" + programVersion(),
		SDKClient: c.sdkClient, Waiting: c.waiting,
	})
}

// worker is client for the work on a bucket, as the role that a campaign names for it.
func (c *connection) worker(ctx context.Context, concurrency int) (*s3api.Client, error) {
	client, err := c.client(ctx, concurrency)
	if err != nil || c.role.ARN == "" {
		return client, err
	}
	return client.Assume(ctx, c.role, c.owner)
}

// waiting says that the job's bucket does not answer, so that nobody wonders what a
// command waits for.
func (c *connection) waiting(why error) {
	if c.stderr != nil {
		fmt.Fprintf(c.stderr(), "note: the state of the job cannot be reached: %s;\nit is asked again, for ten minutes at most\n", explain.Words(why))
	}
}

// bucketFacts turns to the Region of the bucket and reads what its configuration says.
func bucketFacts(ctx context.Context, client *s3api.Client, bucket string) (*s3api.Client, plan.Facts, []s3api.Unknown, error) {
	client, err := client.ForBucket(ctx, bucket)
	if err != nil {
		return nil, plan.Facts{}, nil, err
	}
	facts, unknown, err := client.Facts(ctx, bucket)
	return client, facts, unknown, err
}

// buckets opens buckets as places of reports.
func buckets(client *s3api.Client) func(name string) inventory.Source {
	return func(name string) inventory.Source { return client.Source(name) }
}
