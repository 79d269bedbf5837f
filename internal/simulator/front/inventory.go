package front

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"reseal/internal/simulator"
)

// Inventory describes a report to write.
type Inventory struct {
	Bucket      string    // the bucket that is listed
	Destination string    // name of the bucket the manifest says it was delivered to
	Prefix      string    // of the delivery, without a slash at the end; may be empty
	ConfigID    string    // empty: "daily"
	Created     time.Time // start of the listing
	CurrentOnly bool      // list current versions only, without the columns on versions
	RowsPerFile int64     // 0: 1,000,000
}

func (i Inventory) withDefaults() Inventory {
	i.ConfigID = cmp.Or(i.ConfigID, "daily")
	i.RowsPerFile = cmp.Or(i.RowsPerFile, 1_000_000) // about 85 MB of CSV.gz, the size of files seen from S3
	return i
}

// Depot takes the files of a report. Files are written one after the other,
// each closed before the next is created.
type Depot interface {
	// Create makes the file whose path, in the manner of object keys, is name.
	Create(name string) (io.WriteCloser, error)
}

// versionColumns are those that a report of current versions lacks.
var versionColumns = map[string]bool{"VersionId": true, "IsLatest": true, "IsDeleteMarker": true}

// laterColumns came after those the User Guide lists in order; where S3 puts
// them is not documented, so that readers have to go by the file schema.
var laterColumns = []string{"LifecycleExpirationDate", "ObjectLockEventHoldStatus", "ObjectLockEventHoldDuration"}

// WriteInventory lists a bucket of w as S3 Inventory does, in CSV, and returns
// the path of manifest.json. The checksum of the manifest is written last: its
// presence means that the report is complete. Memory does not grow with the
// number of objects. The bucket must not change meanwhile, also not by d.
func WriteInventory(ctx context.Context, w *simulator.World, i Inventory, d Depot) (manifestPath string, err error) {
	i = i.withDefaults()
	if _, serr := w.HeadBucket(i.Created, &simulator.Request{Bucket: i.Bucket}); serr != nil {
		return "", fmt.Errorf("list bucket %s: %w", i.Bucket, serr)
	}
	r := &reportWriter{inventory: i, depot: d, base: i.base()}
	r.manifest = manifest{
		SourceBucket:      i.Bucket,
		DestinationBucket: "arn:aws:s3:::" + i.Destination,
		Version:           "2016-11-30",
		CreationTimestamp: strconv.FormatInt(i.Created.UnixMilli(), 10),
		FileFormat:        "CSV",
		FileSchema:        i.schema(),
		Files:             []manifestFile{},
	}
	n := 0
	for o := range w.Walk(i.Bucket) {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			err = ctx.Err()
			break
		}
		if i.CurrentOnly && (!o.IsLatest || o.DeleteMarker) {
			continue
		}
		if err = r.add(&o); err != nil {
			break
		}
	}
	if cerr := r.closeFile(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", fmt.Errorf("write inventory of %s: %w", i.Bucket, err)
	}
	return r.finish()
}

// base is the path under which a configuration's reports lie.
func (i Inventory) base() string {
	base := i.Bucket + "/" + i.ConfigID + "/"
	if i.Prefix != "" {
		base = i.Prefix + "/" + base
	}
	return base
}

func (i Inventory) schema() string {
	var names []string
	for _, c := range reportColumns {
		if !i.CurrentOnly || !versionColumns[c.name] {
			names = append(names, c.name)
		}
	}
	return strings.Join(append(names, laterColumns...), ", ")
}

// reportWriter writes the data files of a report.
type reportWriter struct {
	inventory Inventory
	depot     Depot
	base      string
	manifest  manifest

	file io.WriteCloser // nil between files
	zip  *gzip.Writer
	sum  hash.Hash
	size countWriter
	rows int64
	line []byte

	owner, ownACL string // the last owner without further grants, and its column
}

// acl gives the ObjectAccessControlList column. Almost all objects of a bucket
// have the same.
func (r *reportWriter) acl(o *simulator.ObjectInfo) string {
	if len(o.Grants) > 0 || o.DeleteMarker {
		return formatACL(o.Owner, o.Grants)
	}
	if r.ownACL == "" || r.owner != o.Owner {
		r.owner, r.ownACL = o.Owner, formatACL(o.Owner, nil)
	}
	return r.ownACL
}

func (r *reportWriter) add(o *simulator.ObjectInfo) error {
	if r.file == nil {
		if err := r.openFile(); err != nil {
			return err
		}
	}
	r.line = appendReportLine(r.line[:0], o, &r.inventory, r.acl(o))
	if _, err := r.zip.Write(r.line); err != nil {
		return err
	}
	if r.rows++; r.rows >= r.inventory.RowsPerFile {
		return r.closeFile()
	}
	return nil
}

func (r *reportWriter) openFile() error {
	n := uint64(len(r.manifest.Files)) + uint64(r.inventory.Created.UnixNano())
	x, y := mix(n), mix(^n)
	name := fmt.Sprintf("%sdata/%08x-%04x-4%03x-a%03x-%012x.csv.gz", r.base, x>>32, x>>16&0xffff, x&0xfff, y>>52, y&0xffffffffffff)
	file, err := r.depot.Create(name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	r.file, r.sum, r.size, r.rows = file, md5.New(), 0, 0
	out := io.MultiWriter(file, r.sum, &r.size)
	if r.zip == nil {
		r.zip = gzip.NewWriter(out)
	} else {
		r.zip.Reset(out)
	}
	r.manifest.Files = append(r.manifest.Files, manifestFile{Key: name})
	return nil
}

func (r *reportWriter) closeFile() error {
	if r.file == nil {
		return nil
	}
	err := r.zip.Close()
	if cerr := r.file.Close(); err == nil {
		err = cerr
	}
	r.file = nil
	last := &r.manifest.Files[len(r.manifest.Files)-1]
	last.Size, last.MD5Checksum = int64(r.size), hex.EncodeToString(r.sum.Sum(nil))
	return err
}

// finish writes what ties the data files together.
func (r *reportWriter) finish() (string, error) {
	var links strings.Builder
	for _, f := range r.manifest.Files {
		fmt.Fprintf(&links, "s3://%s/%s\n", r.inventory.Destination, f.Key)
	}
	data, err := json.MarshalIndent(r.manifest, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode manifest: %w", err)
	}
	at := r.inventory.Created.UTC()
	folder := r.base + at.Format("2006-01-02T15-04Z") + "/"
	sum := md5.Sum(data)
	for _, f := range []struct{ name, content string }{
		{r.base + "hive/dt=" + at.Format("2006-01-02-15-04") + "/symlink.txt", links.String()},
		{folder + "manifest.json", string(data)},
		{folder + "manifest.checksum", hex.EncodeToString(sum[:]) + "\n"},
	} {
		if err := writeFile(r.depot, f.name, f.content); err != nil {
			return "", fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return folder + "manifest.json", nil
}

func writeFile(d Depot, name, content string) error {
	w, err := d.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, content)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// appendReportLine appends one row, every field in quotes, in the order of
// Inventory.schema.
func appendReportLine(dst []byte, o *simulator.ObjectInfo, i *Inventory, acl string) []byte {
	first := true
	field := func(value string) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if strings.IndexByte(value, '"') >= 0 { // an opaque value of a foreign report
			value = strings.ReplaceAll(value, `"`, `""`)
		}
		dst = append(append(append(dst, '"'), value...), '"')
	}
	object := func(value string) { // empty for delete markers
		if o.DeleteMarker {
			value = ""
		}
		field(value)
	}
	field(i.Bucket)
	field(string(appendFormEscaped(nil, o.Key)))
	if !i.CurrentOnly {
		if o.VersionID == "null" {
			field("")
		} else {
			field(o.VersionID)
		}
		field(strconv.FormatBool(o.IsLatest))
		field(strconv.FormatBool(o.DeleteMarker))
	}
	object(strconv.FormatInt(o.Size, 10))
	field(o.LastModified.UTC().Format(xmlTime))
	object(o.ETag)
	object(string(o.StorageClass))
	object(strconv.FormatBool(o.PartsCount > 0))
	object(o.Replication)
	object(string(o.Encryption.Type))
	object(reportTime(o.Lock.RetainUntil))
	object(o.Lock.Mode)
	object(cmp.Or(o.Lock.LegalHold, "OFF"))
	object(reportTier(o))
	object(bucketKeyStatus(o.Encryption))
	object(o.Checksum.Algorithm)
	object(acl)
	object(o.Owner)
	object("") // LifecycleExpirationDate: lifecycle rules are kept, not played
	object(o.Lock.EventHold)
	object(o.Lock.EventHoldDuration)
	return append(dst, '\n')
}

func reportTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(xmlTime)
}

func reportTier(o *simulator.ObjectInfo) string {
	if o.StorageClass != simulator.IntelligentTiering {
		return ""
	}
	return cmp.Or(strings.TrimSuffix(o.AccessTier, "_ACCESS"), "FREQUENT")
}

func bucketKeyStatus(e simulator.Encryption) string {
	if e.BucketKeyEnabled {
		return "ENABLED"
	}
	return "DISABLED"
}
