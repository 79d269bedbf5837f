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
		Code: a.code, HTTPStatus: a.status, RequestID: a.requestID, Said: a.message, Err: a.short(err)}
}

// classify is classify, and renews credentials that have run out. Where that is
// of no use, the error is fatal. A certificate that is wrong all of a sudden, after
// the endpoint answered, is that of something between: the endpoint may come back.
func (c *Client) classify(err error, s step) (classification, answer) {
	v, a := classify(err, s)
	if a.fault == faultCertificate && c.answered() {
		v = classification{class: engine.Transient}
	}
	if v.class == engine.Expired && !c.credentials.renew() {
		v.class, v.reason = engine.Fatal, plan.RequestError
	}
	return v, a
}

// answered tells whether the S3 endpoint has answered this process before.
func (c *Client) answered() bool {
	p := poolOf(c.aws)
	if p == nil {
		return false
	}
	found := false
	p.peers.Range(func(_, v any) bool {
		found = v.(*peer).answered.Load()
		return !found
	})
	return found
}
