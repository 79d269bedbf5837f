package s3api

import (
	"context"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// DefaultEncryption is what a bucket does with uploads that do not say how they
// are to be encrypted, and which kinds of encryption it refuses.
type DefaultEncryption struct {
	Algorithm string // AES256, aws:kms or aws:kms:dsse; "" where the endpoint has no default
	KeyID     string // as it was put; "" with aws:kms means aws/s3
	BucketKey bool
	Blocked   []string // SSE-C, or NONE
}

// BucketEncryption reads the default encryption of a bucket.
func (c *Client) BucketEncryption(ctx context.Context, bucket string) (DefaultEncryption, error) {
	const op = "GetBucketEncryption"
	out, err := c.preflight.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	var d DefaultEncryption
	if absent(err, "ServerSideEncryptionConfigurationNotFoundError") {
		return d, nil
	}
	if err != nil {
		return d, setupError(op, bucket, err)
	}
	if out.ServerSideEncryptionConfiguration == nil {
		return d, nil
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			d.Algorithm, d.KeyID = string(by.SSEAlgorithm), value(by.KMSMasterKeyID)
		}
		d.BucketKey = d.BucketKey || value(rule.BucketKeyEnabled)
		if b := rule.BlockedEncryptionTypes; b != nil {
			for _, t := range b.EncryptionType {
				d.Blocked = append(d.Blocked, string(t))
			}
		}
	}
	return d, nil
}

// SetBucketEncryption replaces the default encryption as a whole. S3 does not
// look whether the key exists (Amazon S3 API Reference, PutBucketEncryption,
// read 2026-11-21).
func (c *Client) SetBucketEncryption(ctx context.Context, bucket string, d DefaultEncryption) error {
	by := &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryption(d.Algorithm)}
	if d.KeyID != "" {
		by.KMSMasterKeyID = &d.KeyID
	}
	rule := types.ServerSideEncryptionRule{ApplyServerSideEncryptionByDefault: by, BucketKeyEnabled: &d.BucketKey}
	if len(d.Blocked) > 0 {
		rule.BlockedEncryptionTypes = &types.BlockedEncryptionTypes{}
		for _, t := range d.Blocked {
			rule.BlockedEncryptionTypes.EncryptionType = append(rule.BlockedEncryptionTypes.EncryptionType, types.EncryptionType(t))
		}
	}
	_, err := c.preflight.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner(),
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}}})
	return setupError("PutBucketEncryption", bucket, err)
}

// RemoveBucketEncryption leaves a bucket with the endpoint's own default, which
// is SSE-S3 on AWS.
func (c *Client) RemoveBucketEncryption(ctx context.Context, bucket string) error {
	_, err := c.preflight.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	return setupError("DeleteBucketEncryption", bucket, err)
}

// BucketPolicy reads the policy of a bucket as it is stored; nil where it has none.
func (c *Client) BucketPolicy(ctx context.Context, bucket string) ([]byte, error) {
	out, err := c.preflight.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if absent(err, "NoSuchBucketPolicy") {
		return nil, nil
	}
	if err != nil {
		return nil, setupError("GetBucketPolicy", bucket, err)
	}
	if value(out.Policy) == "" {
		return nil, nil
	}
	return []byte(*out.Policy), nil
}

// SetBucketPolicy replaces the policy of a bucket; nil removes it. S3 has no
// condition for this request, so a change that somebody else makes between
// reading and writing is lost.
func (c *Client) SetBucketPolicy(ctx context.Context, bucket string, doc []byte) error {
	if doc == nil {
		_, err := c.preflight.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
		return setupError("DeleteBucketPolicy", bucket, err)
	}
	text := string(doc)
	_, err := c.preflight.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &text, ExpectedBucketOwner: c.bucketOwner()})
	return setupError("PutBucketPolicy", bucket, err)
}

// logDelivery is the group that server access logs are delivered by, where a
// bucket's ACL lets it (Amazon S3 User Guide, "enable-server-access-logging",
// read 2026-11-21).
const logDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"

// ReceivesLogs tells whether the bucket's ACL lets server access logs be
// delivered to it. What its policy lets is for the policy to say.
func (c *Client) ReceivesLogs(ctx context.Context, bucket string) (bool, error) {
	out, err := c.preflight.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return false, setupError("GetBucketAcl", bucket, err)
	}
	return slices.ContainsFunc(out.Grants, func(g types.Grant) bool {
		return g.Grantee != nil && value(g.Grantee.URI) == logDelivery && (g.Permission == types.PermissionWrite || g.Permission == types.PermissionFullControl)
	}), nil
}

// ReplicationRule is one rule of live replication that is switched on.
type ReplicationRule struct {
	ID          string
	Destination string // bucket ARN
	KMS         bool   // opted in to objects under SSE-KMS
	ReplicaKey  string // key that replicas are written under, "" where none is named
}

// Replication reads who replicates a bucket, and by what rules; "" and none
// where nothing is replicated.
func (c *Client) Replication(ctx context.Context, bucket string) (role string, rules []ReplicationRule, err error) {
	out, err := c.preflight.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if absent(err, "ReplicationConfigurationNotFoundError") {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, setupError("GetBucketReplication", bucket, err)
	}
	if out.ReplicationConfiguration == nil {
		return "", nil, nil
	}
	for _, r := range out.ReplicationConfiguration.Rules {
		if r.Status == types.ReplicationRuleStatusDisabled {
			continue
		}
		rule := ReplicationRule{ID: value(r.ID)}
		if s := r.SourceSelectionCriteria; s != nil && s.SseKmsEncryptedObjects != nil {
			rule.KMS = s.SseKmsEncryptedObjects.Status == types.SseKmsEncryptedObjectsStatusEnabled
		}
		if d := r.Destination; d != nil {
			rule.Destination = value(d.Bucket)
			if d.EncryptionConfiguration != nil {
				rule.ReplicaKey = value(d.EncryptionConfiguration.ReplicaKmsKeyID)
			}
		}
		rules = append(rules, rule)
	}
	return value(out.ReplicationConfiguration.Role), rules, nil
}

// InventoryConfig is one inventory that a bucket has taken of it.
type InventoryConfig struct {
	ID          string
	Enabled     bool
	Frequency   string // Daily or Weekly
	Format      string
	AllVersions bool
	Destination string   // bucket ARN
	Owner       string   // account that owns it, "" where that is not said
	Folder      string   // of the reports in it, before the bucket's name; "" for none
	Prefix      string   // only keys with it; "" for the whole bucket
	Fields      []string // optional columns
}

// maxInventories is how many a bucket can have (Amazon S3 User Guide,
// "storage-inventory", read 2026-11-21); more than that is a listing that does not end.
const maxInventories = 1000

// Inventories lists the inventories of a bucket.
func (c *Client) Inventories(ctx context.Context, bucket string) ([]InventoryConfig, error) {
	const op = "ListBucketInventoryConfigurations"
	in := &s3.ListBucketInventoryConfigurationsInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()}
	var all []InventoryConfig
	for list := new(leafing); ; {
		out, err := c.preflight.ListBucketInventoryConfigurations(ctx, in)
		if err != nil {
			return nil, setupError(op, bucket, err)
		}
		for _, i := range out.InventoryConfigurationList {
			k := InventoryConfig{ID: value(i.Id), Enabled: value(i.IsEnabled), AllVersions: i.IncludedObjectVersions == types.InventoryIncludedObjectVersionsAll}
			if i.Schedule != nil {
				k.Frequency = string(i.Schedule.Frequency)
			}
			if d := i.Destination; d != nil && d.S3BucketDestination != nil {
				to := d.S3BucketDestination
				k.Format, k.Destination, k.Owner, k.Folder = string(to.Format), value(to.Bucket), value(to.AccountId), value(to.Prefix)
			}
			if i.Filter != nil {
				k.Prefix = value(i.Filter.Prefix)
			}
			for _, f := range i.OptionalFields {
				k.Fields = append(k.Fields, string(f))
			}
			all = append(all, k)
		}
		more, err := list.on(value(out.IsTruncated), value(out.NextContinuationToken), len(out.InventoryConfigurationList) > 0)
		if len(all) > maxInventories {
			err = errEndlessList
		}
		switch {
		case err != nil:
			return nil, &SetupError{Kind: Other, Op: op, Subject: bucket, Err: err}
		case !more:
			return all, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// MayList tells by its error whether the caller may list the bucket: without
// that, S3 answers 403 for an object that is gone. It returns the keys of the
// first few objects.
func (c *Client) MayList(ctx context.Context, bucket string) (keys []string, err error) {
	out, err := c.preflight.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(10), EncodingType: types.EncodingTypeUrl,
		ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return nil, setupError("ListObjectsV2", bucket, err)
	}
	for _, o := range out.Contents {
		key, err := decodedName(value(o.Key), out.EncodingType)
		if err != nil {
			return nil, setupError("ListObjectsV2", bucket, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// KeyOf returns the key that an object is under, "" where that is none of KMS's.
func (c *Client) KeyOf(ctx context.Context, bucket, key string) (string, error) {
	out, err := c.preflight.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return "", setupError("HeadObject", "s3://"+bucket+"/"+key, err)
	}
	return value(out.SSEKMSKeyId), nil
}

// KeyPolicy reads the policy of a key. KMS gives it to the key's own account only.
func (c *Client) KeyPolicy(ctx context.Context, arn string) ([]byte, error) {
	const op = "GetKeyPolicy"
	if err := c.elsewhere(c.kms.Options().BaseEndpoint, "KMS"); err != nil {
		return nil, &SetupError{Kind: KeyUnchecked, Op: op, Subject: arn, Err: err}
	}
	out, err := c.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		return nil, c.keyError(op, arn, err)
	}
	return []byte(value(out.Policy)), nil
}

// Refused tells whether the service answered that it did not do what it was asked
// for. Where no answer came, or one of a failure of its own, it may have done so.
func Refused(err error) bool {
	a := answerOf(err)
	return err != nil && a.fault == faultNone && a.status >= 400 && a.status < 500 && a.status != http.StatusRequestTimeout
}

// absent tells whether an error is the answer of a bucket without such a configuration.
func absent(err error, codes ...string) bool {
	return err != nil && slices.Contains(codes, answerOf(err).code)
}
