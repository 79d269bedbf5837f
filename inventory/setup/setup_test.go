package setup

import (
	"slices"
	"testing"

	"reseal/inventory"
)

// What is asked for stands in the configuration and in both statements.
func TestNew(t *testing.T) {
	const key = "arn:aws-cn:kms:cn-north-1:444455556666:key/k"
	s := New(Wish{ID: "i", Bucket: "my.media-1", Account: "111122223333", Region: "cn-north-1", Prefix: "a/", AllVersions: true, Weekly: true, Format: inventory.ORC,
		Destination: inventory.Location{Bucket: "reports", Name: "inv/"}, DestinationOwner: "444455556666", KMSKeyARN: key})
	k, d := s.Inventory, s.Inventory.Destination.S3BucketDestination
	if k.ID != "i" || !k.IsEnabled || k.IncludedObjectVersions != "All" || k.Schedule.Frequency != "Weekly" || k.Filter == nil || k.Filter.Prefix != "a/" {
		t.Errorf("the configuration is %+v", k)
	}
	if d.AccountID != "444455556666" || d.Bucket != "arn:aws-cn:s3:::reports" || d.Prefix != "inv" || d.Format != "ORC" || d.Encryption.SSEKMS.KeyID != key {
		t.Errorf("the destination is %+v", d)
	}
	if s.Statement.Resource != "arn:aws-cn:s3:::reports/inv/*" || s.Statement.Condition["ArnLike"]["aws:SourceArn"] != "arn:aws-cn:s3:::my.media-1" {
		t.Errorf("the statement is %+v", s.Statement)
	}
	if s.KeyPolicy == nil || s.KeyPolicy.Condition["StringEquals"]["aws:SourceAccount"] != "111122223333" {
		t.Errorf("the statement for the key is %+v", s.KeyPolicy)
	}
	if plain := New(Wish{Bucket: "b", Account: "1", Region: "us-east-1", Destination: inventory.Location{Bucket: "reports"}}); plain.KeyPolicy != nil ||
		plain.Statement.Resource != "arn:aws:s3:::reports/*" || plain.Inventory.Destination.S3BucketDestination.AccountID != "1" {
		t.Errorf("with nothing special: %+v", plain)
	}
}

// S3 gives columns back in an order of its own.
func TestConfiguredInAnyOrderOfColumns(t *testing.T) {
	s := New(Wish{ID: "i", Bucket: "b", Account: "1", Region: "us-east-1", Format: inventory.CSV, Destination: inventory.Location{Bucket: "reports"}})
	if s.Exists() || s.Configured() {
		t.Error("there is none yet")
	}
	there := *s.Inventory
	there.OptionalFields = slices.Clone(there.OptionalFields)
	slices.Reverse(there.OptionalFields)
	s.existing = &there
	if !s.Configured() {
		t.Error("another order of columns is taken for another configuration")
	}
	there.IncludedObjectVersions = "All"
	if !s.Exists() || s.Configured() {
		t.Error("another configuration is taken for the wanted one")
	}
}
