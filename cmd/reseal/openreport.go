package main

import (
	"context"

	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/inventory"
	"reseal/s3api"
)

// report reads where the report is, and how it is to be read.
func (s *selection) report() (*connect.Report, error) {
	memory, err := cli.ParseSize(s.memory)
	if err != nil || memory < 64<<20 {
		return nil, usagef("--memory %q: want a size of at least 64MiB", s.memory)
	}
	_, is, err := inventory.ParseTable(s.manifest)
	if err == nil && !is {
		_, err = inventory.ParseLocation(s.manifest)
	}
	if err != nil {
		return nil, usagef("--manifest: %w", err)
	}
	return &connect.Report{Manifest: s.manifest, NoChecksum: s.noChecksum, Keep: s.keepInventory, Memory: memory, Beside: s.beside, Results: s.Results(s.manifest)}, nil
}

// openReport opens the report that the user names, in S3 or in a local folder.
func openReport(ctx context.Context, client *s3api.Client, s *selection) (*inventory.Located, error) {
	r, err := s.report()
	if err != nil {
		return nil, err
	}
	return r.Open(ctx, client)
}
