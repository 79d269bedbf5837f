package batchops

import (
	"context"
	"path"

	"reseal/inventory"
)

// OpenTasks opens the completion report at a place, which is its manifest.json or the
// folder that it is in. bucket opens a bucket.
func OpenTasks(ctx context.Context, at inventory.Location, bucket func(name string) inventory.Source) (*inventory.BatchTasks, error) {
	src, name, err := at.Source(bucket, "")
	if err != nil {
		return nil, err
	}
	if path.Base(name) != "manifest.json" && path.Ext(name) == "" {
		name = path.Join(name, "manifest.json")
	}
	return inventory.OpenBatchTasks(ctx, src, name, inventory.Options{})
}
