package preflight

import (
	"errors"
	"fmt"
	"strings"

	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// LockedOut returns an error where a bucket policy would deny the caller what the
// one before does not: to change the settings again, or to upload as it should.
// before may be nil. A client without TLS is taken for locked out by any demand
// for TLS, though a proxy may end it.
func (c *Closing) LockedOut(client *s3api.Client, caller s3api.Identity, before, after []byte) error {
	if c.TLS && strings.HasPrefix(client.Endpoint().URL, "http://") {
		return errors.New("this client reaches the endpoint without TLS, so the statements on TLS would lock it out, and it could not take them back; reach it by https://, or leave out --require-tls")
	}
	check := &Checker{Client: client, caller: caller, Facts: plan.Facts{AWS: client.Endpoint().AWS, Region: client.Region()}, Options: plan.Options{Bucket: c.Bucket, KMSKeyID: c.Key}}
	bucket := c.Partition.Bucket(c.Bucket)
	object := bucket + "/" + c.Prefix + "any-object-of-the-bucket"
	right := map[string][]string{conditionSSE: {plan.TargetKMS}, conditionKey: {c.Key}}
	asks := []policy.Request{
		check.request("s3:GetBucketPolicy", bucket, nil), check.request("s3:PutBucketPolicy", bucket, nil), check.request("s3:DeleteBucketPolicy", bucket, nil),
		check.request("s3:PutEncryptionConfiguration", bucket, nil), check.request("s3:PutObject", object, right),
	}
	if c.Unstated {
		asks = append(asks, check.request("s3:PutObject", object, map[string][]string{conditionKey: {c.Key}})) // what S3 ends up using
	}
	for i := range asks {
		was, err := denies(before, &asks[i])
		if err != nil {
			return err
		}
		will, err := denies(after, &asks[i])
		if err != nil {
			return err
		}
		if will.Deny == policy.Yes && was.Deny != policy.Yes {
			return fmt.Errorf("%s would deny %s to the caller itself, %s", will.By.Name(), asks[i].Action, caller.ARN)
		}
	}
	return nil
}

func denies(text []byte, r *policy.Request) (policy.Verdict, error) {
	if text == nil {
		return policy.Verdict{}, nil
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		return policy.Verdict{}, err
	}
	return d.Decide(r), nil
}
