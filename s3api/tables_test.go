package s3api

import (
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/inventory"
)

// One request to S3 Tables tells where the metadata of a table is, however it is named.
func TestTableMetadata(t *testing.T) {
	s := simulate(t, simulator.Config{})
	const bucketARN = "arn:aws:s3tables:eu-west-1:" + account + ":bucket/aws-s3"
	const metadata = "s3://0f1e--table-s3/metadata/00003-x.metadata.json"
	s.SetTable(front.Table{BucketARN: bucketARN, ID: "id-1", Namespace: "b_my-media", Name: "inventory", Metadata: metadata})
	s.SetTable(front.Table{BucketARN: bucketARN, ID: "id-2", Namespace: "b_my-media", Name: "journal", Metadata: "s3://0f1e--table-s3/metadata/other"})
	for _, name := range []string{"s3tables://aws-s3/b_my-media/inventory", "s3tables://" + bucketARN + "/b_my-media/inventory", bucketARN + "/table/id-1"} {
		table, _, err := inventory.ParseTable(name)
		if err != nil {
			t.Fatal(err)
		}
		uri, of, err := s.client.TableMetadata(t.Context(), table)
		if err != nil || uri != metadata || of.Region() != "eu-west-1" {
			t.Errorf("%s: %q, %v", name, uri, err)
		}
	}
	for name, want := range map[string]string{
		"s3tables://aws-s3/b_other/inventory":  "GetTableMetadataLocation s3tables://aws-s3/b_other/inventory: ",
		bucketARN + "/table/id-9":              "GetTable " + bucketARN + "/table/id-9: ",
		"s3tables://aws-s3/b_my-media/journal": "names no metadata of a table",
	} {
		table, _, err := inventory.ParseTable(name)
		if err != nil {
			t.Fatal(err)
		}
		if uri, _, err := s.client.TableMetadata(t.Context(), table); err == nil || !strings.Contains(err.Error(), want) || uri != "" {
			t.Errorf("%s: %q, error %v, want %q", name, uri, err, want)
		}
	}
	for name, want := range map[string]bool{"0f1e--table-s3": true, "media": false} {
		if TableStore(name) != want {
			t.Errorf("%s is a store of tables: %v", name, !want)
		}
	}
}
