package simaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/internal/smallfile"
)

// LoadTable serves the Iceberg table in a local folder, whose metadata is named, as the
// table of S3 Tables aws-s3/namespace/inventory: its files go into the bucket that their
// paths name. It returns where the metadata is. Done again, the table moves on.
func (a *Account) LoadTable(metadata, namespace string) (uri string, err error) {
	const most = 1 << 20
	data, err := smallfile.Read(metadata, most)
	if err != nil {
		return "", err
	}
	var doc struct {
		Location string `json:"location"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", fmt.Errorf("%s: %w", metadata, err)
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(doc.Location, "s3://"), "/")
	var refused *simulator.Error
	if err := a.MakeBuckets(time.Now(), bucket); errors.As(err, &refused) && refused.Code != "BucketAlreadyOwnedByYou" {
		return "", err
	}
	root := os.DirFS(filepath.Dir(filepath.Dir(metadata)))
	depot := &front.BucketDepot{Bucket: bucket}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		w, err := depot.Create(path.Join(prefix, name))
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	uri = "s3://" + bucket + "/" + path.Join(prefix, "metadata", filepath.Base(metadata))
	var table front.Table
	a.Locked(func(w *simulator.World) {
		err = depot.Deliver(w, time.Now())
		c := w.Config()
		table = front.Table{BucketARN: "arn:aws:s3tables:" + c.Region + ":" + c.Account + ":bucket/aws-s3", ID: "7b1d0a1c-table",
			Namespace: namespace, Name: "inventory", Metadata: uri}
	})
	a.front.SetTable(table)
	a.table = table
	return uri, err
}

// SetTableStatus has the metadata configuration of a bucket say that its live inventory
// table, which was loaded, is in a status.
func (a *Account) SetTableStatus(bucket, status string) error {
	a.table.Status = status
	a.front.SetTable(a.table)
	var err *simulator.Error
	a.Locked(func(w *simulator.World) {
		err = w.PutBucketConfig(time.Now(), a.Request(bucket), simulator.MetadataConfig, "", []byte("<MetadataConfiguration><JournalTableConfiguration/>"+
			"<InventoryTableConfiguration><ConfigurationState>ENABLED</ConfigurationState></InventoryTableConfiguration></MetadataConfiguration>"))
	})
	if err != nil {
		return err
	}
	return nil
}
