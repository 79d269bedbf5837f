package inventory

import (
	"slices"
	"testing"
)

// A table that others wrote is read as they mean it. testdata/tables/iceberg-go/write.go.txt
// has its rows: one is deleted by its position, two by their values, of which one came back.
func TestTableOfAnotherWriter(t *testing.T) {
	r, err := openResult(t, "testdata/tables/iceberg-go/metadata/v6.metadata.json", Results{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	removed := 0
	for _, row := range resultRows(t, r) {
		if row.Removed {
			removed++
			continue
		}
		got = append(got, row.Key+" "+row.ETag[30:]+" "+string(row.StorageClass)+" "+string(row.Encryption)+" "+row.KMSKeyARN+" "+row.BucketKey)
	}
	slices.Sort(got)
	want := []string{
		"new/a+b c%41.bin a1 STANDARD SSE-KMS arn:aws:kms:us-east-1:111122223333:key/old ENABLED",
		"new/done.bin a2 STANDARD SSE-KMS arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001 ENABLED",
		"new/other.bin a3 STANDARD SSE-KMS arn:aws:kms:us-east-1:111122223333:key/old ENABLED",
		"old/1.bin 01 STANDARD SSE-S3  ",
		"old/4.bin 44 STANDARD_IA SSE-S3  ",
		"old/5.bin 05 STANDARD_IA   ",
	}
	if !slices.Equal(got, want) || removed != 3 {
		t.Errorf("%d deleted rows, and\n%q, want 3 and\n%q", removed, got, want)
	}
}
