package front

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"reseal/internal/simulator"
)

func TestBucketSettingsRoundTrip(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	ctx, b := t.Context(), aws.String("new-bucket")
	steps := []struct {
		name string
		do   func() error
	}{
		{"create", func() error {
			_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: b, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}, ObjectLockEnabledForBucket: aws.Bool(true)})
			return err
		}},
		{"encryption", func() error {
			_, err := c.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: b, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
				ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(testKey)},
				BucketKeyEnabled:                   aws.Bool(true)}}}})
			return err
		}},
		{"lock", func() error {
			_, err := c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: b, ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled,
				Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(3)}}}})
			return err
		}},
		{"lifecycle", func() error {
			_, err := c.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: b, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
				ID: aws.String("r"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
				Transitions: []types.Transition{{Days: aws.Int32(30), StorageClass: types.TransitionStorageClassGlacier}}}}}})
			return err
		}},
		{"policy", func() error {
			_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: b, Policy: aws.String(settingsPolicy(*b))})
			return err
		}},
		{"inventory", func() error {
			_, err := c.PutBucketInventoryConfiguration(ctx, &s3.PutBucketInventoryConfigurationInput{Bucket: b, Id: aws.String("i1"), InventoryConfiguration: &types.InventoryConfiguration{
				Id: aws.String("i1"), IsEnabled: aws.Bool(true), IncludedObjectVersions: types.InventoryIncludedObjectVersionsAll,
				Schedule:    &types.InventorySchedule{Frequency: types.InventoryFrequencyDaily},
				Destination: &types.InventoryDestination{S3BucketDestination: &types.InventoryS3BucketDestination{Bucket: aws.String("arn:aws:s3:::x"), Format: types.InventoryFormatCsv}}}})
			return err
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	enc, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})
	if err != nil || *enc.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID != testKey || !*enc.ServerSideEncryptionConfiguration.Rules[0].BucketKeyEnabled {
		t.Errorf("encryption %+v, %v", enc, err)
	}
	lock, err := c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b})
	if err != nil || *lock.ObjectLockConfiguration.Rule.DefaultRetention.Days != 3 {
		t.Errorf("lock %+v, %v", lock, err)
	}
	lifecycle, err := c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b})
	if err != nil || len(lifecycle.Rules) != 1 || lifecycle.Rules[0].Transitions[0].StorageClass != types.TransitionStorageClassGlacier {
		t.Errorf("lifecycle %+v, %v", lifecycle, err)
	}
	policy, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})
	if err != nil || *policy.Policy != settingsPolicy(*b) {
		t.Errorf("policy %+v, %v", policy, err)
	}
	inventories, err := c.ListBucketInventoryConfigurations(ctx, &s3.ListBucketInventoryConfigurationsInput{Bucket: b})
	if err != nil || len(inventories.InventoryConfigurationList) != 1 || *inventories.InventoryConfigurationList[0].Destination.S3BucketDestination.Bucket != "arn:aws:s3:::x" {
		t.Errorf("inventories %+v, %v", inventories, err)
	}
	notification, err := c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: b})
	if err != nil || len(notification.QueueConfigurations) != 0 {
		t.Errorf("notification %+v, %v", notification, err)
	}
	owner, err := c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b})
	if err != nil || owner.OwnershipControls.Rules[0].ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
		t.Errorf("ownership %+v, %v", owner, err)
	}
	if _, err := c.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: b}); codeOf(err) != "ReplicationConfigurationNotFoundError" {
		t.Errorf("replication: %v", err)
	}
	if _, err := c.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: b}); codeOf(err) != "NoSuchWebsiteConfiguration" {
		t.Errorf("website: %v", err)
	}
	buckets, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil || len(buckets.Buckets) != 2 {
		t.Errorf("buckets %+v, %v", buckets, err)
	}
	location, err := c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b})
	if err != nil || location.LocationConstraint != "eu-west-1" {
		t.Errorf("location %+v, %v", location, err)
	}
}

func TestKMSQuotasAndIdentity(t *testing.T) {
	r := newRig(t, simulator.Config{KMSRequestsPerSecond: 1234}, Config{})
	creds := credentials.NewStaticCredentialsProvider(longLived.AccessKeyID, longLived.SecretKey, "")
	keys := kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: &r.url, HTTPClient: r.client, Credentials: creds, RetryMaxAttempts: 1})
	ctx := t.Context()
	described, err := keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(testKey)})
	if err != nil || *described.KeyMetadata.Arn != testKey || described.KeyMetadata.KeyState != kmstypes.KeyStateEnabled || !described.KeyMetadata.CreationDate.Equal(signTime) {
		t.Fatalf("describe: %+v, %v", described, err)
	}
	_, err = keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(testKey), KeySpec: kmstypes.DataKeySpecAes256, DryRun: aws.Bool(true)})
	var dry *kmstypes.DryRunOperationException
	if !errors.As(err, &dry) {
		t.Errorf("dry run: %v, want DryRunOperationException", err)
	}
	data, err := keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(testKey), KeySpec: kmstypes.DataKeySpecAes256})
	if err != nil || len(data.Plaintext) != 32 {
		t.Errorf("data key: %v", err)
	}
	created, err := keys.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/x"), TargetKeyId: created.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	aliases, err := keys.ListAliases(ctx, &kms.ListAliasesInput{})
	if err != nil || len(aliases.Aliases) != 1 || *aliases.Aliases[0].TargetKeyId != *created.KeyMetadata.KeyId {
		t.Errorf("aliases %+v, %v", aliases, err)
	}
	if _, err := keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: created.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	_, err = keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: created.KeyMetadata.KeyId, KeySpec: kmstypes.DataKeySpecAes256})
	var disabled *kmstypes.DisabledException
	if !errors.As(err, &disabled) {
		t.Errorf("data key of a disabled key: %v, want DisabledException", err)
	}
	gone, err := keys.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: created.KeyMetadata.KeyId, PendingWindowInDays: aws.Int32(7)})
	if err != nil || gone.KeyState != kmstypes.KeyStatePendingDeletion || time.Until(*gone.DeletionDate) < 6*24*time.Hour {
		t.Errorf("schedule deletion: %+v, %v", gone, err)
	}
	_, err = keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("none")})
	var missing *kmstypes.NotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("unknown key: %v, want NotFoundException", err)
	}
	bad := kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: &r.url, HTTPClient: r.client, Credentials: credentials.NewStaticCredentialsProvider(longLived.AccessKeyID, "wrong", ""), RetryMaxAttempts: 1})
	if _, err := bad.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(testKey)}); codeOf(err) != "InvalidSignatureException" {
		t.Errorf("wrong secret at KMS: %v", err)
	}

	quotas := servicequotas.New(servicequotas.Options{Region: "eu-west-1", BaseEndpoint: &r.url, HTTPClient: r.client, Credentials: creds, RetryMaxAttempts: 1})
	applied, err := quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("kms"), QuotaCode: aws.String("L-6E3AF000")})
	if err != nil || *applied.Quota.Value != 1234 {
		t.Errorf("applied quota %+v, %v", applied, err)
	}
	byDefault, err := quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("kms"), QuotaCode: aws.String("L-6E3AF000")})
	if err != nil || *byDefault.Quota.Value != 100000 {
		t.Errorf("default quota %+v, %v", byDefault, err)
	}
	who, err := sts.New(sts.Options{Region: "eu-west-1", BaseEndpoint: &r.url, HTTPClient: r.client, Credentials: creds, RetryMaxAttempts: 1}).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "111122223333" || *who.Arn != longLived.ARN {
		t.Errorf("caller %+v, %v", who, err)
	}
}

// settingsPolicy is a policy of a bucket.
func settingsPolicy(bucket string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::` + bucket +
		`/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
}
