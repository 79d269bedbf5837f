package front

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Table is a table of S3 Tables. Its files are in a bucket of the world.
type Table struct {
	BucketARN string // of the table bucket
	ID        string
	Namespace string
	Name      string
	Metadata  string // s3://bucket/key of its metadata.json
	Status    string // as S3 Metadata gives it; "" for ACTIVE, or as it was
}

// ARN is the one of the table.
func (t *Table) ARN() string { return t.BucketARN + "/table/" + t.ID }

// SetTable adds a table, or replaces the one of that name.
func (f *Front) SetTable(t Table) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.tables {
		if old := &f.tables[i]; old.BucketARN == t.BucketARN && old.Namespace == t.Namespace && old.Name == t.Name {
			t.Status = cmp.Or(t.Status, old.Status)
			*old = t
			return
		}
	}
	f.tables = append(f.tables, t)
}

// liveInventory is the live inventory table that a bucket of this name has; the zero value
// where none was set.
func (f *Front) liveInventory(bucketARN, bucket string) Table {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tables {
		if t.BucketARN == bucketARN && t.Namespace == "b_"+bucket && t.Name == "inventory" {
			return t
		}
	}
	return Table{}
}

// serveTables answers the two requests that tell where a table's metadata is (Amazon S3
// API Reference, GetTableMetadataLocation and GetTable, read 2026-12-01). Whoever may ask
// anything of the account may ask them.
func (x *exchange) serveTables() error {
	if x.r.Method != http.MethodGet {
		return notHere(x.r.Method + " of S3 Tables")
	}
	x.front.mu.Lock()
	tables := slices.Clone(x.front.tables)
	x.front.mu.Unlock()
	for i := range tables {
		t := &tables[i]
		switch {
		case x.bucket == "tables" && x.key == strings.Join([]string{t.BucketARN, t.Namespace, t.Name, "metadata-location"}, "/"):
			return x.table(map[string]any{"metadataLocation": t.Metadata, "versionToken": "1", "warehouseLocation": t.Metadata[:strings.LastIndex(t.Metadata, "/metadata/")]})
		case x.bucket == "get-table" && x.query.get("tableArn") == t.ARN():
			return x.table(map[string]any{"name": t.Name, "namespace": []string{t.Namespace}, "tableARN": t.ARN(), "type": "aws", "format": "ICEBERG",
				"versionToken": "1", "metadataLocation": t.Metadata})
		}
	}
	return newError(http.StatusNotFound, "NotFoundException", "The specified table does not exist.")
}

func (x *exchange) table(answer any) error {
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, "application/json", data)
}
