package inventory

import (
	"strings"
	"testing"
)

func TestTableAddresses(t *testing.T) {
	const bucket = "arn:aws:s3tables:eu-west-1:111122223333:bucket/aws-s3"
	for text, want := range map[string]TableAddress{
		"s3tables://aws-s3/b_my-media/inventory":      {Bucket: "aws-s3", Namespace: "b_my-media", Name: "inventory"},
		"s3tables://" + bucket + "/b_media/inventory": {BucketARN: bucket, Bucket: "aws-s3", Namespace: "b_media", Name: "inventory"},
		bucket + "/table/0b9c-1":                      {ARN: bucket + "/table/0b9c-1", Bucket: "aws-s3"},
	} {
		got, is, err := ParseTable(text)
		if err != nil || !is || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v, %v", text, got, is, err)
		}
		if region := got.Region(); (region == "eu-west-1") != strings.Contains(text, "arn:") {
			t.Errorf("%s: Region %q", text, region)
		}
		if _, err := ParseLocation(text); err == nil || !strings.Contains(err.Error(), "only --manifest takes") {
			t.Errorf("%s as a place of files: %v", text, err)
		}
	}
	for _, text := range []string{"s3tables://", "s3tables://b/ns/t", "s3tables://aws-s3/ns", "s3tables://aws-s3/ns/t/x", "s3tables://aws-s3/../t", "s3tables://aws-s3/ns/T",
		"s3tables://aws-s3/ns/t?x", "s3tables://arn:aws:s3:::b/ns/t", bucket, bucket + "/table/a/b", "arn:aws:s3tables:eu-west-1:1:bucket/aws-s3/table/x"} {
		if got, is, err := ParseTable(text); !is || err == nil {
			t.Errorf("%s: %+v, %v, %v", text, got, is, err)
		}
	}
	for text, want := range map[string]bool{"s3://b/metadata/v1.metadata.json": true, "s3tables://x": true, "s3://b/k": false, "./v1.metadata.json": true, "arn:aws:s3:::b/k": false, "": false} {
		if NamesTable(text) != want {
			t.Errorf("%q names a table: %v", text, !want)
		}
	}
}
