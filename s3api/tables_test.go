package s3api

import (
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/inventory"
)

// The metadata configuration of a bucket says which table is its live inventory, and whether
// S3 still fills it.
func TestInventoryTable(t *testing.T) {
	s := simulate(t, simulator.Config{})
	const bucketARN = "arn:aws:s3tables:eu-west-1:111122223333:bucket/aws-s3"
	s.SetTable(front.Table{BucketARN: bucketARN, ID: "id-1", Namespace: "b_" + bucket, Name: "inventory", Metadata: "s3://0f1e--table-s3/metadata/1.metadata.json", Status: "BACKFILLING"})
	if m, err := s.client.MetadataTables(t.Context(), bucket); m != nil || err != nil {
		t.Errorf("without a configuration: %+v, %v", m, err)
	}
	put := func(state string) *MetadataTables {
		t.Helper()
		var refused *simulator.Error
		s.Locked(func(w *simulator.World) {
			r := simulator.Request{Bucket: bucket, Principal: simulator.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/re"}}
			refused = w.PutBucketConfig(time.Now(), &r, simulator.MetadataConfig, "",
				[]byte(`<MetadataConfiguration><JournalTableConfiguration/><InventoryTableConfiguration><ConfigurationState>`+state+`</ConfigurationState></InventoryTableConfiguration></MetadataConfiguration>`))
		})
		if refused != nil {
			t.Fatal(refused)
		}
		m, err := s.client.MetadataTables(t.Context(), bucket)
		if err != nil || m == nil {
			t.Fatalf("%s: %+v, %v", state, m, err)
		}
		return m
	}
	m := put("ENABLED")
	if m.Inventory != "BACKFILLING" {
		t.Errorf("status %q", m.Inventory)
	}
	is := func(m *MetadataTables, name string, want bool) {
		t.Helper()
		table, _, err := inventory.ParseTable(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.IsInventory(table); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	own := "s3tables://aws-s3/b_" + bucket + "/inventory"
	is(m, own, true)
	is(m, "s3tables://"+bucketARN+"/b_"+bucket+"/inventory", true)
	is(m, bucketARN+"/table/id-1", true)
	is(m, bucketARN+"/table/id-2", false)
	is(m, "s3tables://aws-s3/b_"+bucket+"/journal", false)
	is(m, "s3tables://aws-s3/b_other/inventory", false)
	is(m, "s3tables://lake/b_"+bucket+"/inventory", false)
	is(m, "s3tables://arn:aws:s3tables:eu-west-1:999988887777:bucket/aws-s3/b_"+bucket+"/inventory", false)
	is(&MetadataTables{Inventory: "CREATING", destination: m.destination}, own, true) // its name is not told yet
	is(&MetadataTables{Journal: "ACTIVE", destination: m.destination}, own, false)
	if m := put("DISABLED"); m.Inventory != "DISABLED" {
		t.Errorf("status %q", m.Inventory)
	}
}

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
