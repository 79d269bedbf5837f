package s3api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// InventorySetup is an inventory configuration in the form in which the AWS CLI
// takes it (put-bucket-inventory-configuration).
type InventorySetup struct {
	ID          string `json:"Id"`
	IsEnabled   bool
	Destination struct {
		S3BucketDestination InventoryDestination
	}
	Schedule struct {
		Frequency string // Daily or Weekly
	}
	IncludedObjectVersions string           // Current or All
	Filter                 *InventoryFilter `json:",omitempty"`
	OptionalFields         []string
}

// InventoryFilter narrows an inventory down.
type InventoryFilter struct{ Prefix string }

// InventoryDestination is where an inventory goes.
type InventoryDestination struct {
	AccountID  string               `json:"AccountId,omitempty"` // owner of the bucket
	Bucket     string               // ARN
	Format     string               // CSV, ORC or Parquet
	Prefix     string               `json:",omitempty"`
	Encryption *InventoryEncryption `json:",omitempty"`
}

// InventoryEncryption is how reports are encrypted: under a KMS key, or, where
// that is nil, by SSE-S3.
type InventoryEncryption struct {
	SSEKMS *struct {
		KeyID string `json:"KeyId"`
	} `json:",omitempty"`
	SSES3 *struct{} `json:",omitempty"`
}

// Under returns the encryption under a KMS key.
func Under(keyID string) *InventoryEncryption {
	return &InventoryEncryption{SSEKMS: &struct {
		KeyID string `json:"KeyId"`
	}{keyID}}
}

// InventorySetup reads the inventory configuration called id of a bucket; nil
// where there is none.
func (c *Client) InventorySetup(ctx context.Context, bucket, id string) (*InventorySetup, error) {
	out, err := c.preflight.GetBucketInventoryConfiguration(ctx, &s3.GetBucketInventoryConfigurationInput{Bucket: &bucket, Id: &id,
		ExpectedBucketOwner: c.bucketOwner()})
	if absent(err, "NoSuchConfiguration") {
		return nil, nil
	}
	if err != nil {
		return nil, setupError("GetBucketInventoryConfiguration", bucket, err)
	}
	k := out.InventoryConfiguration
	if k == nil {
		return nil, nil
	}
	s := &InventorySetup{ID: value(k.Id), IsEnabled: value(k.IsEnabled), IncludedObjectVersions: string(k.IncludedObjectVersions)}
	if k.Schedule != nil {
		s.Schedule.Frequency = string(k.Schedule.Frequency)
	}
	if k.Filter != nil {
		s.Filter = &InventoryFilter{value(k.Filter.Prefix)}
	}
	if k.Destination != nil && k.Destination.S3BucketDestination != nil {
		d := k.Destination.S3BucketDestination
		s.Destination.S3BucketDestination = InventoryDestination{AccountID: value(d.AccountId), Bucket: value(d.Bucket), Format: string(d.Format), Prefix: value(d.Prefix)}
		switch e := d.Encryption; {
		case e == nil:
		case e.SSEKMS != nil:
			s.Destination.S3BucketDestination.Encryption = Under(value(e.SSEKMS.KeyId))
		case e.SSES3 != nil:
			s.Destination.S3BucketDestination.Encryption = &InventoryEncryption{SSES3: &struct{}{}}
		}
	}
	for _, f := range k.OptionalFields {
		s.OptionalFields = append(s.OptionalFields, string(f))
	}
	return s, nil
}

// SetInventory puts an inventory configuration, in place of the one of the same id.
func (c *Client) SetInventory(ctx context.Context, bucket string, s *InventorySetup) error {
	d := &s.Destination.S3BucketDestination
	to := &types.InventoryS3BucketDestination{AccountId: optional(d.AccountID), Bucket: &d.Bucket, Format: types.InventoryFormat(d.Format), Prefix: optional(d.Prefix)}
	if e := d.Encryption; e != nil {
		to.Encryption = &types.InventoryEncryption{}
		if e.SSEKMS != nil {
			to.Encryption.SSEKMS = &types.SSEKMS{KeyId: &e.SSEKMS.KeyID}
		} else {
			to.Encryption.SSES3 = &types.SSES3{}
		}
	}
	k := &types.InventoryConfiguration{Id: &s.ID, IsEnabled: &s.IsEnabled, Destination: &types.InventoryDestination{S3BucketDestination: to},
		IncludedObjectVersions: types.InventoryIncludedObjectVersions(s.IncludedObjectVersions),
		Schedule:               &types.InventorySchedule{Frequency: types.InventoryFrequency(s.Schedule.Frequency)}}
	if s.Filter != nil {
		k.Filter = &types.InventoryFilter{Prefix: aws.String(s.Filter.Prefix)}
	}
	for _, f := range s.OptionalFields {
		k.OptionalFields = append(k.OptionalFields, types.InventoryOptionalField(f))
	}
	_, err := c.preflight.PutBucketInventoryConfiguration(ctx, &s3.PutBucketInventoryConfigurationInput{Bucket: &bucket, Id: &s.ID,
		InventoryConfiguration: k, ExpectedBucketOwner: c.bucketOwner()})
	return setupError("PutBucketInventoryConfiguration", bucket, err)
}

// Foreign returns a client for a bucket that may belong to anybody, in whatever
// Region it is, such as one that reports are delivered to.
func (c *Client) Foreign(ctx context.Context, bucket, owner string) (*Client, error) {
	region, err := c.bucketRegion(ctx, bucket)
	if err != nil {
		return nil, err
	}
	if c, err = c.InRegion(region); err != nil {
		return nil, err
	}
	return c.Expecting(owner), nil
}
