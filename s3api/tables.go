package s3api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3tables"

	"reseal/inventory"
	"reseal/partition"
)

// TableMetadata asks S3 Tables where the metadata of a table is now, with one request:
// GetTableMetadataLocation, or GetTable for one that is named by its ARN. The client that
// it returns is of the table's Region.
func (c *Client) TableMetadata(ctx context.Context, t inventory.TableAddress) (uri string, of *Client, err error) {
	op := "GetTableMetadataLocation"
	if t.ARN != "" {
		op = "GetTable"
	}
	fail := func(err error) (string, *Client, error) {
		if errors.As(err, new(*SetupError)) {
			return "", nil, err
		}
		return "", nil, setupError(op, t.String(), err)
	}
	if region := t.Region(); region != "" {
		if c, err = c.InRegion(region); err != nil {
			return fail(err)
		}
	}
	if err := c.elsewhere(c.tables.Options().BaseEndpoint, "S3 Tables"); err != nil {
		return fail(&SetupError{Kind: Unsupported, Op: op, Subject: t.String(), Err: err})
	}
	location, err := c.tableLocation(ctx, t)
	if err != nil {
		return fail(err)
	}
	at, err := inventory.ParseLocation(location)
	if err != nil || at.Local() || !inventory.TableMetadata(at.Name) {
		return fail(&SetupError{Kind: Other, Op: op, Subject: t.String(), Err: fmt.Errorf("the answer names no metadata of a table in S3: %.200q", location)})
	}
	return at.String(), c, nil
}

// tableLocation sends the request.
func (c *Client) tableLocation(ctx context.Context, t inventory.TableAddress) (string, error) {
	if t.ARN != "" {
		out, err := c.tables.GetTable(ctx, &s3tables.GetTableInput{TableArn: &t.ARN})
		if err != nil {
			return "", err
		}
		return value(out.MetadataLocation), nil
	}
	bucket := t.BucketARN
	if bucket == "" {
		account, err := c.account(ctx)
		if err != nil {
			return "", err
		}
		bucket = "arn:" + partition.OfRegion(c.Region()).ID + ":s3tables:" + c.Region() + ":" + account + ":bucket/" + t.Bucket
	}
	out, err := c.tables.GetTableMetadataLocation(ctx, &s3tables.GetTableMetadataLocationInput{TableBucketARN: &bucket, Namespace: &t.Namespace, Name: &t.Name})
	if err != nil {
		return "", err
	}
	return value(out.MetadataLocation), nil
}

// TableStore tells by its name whether a bucket is one in which S3 Tables keeps the files
// of a table. Reading there is allowed by permissions on the table.
func TableStore(bucket string) bool { return strings.HasSuffix(bucket, "--table-s3") }
