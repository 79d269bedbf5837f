// Package setup turns the wish for inventory reports of a bucket into the inventory
// configuration and the policy statements that let S3 make them.
package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"reseal/inventory"
	"reseal/partition"
	"reseal/s3api"
)

// Wish is which inventory S3 is to take, and where its reports go.
type Wish struct {
	ID          string // of the configuration
	Bucket      string // to take the inventory of
	Account     string // that owns Bucket
	Region      string // of both buckets
	Prefix      string // only keys with it; may be ""
	AllVersions bool
	Weekly      bool // instead of daily
	Format      inventory.Format

	Destination      inventory.Location // bucket and prefix for the reports
	DestinationOwner string             // account; "" is Account
	KMSKeyARN        string             // to put the reports under; "" is SSE-S3
}

// Setup is what is to be there, and once it was read, what is there. Its JSON is what
// is to be there, in the form in which the AWS CLI takes it. It is not safe for
// concurrent use.
type Setup struct {
	Bucket    string                `json:"Bucket"`
	Inventory *s3api.InventorySetup `json:"InventoryConfiguration"`
	Statement *Statement            `json:"DestinationPolicyStatement"`
	KeyPolicy *Statement            `json:"KeyPolicyStatement,omitempty"` // for the policy of the key, which reseal does not change

	destination string
	existing    *s3api.InventorySetup // nil where there is none of this id
	policy      []byte                // of the destination
	wanted      []byte                // policy with Statement
}

// Statement is one statement of a policy, for S3 itself.
type Statement struct {
	Sid       string
	Effect    string
	Principal map[string]string
	Action    string
	Resource  string
	Condition map[string]map[string]string
}

// New returns what w takes.
func New(w Wish) *Setup {
	s := &Setup{Bucket: w.Bucket, Inventory: configuration(w), destination: w.Destination.Bucket}
	arn := partition.OfRegion(w.Region).Bucket("")
	resource := arn + w.Destination.Bucket + "/*"
	if prefix := strings.Trim(w.Destination.Name, "/"); prefix != "" {
		resource = arn + w.Destination.Bucket + "/" + prefix + "/*"
	}
	service := map[string]string{"Service": "s3.amazonaws.com"}
	sum := sha256.Sum256([]byte(w.Bucket + "\x00" + resource))
	sid := "InventoryOf" + lettersAndDigits(w.Bucket) + hex.EncodeToString(sum[:4])
	s.Statement = &Statement{Sid: sid, Effect: "Allow", Principal: service, Action: "s3:PutObject", Resource: resource,
		Condition: map[string]map[string]string{
			"ArnLike":      {"aws:SourceArn": arn + w.Bucket},
			"StringEquals": {"aws:SourceAccount": w.Account, "s3:x-amz-acl": "bucket-owner-full-control"},
		}}
	if w.KMSKeyARN != "" {
		s.KeyPolicy = &Statement{Sid: sid, Effect: "Allow", Principal: service, Action: "kms:GenerateDataKey", Resource: "*",
			Condition: map[string]map[string]string{"ArnLike": {"aws:SourceArn": arn + w.Bucket}, "StringEquals": {"aws:SourceAccount": w.Account}}}
	}
	return s
}

// configuration is the inventory configuration that w takes.
func configuration(w Wish) *s3api.InventorySetup {
	k := &s3api.InventorySetup{ID: w.ID, IsEnabled: true, IncludedObjectVersions: "Current", OptionalFields: optionalColumns()}
	if w.AllVersions {
		k.IncludedObjectVersions = "All"
	}
	k.Schedule.Frequency = "Daily"
	if w.Weekly {
		k.Schedule.Frequency = "Weekly"
	}
	if w.Prefix != "" {
		k.Filter = &s3api.InventoryFilter{Prefix: w.Prefix}
	}
	d := &k.Destination.S3BucketDestination
	d.AccountID, d.Bucket = w.DestinationOwner, partition.OfRegion(w.Region).Bucket(w.Destination.Bucket)
	d.Prefix, d.Format = strings.Trim(w.Destination.Name, "/"), string(w.Format)
	if d.AccountID == "" {
		d.AccountID = w.Account
	}
	d.Encryption = &s3api.InventoryEncryption{SSES3: &struct{}{}}
	if w.KMSKeyARN != "" {
		d.Encryption = s3api.Under(w.KMSKeyARN)
	}
	return k
}

// optionalColumns are the columns that plan, fidelity or cost can use, of those
// that an inventory has only if it is told to (Amazon S3 API Reference,
// PutBucketInventoryConfiguration, read 2026-11-21).
func optionalColumns() []string {
	always := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColVersionID, inventory.ColIsLatest, inventory.ColIsDeleteMarker)
	return inventory.S3Columns.Without(always).Names()
}

// lettersAndDigits keeps of s what a Sid may hold.
func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, s)
}
