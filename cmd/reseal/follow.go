package main

import (
	"context"
	"fmt"

	"reseal/s3api"
)

// follow has a connection go to where the job's requests went when it was made, by
// whatever variable or profile that was, unless the command line or the environment
// names another place now; the note says which. A nil job is a new one.
func (c *connection) follow(ctx context.Context, job *metJob) (note string, err error) {
	if job == nil {
		return "", nil
	}
	made := job.plan
	if c.endpoint == "" {
		c.endpoint = made.Endpoint
	}
	if made.S3 == "" {
		return "", nil // of a version that did not know
	}
	client, err := c.client(ctx, 1)
	if err != nil {
		return "", err
	}
	now := client.Endpoint().URL
	switch own, owned := s3api.Own(now), s3api.Own(made.S3); {
	case now == made.S3, own && owned: // of another Region, say
		return "", nil
	case c.endpoint == "" && own: // nothing names a place
		if c.s3Only = made.S3; made.KMS == made.S3 {
			c.endpoint, c.s3Only = made.S3, ""
		}
		return "", nil
	}
	return fmt.Sprintf("the job was made at %s, and its requests go to %s now, as the command line, AWS_ENDPOINT_URL or the profile says", made.S3, now), nil
}
