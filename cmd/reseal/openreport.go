package main

import (
	"context"
	"os"

	"reseal/internal/cli"
	"reseal/internal/resources"
	"reseal/inventory"
	"reseal/job"
	"reseal/preflight"
	"reseal/s3api"
)

// openReport opens the report that the user names, in S3 or in a local folder.
func openReport(ctx context.Context, client *s3api.Client, s *selection) (*inventory.Located, error) {
	memory, err := cli.ParseSize(s.memory)
	if err != nil || memory < 64<<20 {
		return nil, usagef("--memory %q: want a size of at least 64MiB", s.memory)
	}
	resources.CollectLess(memory)
	opts := inventory.Options{
		Open: resources.FileRoom().Report, Memory: memory / 2 / int64(max(s.beside, 1)), // the other half is for what is in flight
		KeepDir: s.keepInventory, AllowNoChecksum: s.noChecksum, AllowBadChecksum: s.noChecksum, Results: s.Results(s.manifest),
	}
	table, is, err := inventory.ParseTable(s.manifest)
	if err != nil {
		return nil, usagef("--manifest: %w", err)
	}
	manifest := s.manifest
	if is {
		opts.TableName = table.String()
		if manifest, client, err = client.TableMetadata(ctx, table); err != nil {
			return nil, &preflight.RefusedError{Err: err}
		}
	}
	at, err := inventory.ParseLocation(manifest)
	if err != nil {
		return nil, usagef("--manifest: %w", err)
	}
	return inventory.Locate(ctx, at, buckets(client), opts)
}

// of returns the selection with the report of the job that is resumed, where
// the user names a folder or a table: there may be a newer one in it by now.
func (s *selection) of(job *job.Plan) *selection {
	out := *s
	if job != nil && job.Table != nil && job.Table.Name == s.manifest && s.manifest != "" {
		out.manifest = job.Manifest
		return &out
	}
	at, err := inventory.ParseLocation(s.manifest)
	if job == nil || err != nil {
		return &out
	}
	if info, err := os.Stat(at.Name); at.Folder() || at.Local() && err == nil && info.IsDir() {
		out.manifest = job.Manifest
	}
	return &out
}
