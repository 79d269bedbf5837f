package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/internal/simulator"
	"reseal/inventory"
)

// load fills a bucket with the objects that a local report lists, and delivers
// the report itself to a bucket of its own. ETags, version ids, sizes, classes
// and dates are as in the report; bodies are synthetic.
func (s *simulation) load(ctx context.Context, manifest string) (string, error) {
	src, name, err := inventory.LocalFile(manifest)
	if err != nil {
		return "", err
	}
	report, err := inventory.Open(ctx, src, name, inventory.Options{})
	if err != nil {
		return "", err
	}
	bucket := report.Manifest().SourceBucket
	now := time.Now()
	if err := s.makeBucket(now, bucket); err != nil {
		return "", err
	}
	if report.Manifest().AllVersions() {
		r := s.request(bucket)
		if err := s.world.PutBucketVersioning(now, &r, "Enabled"); err != nil {
			return "", fmt.Errorf("switch versioning on: %w", err)
		}
	}
	segments, err := report.Segments(ctx)
	if err != nil {
		return "", err
	}
	versions := map[string][]simulator.ObjectInfo{}
	for batch, err := range report.Read(ctx, segments) {
		if err != nil {
			return "", err
		}
		if batch.Err != nil {
			return "", batch.Err
		}
		for i := range batch.Records {
			r := &batch.Records[i]
			versions[r.Key] = append(versions[r.Key], objectOf(r))
		}
	}
	for key, vs := range versions {
		// The simulator takes versions oldest first, and the current one last.
		slices.SortStableFunc(vs, func(a, b simulator.ObjectInfo) int {
			if a.IsLatest != b.IsLatest {
				if a.IsLatest {
					return 1
				}
				return -1
			}
			return a.LastModified.Compare(b.LastModified)
		})
		for _, o := range vs {
			if err := s.world.SeedObject(bucket, o, simulator.Body{}); err != nil {
				return "", fmt.Errorf("load %q: %w", key, err)
			}
		}
	}
	return manifest, nil
}

// request is a request of the simulated user about a bucket.
func (s *simulation) request(bucket string) simulator.Request {
	return simulator.Request{Bucket: bucket, Principal: simulator.Principal{Account: simAccount, ARN: simUser}}
}

// objectOf is the object version that a row describes.
func objectOf(r *inventory.Record) simulator.ObjectInfo {
	o := simulator.ObjectInfo{
		Key: strings.Clone(r.Key), VersionID: strings.Clone(r.VersionID), IsLatest: r.Current(), DeleteMarker: r.IsDeleteMarker,
		Size: max(r.Size, 0), ETag: strings.Clone(r.ETag), LastModified: r.LastModified,
		StorageClass: simulator.StorageClass(strings.Clone(string(r.StorageClass))),
		Replication:  strings.Clone(r.ReplicationStatus),
		Lock:         simulator.Lock{Mode: strings.Clone(r.LockMode), RetainUntil: r.LockRetainUntil, LegalHold: strings.Clone(r.LegalHold)},
		Encryption:   simulator.Encryption{Type: simulator.EncryptionType(strings.Clone(string(r.Encryption)))},
	}
	if o.Encryption.Type == simulator.SSEKMS || o.Encryption.Type == simulator.DSSEKMS {
		o.Encryption.KMSKeyARN = simKey
		o.Encryption.BucketKeyEnabled = r.BucketKey == "ENABLED"
	}
	switch r.Tier {
	case "ARCHIVE", "DEEP_ARCHIVE":
		o.AccessTier = r.Tier + "_ACCESS"
	}
	if r.Checksum != "" {
		o.Checksum = simulator.Checksum{Algorithm: strings.Clone(r.Checksum)}
	}
	return o
}
