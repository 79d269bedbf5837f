package simaws

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

// websiteXML makes the website redirects of objects take effect.
const websiteXML = `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>`

// MakeBuckets makes buckets of the account, which are as old as now says.
func (a *Account) MakeBuckets(now time.Time, names ...string) error {
	for _, name := range names {
		var refused *simulator.Error
		a.Locked(func(w *simulator.World) {
			refused = w.CreateBucket(now, &simulator.CreateBucketInput{Request: *a.Request(name)})
		})
		if refused != nil {
			return fmt.Errorf("make bucket %s: %w", name, refused)
		}
	}
	return nil
}

// MakeWebsite makes a website of a bucket.
func (a *Account) MakeWebsite(now time.Time, bucket string) error {
	var refused *simulator.Error
	a.Locked(func(w *simulator.World) {
		refused = w.PutBucketConfig(now, a.Request(bucket), simulator.WebsiteConfig, "", []byte(websiteXML))
	})
	if refused != nil {
		return fmt.Errorf("configure bucket %s as a website: %w", bucket, refused)
	}
	return nil
}

// Report says how an inventory report is written. The zero value will do.
type Report struct {
	Folder      string    // local folder that gets a copy, "" for none; it is made where needed
	Created     time.Time // start of the listing, zero for now
	RowsPerFile int64     // 0 for 1,000,000
}

// Populate makes a bucket of objects and the bucket of reports, and takes the
// inventory. It returns where the report is. The account must not serve yet.
func (a *Account) Populate(ctx context.Context, bucket string, pop simulator.Population, r Report) (manifest string, err error) {
	now := time.Now()
	if err := a.MakeBuckets(now, bucket, ReportBucket); err != nil {
		return "", err
	}
	if err := a.World.Populate(bucket, pop); err != nil {
		return "", fmt.Errorf("make objects: %w", err)
	}
	if !pop.Plain {
		if err := a.MakeWebsite(now, bucket); err != nil {
			return "", err
		}
	}
	return a.WriteReport(ctx, bucket, r)
}

// WriteReport delivers a report of a bucket to the bucket of reports, and to a
// local folder where one is named. It returns where the report is.
func (a *Account) WriteReport(ctx context.Context, bucket string, r Report) (manifest string, err error) {
	i := front.Inventory{Bucket: bucket, Destination: ReportBucket, Prefix: "inventory", Created: r.Created, RowsPerFile: r.RowsPerFile}
	if i.Created.IsZero() {
		i.Created = time.Now()
	}
	if r.Folder != "" {
		if err := a.writeFolder(ctx, i, r.Folder); err != nil {
			return "", err
		}
	}
	depot := &front.BucketDepot{Bucket: ReportBucket}
	a.Locked(func(w *simulator.World) {
		if manifest, err = front.WriteInventory(ctx, w, i, depot); err == nil {
			err = depot.Deliver(w, i.Created)
		}
	})
	if err != nil {
		return "", err
	}
	return "s3://" + ReportBucket + "/" + manifest, nil
}

// writeFolder writes a report to a local folder.
func (a *Account) writeFolder(ctx context.Context, i front.Inventory, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	folder, err := front.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	a.Locked(func(w *simulator.World) { _, err = front.WriteInventory(ctx, w, i, folder) })
	return err
}

// Load fills a bucket with the objects that a local report of any format lists.
// ETags, version ids, sizes, classes and dates are as in the report; bodies are
// synthetic. It returns what was put in. The account must not serve yet.
func (a *Account) Load(ctx context.Context, manifest string) (front.Filled, error) {
	report, err := open(ctx, manifest)
	if err != nil {
		return front.Filled{}, err
	}
	return front.Fill(ctx, a.World, report.Manifest().SourceBucket, rows(ctx, report), front.FillOptions{KMSKeyARN: a.key, Now: time.Now()})
}

// open opens a report, or the table whose metadata is named.
func open(ctx context.Context, manifest string) (*inventory.Report, error) {
	if inventory.TableMetadata(manifest) {
		found, err := inventory.Locate(ctx, inventory.Location{Name: manifest}, nil, inventory.Options{})
		if err != nil {
			return nil, err
		}
		return found.Report, nil
	}
	src, name, err := inventory.LocalFile(manifest)
	if err != nil {
		return nil, err
	}
	return inventory.Open(ctx, src, name, inventory.Options{})
}

// rows yields the rows of a report as the simulator takes them.
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
				if batch.Records[i].Removed {
					continue
				}
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
