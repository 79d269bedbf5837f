package s3api

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/engine"
	"reseal/plan"
)

// aliveLimit is how long the endpoint has for an answer about nothing in particular.
const aliveLimit = 20 * time.Second

// Alive asks the endpoint where bucket is. Nil, or an *engine.ObjectError of
// another class than Transient and Expired, is an answer: requests about objects
// get one too. It renews credentials that have run out.
func (c *Client) Alive(ctx context.Context, bucket string) error {
	ctx, cancel := context.WithTimeout(ctx, aliveLimit)
	defer cancel()
	_, err := c.tasks.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err == nil {
		return nil
	}
	v, a := c.classify(err, step{kind: plan.StepHead})
	return &engine.ObjectError{Op: "GetBucketLocation", Bucket: bucket, Class: v.class, Quota: v.quota,
		Code: a.code, HTTPStatus: a.status, RequestID: a.requestID, Err: err}
}

// classify is classify, and renews credentials that have run out. Where that is
// of no use, the error is fatal.
func (c *Client) classify(err error, s step) (verdict, answer) {
	v, a := classify(err, s)
	if v.class == engine.Expired && !c.credentials.renew() {
		v.class, v.reason = engine.Fatal, plan.RequestError
	}
	return v, a
}
