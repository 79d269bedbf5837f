package connect

import (
	"context"
	"os"

	"reseal/internal/resources"
	"reseal/inventory"
	"reseal/job"
	"reseal/preflight"
	"reseal/s3api"
)

// Report says where a report is and how it is read.
type Report struct {
	Manifest   string // of a report, its folder, or a table; see inventory
	NoChecksum bool   // go on although the checksum of the manifest is missing or wrong
	Keep       string // folder that the data files are kept in, "" for none
	Memory     int64  // bytes that this process may use
	Beside     int    // runs in this process, which share its memory; 0 and 1 are this one alone
	Results    inventory.Results
}

// Open opens the report, in S3 or in a local folder.
func (r *Report) Open(ctx context.Context, client *s3api.Client) (*inventory.Located, error) {
	resources.CollectLess(r.Memory)
	opts := inventory.Options{
		Open: resources.FileRoom().Report, Memory: r.Memory / 2 / int64(max(r.Beside, 1)), // the other half is for what is in flight
		KeepDir: r.Keep, AllowNoChecksum: r.NoChecksum, AllowBadChecksum: r.NoChecksum, Results: r.Results,
	}
	table, is, err := inventory.ParseTable(r.Manifest)
	if err != nil {
		return nil, err
	}
	manifest := r.Manifest
	if is {
		opts.TableName = table.String()
		if manifest, client, err = client.TableMetadata(ctx, table); err != nil {
			return nil, &preflight.RefusedError{Err: err}
		}
	}
	at, err := inventory.ParseLocation(manifest)
	if err != nil {
		return nil, err
	}
	return inventory.Locate(ctx, at, Buckets(client), opts)
}

// Of returns the report of a job that is resumed where a folder or a table is named: there
// may be a newer one in it by now. A nil job is a new one.
func (r Report) Of(made *job.Plan) *Report {
	if made != nil && (made.Table != nil && made.Table.Name == r.Manifest && r.Manifest != "" || IsFolder(r.Manifest)) {
		r.Manifest = made.Manifest
	}
	return &r
}

// IsFolder tells whether a report is named by a folder that has it and its successors.
func IsFolder(manifest string) bool {
	at, err := inventory.ParseLocation(manifest)
	if err != nil {
		return false
	}
	info, err := os.Stat(at.Name)
	return at.Folder() || at.Local() && err == nil && info.IsDir()
}

// Buckets opens buckets as places of reports.
func Buckets(client *s3api.Client) func(name string) inventory.Source {
	return func(name string) inventory.Source { return client.Source(name) }
}
