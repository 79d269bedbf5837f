package preflight

import (
	"context"
	"errors"
	"strings"

	"reseal/policy"
)

// throughS3 finds out whether S3 may use the key for the caller, whose own request
// was refused. That refusal is no evidence: a key whose policy has kms:ViaService
// or asks for S3's encryption context refuses every direct request and serves the
// same through S3 (AWS KMS Developer Guide, "conditions-kms", read 2026-11-29).
// Nor is the key's policy, which names nobody that a grant lets use the key ("grants",
// read 2026-11-29).
func (c *Checker) throughS3(ctx context.Context, refused error) {
	const name, mend = "key use", "grant kms:GenerateDataKey and kms:Decrypt on KEY through S3; reseal permissions prints the statement"
	text, err := c.Client.KeyPolicy(ctx, c.key.ARN)
	if err != nil {
		c.Say(name, StatusUnknown, "a direct request was refused, which says nothing of requests through S3; the key's policy could not be read, so the canary is going to tell: "+
			errors.Join(refused, err).Error(), mend)
		return
	}
	d, err := policy.Parse(policy.Key, text)
	if err != nil {
		c.failed(name, err)
		return
	}
	v := d.Decide(c.keyRequest("kms:GenerateDataKey"))
	switch {
	case v.Deny == policy.Yes:
		c.Say(name, StatusStop, v.By.Name()+" of the key's policy denies kms:GenerateDataKey through S3", mend)
	case v.Deny == policy.No && v.Allow == policy.Yes:
		c.Say(name, StatusOK, "the key's policy allows kms:GenerateDataKey through S3; a direct request was refused, which no run sends", "")
	case v.Deny == policy.No && v.Allow == policy.No && v.Delegate == policy.No: // a grant may, with a constraint that a direct request does not meet
		c.Say(name, StatusUnknown, "nothing in the key's policy allows kms:GenerateDataKey, neither directly nor through S3; a KMS grant may, so the canary is going to tell: "+refused.Error(),
			mend+"; "+c.atKey("aws kms list-grants --key-id KEY")+" shows grants")
	default:
		c.Say(name, StatusUnknown, "a direct request was refused, and whether one through S3 is cannot be told from the key's policy; the canary is going to tell: "+refused.Error(), mend)
	}
}

// keyRequest is what S3 asks of KMS for the caller: through S3, for the caller's
// account, with the encryption context of the object, or of the bucket where bucket
// keys are used (Amazon S3 User Guide, "UsingKMSEncryption" and "bucket-key", read
// 2026-11-29).
func (c *Checker) keyRequest(action string) *policy.Request {
	return c.keyRequestOf(c.principal(), action, c.Options.BucketKey)
}

func (c *Checker) keyRequestOf(who policy.Principal, action string, bucketKey bool) *policy.Request {
	about := c.partition().Bucket(c.Options.Bucket)
	if !bucketKey {
		about += "/any-object-of-the-bucket"
	}
	return &policy.Request{
		Principal: who, Action: action, Resource: c.key.ARN,
		Context: map[string][]string{
			"kms:viaservice": {c.partition().S3(c.key.Region)}, "kms:calleraccount": {who.Account},
			"kms:encryptioncontext:aws:s3:arn": {about}, "kms:encryptioncontextkeys": {"aws:s3:arn"},
		},
		Unknown: func(key string) bool { return !strings.HasPrefix(key, "kms:encryptioncontext:") },
	}
}
