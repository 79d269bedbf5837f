package s3api

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/inventory"
	"reseal/plan"
)

// OwnBucket is a bucket of the caller's account.
type OwnBucket struct {
	Name   string
	Region string // "" where the endpoint does not say
}

// mostBuckets bounds a list of buckets. An account has 10,000 unless AWS allowed more, and
// a million at most (Amazon S3 User Guide, BucketRestrictions, read 2026-11-21).
const mostBuckets = 1_000_000

// Buckets lists the buckets of the caller's account, in all Regions of its partition.
// Errors are *SetupError.
func (c *Client) Buckets(ctx context.Context) ([]OwnBucket, error) {
	const op = "ListBuckets"
	in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)} // with a parameter, S3 names the Regions
	var all []OwnBucket
	for list := (leafing{most: mostBuckets}); ; {
		out, err := c.preflight.ListBuckets(ctx, in)
		if err != nil {
			return nil, setupError(op, "", err)
		}
		for _, b := range out.Buckets {
			all = append(all, OwnBucket{value(b.Name), value(b.BucketRegion)})
		}
		next := value(out.ContinuationToken)
		more, err := list.on(next != "", next, len(out.Buckets) > 0)
		if len(all) > mostBuckets {
			err = errEndlessList
		}
		switch {
		case err != nil:
			return nil, &SetupError{Kind: Other, Op: op, Err: err}
		case !more:
			return all, nil
		}
		in.ContinuationToken = &next
	}
}

// BucketRegion asks S3 where a bucket is.
func (c *Client) BucketRegion(ctx context.Context, bucket string) (string, error) {
	return c.bucketRegion(ctx, bucket)
}

// Role is a role to be assumed.
type Role struct {
	ARN        string
	ExternalID string // "" for none
	Session    string // name of the session, as CloudTrail shows it
}

// Assume returns a client that signs as a session of the role, which is renewed when it
// ends, and expects buckets to be of account. Errors are *SetupError.
func (c *Client) Assume(ctx context.Context, r Role, account string) (*Client, error) {
	const op = "AssumeRole"
	if err := c.elsewhere(c.sts.Options().BaseEndpoint, "STS"); err != nil {
		return nil, &SetupError{Kind: Unsupported, Op: op, Subject: r.ARN, Err: err}
	}
	sessions := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(c.sts, r.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = r.Session
		if r.ExternalID != "" {
			o.ExternalID = &r.ExternalID
		}
	}))
	if _, err := sessions.Retrieve(ctx); err != nil {
		return nil, setupError(op, r.ARN, err)
	}
	creds := newCredentials(sessions, nil)
	creds.log = c.config.log
	cfg, conf := c.aws.Copy(), c.config
	cfg.Credentials, conf.ExpectedBucketOwner = creds, account
	return build(conf, cfg, creds, c.endpoint.ownRoots)
}

// MetadataTables is what a bucket's S3 Metadata configuration makes of it.
type MetadataTables struct {
	Inventory string // status of the live inventory table, "" where there is none
	Journal   string // status of the journal table

	inventoryARN, inventoryName string // of the live inventory table, "" where they are not told
	destination
}

// destination is where the tables are.
type destination struct{ bucketARN, namespace string }

// What Inventory is where no status of the table is told: what is configured.
const (
	InventoryEnabled  = string(types.InventoryConfigurationStateEnabled)
	InventoryDisabled = string(types.InventoryConfigurationStateDisabled)
)

// liveInventory is the name of each live inventory table (Amazon S3 User Guide,
// metadata-tables-inventory-schema, read 2026-11-30).
const liveInventory = "inventory"

// IsInventory tells whether a table is the live inventory table of the bucket.
func (m *MetadataTables) IsInventory(t inventory.TableAddress) bool {
	switch {
	case m.Inventory == "":
		return false
	case t.ARN != "":
		return t.ARN == m.inventoryARN
	case t.BucketARN != "" && t.BucketARN != m.bucketARN, !strings.HasSuffix(m.bucketARN, ":bucket/"+t.Bucket):
		return false
	}
	return t.Namespace == m.namespace && t.Name == cmp.Or(m.inventoryName, liveInventory)
}

// MetadataTables reads the S3 Metadata configuration of a bucket; nil where it has none.
// The request tells of configurations of both versions (Amazon S3 API Reference,
// GetBucketMetadataConfiguration, read 2026-11-30).
func (c *Client) MetadataTables(ctx context.Context, bucket string) (*MetadataTables, error) {
	const op = "GetBucketMetadataConfiguration"
	out, err := c.preflight.GetBucketMetadataConfiguration(ctx, &s3.GetBucketMetadataConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: c.bucketOwner()})
	if absent(err, "MetadataConfigurationNotFound") {
		return nil, nil
	}
	if err != nil {
		return nil, setupError(op, bucket, err)
	}
	if out.GetBucketMetadataConfigurationResult == nil || out.GetBucketMetadataConfigurationResult.MetadataConfigurationResult == nil {
		return nil, &SetupError{Kind: Other, Op: op, Subject: bucket, Err: errors.New("the answer has no configuration")}
	}
	m, found := out.GetBucketMetadataConfigurationResult.MetadataConfigurationResult, new(MetadataTables)
	if i := m.InventoryTableConfigurationResult; i != nil {
		if found.Inventory = value(i.TableStatus); found.Inventory == "" {
			found.Inventory = string(i.ConfigurationState)
		}
		found.inventoryARN, found.inventoryName = value(i.TableArn), value(i.TableName)
	}
	if d := m.DestinationResult; d != nil {
		found.destination = destination{value(d.TableBucketArn), value(d.TableNamespace)}
	}
	if j := m.JournalTableConfigurationResult; j != nil {
		found.Journal = value(j.TableStatus)
	}
	return found, nil
}

// Setting is what SettingsOf reads of a bucket.
type Setting string

// The settings, by the operations that tell.
const (
	VersioningSetting Setting = "GetBucketVersioning"
	LockSetting       Setting = "GetObjectLockConfiguration"
	OwnershipSetting  Setting = "GetBucketOwnershipControls"
	PayerSetting      Setting = "GetBucketRequestPayment"
)

// ReadSetting reads one setting of a bucket into facts, where it stays unknown if the
// error is not nil. Errors are *SetupError.
func (c *Client) ReadSetting(ctx context.Context, bucket string, s Setting, facts *plan.Facts) error {
	f := &factFinder{client: c, bucket: bucket, owner: c.bucketOwner(), facts: facts}
	find := map[Setting]func(context.Context) error{
		VersioningSetting: f.versioning, LockSetting: f.objectLock, OwnershipSetting: f.ownership, PayerSetting: f.payment,
	}[s]
	err := find(ctx)
	switch {
	case err == nil && len(f.unknown) > 0:
		err = f.unknown[0].Err
	case err == nil && s == VersioningSetting && facts.Versioning == plan.VersioningUnknown:
		err = &SetupError{Kind: Other, Op: string(s), Subject: bucket, Err: errors.New("the answer has a status that is not known")}
	}
	return err
}
