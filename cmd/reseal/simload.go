package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/inventory"
)

// request is a request of the simulated user about a bucket.
func (s *simulation) request(bucket string) *simulator.Request {
	return &simulator.Request{Bucket: bucket, Principal: simulator.Principal{Account: simAccount, ARN: simUser}}
}

// websiteXML makes the website redirects that some of the objects have take effect.
const websiteXML = `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>`

// populate makes a bucket of objects of all kinds and takes its inventory. It
// returns where the report is.
func (s *simulation) populate(ctx context.Context, bucket string, pop simulator.Population, dir string) (string, error) {
	now := time.Now()
	for _, name := range []string{bucket, simReports} {
		if err := s.makeBucket(now, name); err != nil {
			return "", err
		}
	}
	if err := s.world.Populate(bucket, pop); err != nil {
		return "", fmt.Errorf("make objects: %w", err)
	}
	if !pop.Plain {
		if err := s.world.PutBucketConfig(now, s.request(bucket), simulator.WebsiteConfig, "", []byte(websiteXML)); err != nil {
			return "", fmt.Errorf("configure the bucket as a website: %w", err)
		}
	}
	return s.inventory(ctx, bucket, dir)
}

// inventory delivers a report of the bucket to the bucket of reports, and to a
// local folder where one is named. The simulation must not serve yet.
func (s *simulation) inventory(ctx context.Context, bucket, dir string) (string, error) {
	i := front.Inventory{Bucket: bucket, Destination: simReports, Prefix: "inventory", Created: time.Now()}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", fmt.Errorf("make folder: %w", err)
		}
		folder, err := front.OpenFolder(dir)
		if err != nil {
			return "", err
		}
		defer folder.Close()
		if _, err := front.WriteInventory(ctx, s.world, i, folder); err != nil {
			return "", err
		}
	}
	depot := &front.BucketDepot{Bucket: simReports}
	manifest, err := front.WriteInventory(ctx, s.world, i, depot)
	if err != nil {
		return "", err
	}
	if err := depot.Deliver(s.world, i.Created); err != nil {
		return "", err
	}
	return "s3://" + simReports + "/" + manifest, nil
}

// load fills a bucket with the objects that a local report of any format lists.
// ETags, version ids, sizes, classes and dates are as in the report; bodies are
// synthetic. What was put in is returned.
func (s *simulation) load(ctx context.Context, manifest string) (front.Filled, error) {
	src, name, err := inventory.LocalFile(manifest)
	if err != nil {
		return front.Filled{}, err
	}
	report, err := inventory.Open(ctx, src, name, inventory.Options{})
	if err != nil {
		return front.Filled{}, err
	}
	return front.Fill(ctx, s.world, report.Manifest().SourceBucket, rows(ctx, report), front.FillOptions{KMSKeyARN: simKey, Now: time.Now()})
}

// rows yields the rows of a report in the simulator's words.
func rows(ctx context.Context, report *inventory.Report) iter.Seq2[front.Row, error] {
	return func(yield func(front.Row, error) bool) {
		segments, err := report.Segments(ctx)
		if err != nil {
			yield(front.Row{}, err)
			return
		}
		for batch, err := range report.Read(ctx, segments) {
			if err == nil {
				err = batch.Err
			}
			if err != nil {
				yield(front.Row{}, err)
				return
			}
			for i := range batch.Records {
				if !yield(rowOf(&batch.Records[i]), nil) {
					return
				}
			}
		}
	}
}

// rowOf copies a record: the simulator keeps its strings, so they must not keep
// the rest of their batch.
func rowOf(r *inventory.Record) front.Row {
	c := strings.Clone
	return front.Row{
		Key: c(r.Key), Versioned: r.Known.Has(inventory.ColIsLatest), VersionID: c(strings.TrimPrefix(r.VersionID, "null")),
		IsLatest: r.IsLatest, DeleteMarker: r.IsDeleteMarker, Size: max(r.Size, 0), LastModified: r.LastModified, ETag: c(r.ETag),
		StorageClass: c(string(r.StorageClass)), Multipart: r.IsMultipart, Replication: c(r.ReplicationStatus), Encryption: c(string(r.Encryption)),
		LockRetainUntil: r.LockRetainUntil, LockMode: c(r.LockMode), LegalHold: c(r.LegalHold), AccessTier: c(r.Tier), BucketKey: c(r.BucketKey),
		ChecksumAlgorithm: c(r.Checksum), ACL: c(r.ACL), Owner: c(r.Owner),
	}
}
