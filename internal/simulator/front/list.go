package front

import (
	"slices"
	"time"

	"reseal/internal/simulator"
)

// listing is what the requests for the four kinds of lists have in common.
type listing struct {
	prefix, delimiter string
	encoding          string              // as the client asked for it
	encode            func(string) string // gives keys in that encoding
	shown, limit      int                 // the page size as answers show it, and for the core: -1 = no entries
}

// listing reads a request for a list, whose page size S3 caps at 1,000.
func (x *exchange) listing(pageSize string) (*listing, error) {
	l := &listing{prefix: x.query.get("prefix"), delimiter: x.query.get("delimiter"), encoding: x.query.get("encoding-type")}
	switch l.encoding {
	case "":
		l.encode = func(s string) string { return s }
	case "url":
		l.encode = func(s string) string { return string(appendFormEscaped(nil, s)) }
	default:
		return nil, errInvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", l.encoding)
	}
	n, err := x.intQuery(pageSize, 1000)
	if err != nil {
		return nil, err
	}
	l.shown = min(n, 1000)
	l.limit = l.shown
	if l.limit == 0 {
		l.limit = -1
	}
	return l, nil
}

// describe writes what the answers have in common.
func (l *listing) describe(d *xmlDoc, pageSize string, truncated bool) {
	d.text("Prefix", l.encode(l.prefix))
	d.optional("Delimiter", l.encode(l.delimiter))
	d.int(pageSize, int64(l.shown))
	d.optional("EncodingType", l.encoding)
	d.bool("IsTruncated", truncated)
}

// listPage asks for one page and copies its entries, which the core may change
// once the lock is free.
func (x *exchange) listPage(in *simulator.ListObjectsInput) (*simulator.ListObjectsOutput, error) {
	return world(x.front, func(w *simulator.World, now time.Time, in *simulator.ListObjectsInput) (*simulator.ListObjectsOutput, *simulator.Error) {
		out, err := w.ListObjects(now, in)
		if err != nil {
			return nil, err
		}
		page := *out
		page.Objects = slices.Clone(out.Objects)
		return &page, nil
	}, in)
}

func listObjectsV2(x *exchange) error {
	if x.query.get("list-type") != "2" {
		return listObjectsV1(x)
	}
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	token, continued := x.query.lookup("continuation-token")
	if continued && token == "" {
		return errInvalidArgument("The continuation token provided is incorrect", "continuation-token", "")
	}
	in := &simulator.ListObjectsInput{
		Request:    x.request(),
		Prefix:     l.prefix,
		Delimiter:  l.delimiter,
		StartAfter: x.query.get("start-after"),
		Token:      token,
		Max:        l.limit,
	}
	if err := x.front.pause(x.r.Context(), 0); err != nil {
		return err
	}
	out, err := x.listPage(in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListBucketResult")
	d.text("Name", x.bucket)
	l.describe(d, "MaxKeys", out.Truncated)
	d.int("KeyCount", int64(len(out.Objects)+len(out.CommonPrefixes)))
	d.optional("ContinuationToken", token)
	d.optional("NextContinuationToken", out.NextToken)
	d.optional("StartAfter", l.encode(in.StartAfter))
	l.contents(d, out, x.query.get("fetch-owner") == "true")
	d.close("ListBucketResult")
	return x.document(d)
}

func listObjectsV1(x *exchange) error {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	in := &simulator.ListObjectsInput{
		Request:    x.request(),
		Prefix:     l.prefix,
		Delimiter:  l.delimiter,
		StartAfter: x.query.get("marker"),
		Max:        l.limit,
	}
	if err := x.front.pause(x.r.Context(), 0); err != nil {
		return err
	}
	out, err := x.listPage(in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListBucketResult")
	d.text("Name", x.bucket)
	l.describe(d, "MaxKeys", out.Truncated)
	d.text("Marker", l.encode(in.StartAfter))
	if out.Truncated && in.Delimiter != "" { // without a delimiter the last key serves as the marker
		d.text("NextMarker", l.encode(out.LastKey))
	}
	l.contents(d, out, true)
	d.close("ListBucketResult")
	return x.document(d)
}

func (l *listing) contents(d *xmlDoc, out *simulator.ListObjectsOutput, owner bool) {
	for i := range out.Objects {
		o := &out.Objects[i]
		d.open("Contents")
		d.text("Key", l.encode(o.Key))
		d.time("LastModified", o.LastModified)
		d.etag(o.ETag)
		checksumKind(d, o.Checksum)
		d.int("Size", o.Size)
		if owner {
			ownerElement(d, o.Owner)
		}
		d.text("StorageClass", string(o.StorageClass))
		d.close("Contents")
	}
	l.commonPrefixes(d, out.CommonPrefixes)
}

// checksumKind says which checksum an object has; listings do not tell its
// value.
func checksumKind(d *xmlDoc, c simulator.Checksum) {
	d.optional("ChecksumAlgorithm", c.Algorithm)
	if c.Algorithm != "" {
		d.optional("ChecksumType", c.Type)
	}
}

func ownerElement(d *xmlDoc, id string) {
	d.open("Owner")
	d.text("ID", id)
	d.close("Owner")
}

func (l *listing) commonPrefixes(d *xmlDoc, prefixes []string) {
	for _, p := range prefixes {
		d.open("CommonPrefixes")
		d.text("Prefix", l.encode(p))
		d.close("CommonPrefixes")
	}
}

func listObjectVersions(x *exchange) error {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	in := &simulator.ListVersionsInput{
		Request:         x.request(),
		Prefix:          l.prefix,
		Delimiter:       l.delimiter,
		KeyMarker:       x.query.get("key-marker"),
		VersionIDMarker: x.query.get("version-id-marker"),
		Max:             l.limit,
	}
	if in.VersionIDMarker != "" && in.KeyMarker == "" {
		return errInvalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", in.VersionIDMarker)
	}
	if err := x.front.pause(x.r.Context(), 0); err != nil {
		return err
	}
	out, err := world(x.front, func(w *simulator.World, now time.Time, in *simulator.ListVersionsInput) (*simulator.ListVersionsOutput, *simulator.Error) {
		out, err := w.ListObjectVersions(now, in)
		if err != nil {
			return nil, err
		}
		page := *out
		page.Versions = slices.Clone(out.Versions)
		return &page, nil
	}, in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListVersionsResult")
	d.text("Name", x.bucket)
	l.describe(d, "MaxKeys", out.Truncated)
	d.text("KeyMarker", l.encode(in.KeyMarker))
	d.text("VersionIdMarker", in.VersionIDMarker)
	if out.Truncated {
		d.text("NextKeyMarker", l.encode(out.NextKeyMarker))
		d.text("NextVersionIdMarker", out.NextVersionIDMarker)
	}
	for i := range out.Versions {
		o := &out.Versions[i]
		element := "Version"
		if o.DeleteMarker {
			element = "DeleteMarker"
		}
		d.open(element)
		d.text("Key", l.encode(o.Key))
		d.text("VersionId", o.VersionID)
		d.bool("IsLatest", o.IsLatest)
		d.time("LastModified", o.LastModified)
		if !o.DeleteMarker {
			d.etag(o.ETag)
			checksumKind(d, o.Checksum)
			d.int("Size", o.Size)
			d.text("StorageClass", string(o.StorageClass))
		}
		ownerElement(d, o.Owner)
		d.close(element)
	}
	l.commonPrefixes(d, out.CommonPrefixes)
	d.close("ListVersionsResult")
	return x.document(d)
}

func listMultipartUploads(x *exchange) error {
	l, err := x.listing("max-uploads")
	if err != nil {
		return err
	}
	in := &simulator.ListMultipartUploadsInput{
		Request:        x.request(),
		Prefix:         l.prefix,
		Delimiter:      l.delimiter,
		KeyMarker:      x.query.get("key-marker"),
		UploadIDMarker: x.query.get("upload-id-marker"),
		Max:            l.limit,
	}
	out, err := world(x.front, (*simulator.World).ListMultipartUploads, in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListMultipartUploadsResult")
	d.text("Bucket", x.bucket)
	l.describe(d, "MaxUploads", out.Truncated)
	d.text("KeyMarker", l.encode(in.KeyMarker))
	d.text("UploadIdMarker", in.UploadIDMarker)
	if out.Truncated {
		d.text("NextKeyMarker", l.encode(out.NextKeyMarker))
		d.text("NextUploadIdMarker", out.NextUploadIDMarker)
	}
	for _, u := range out.Uploads {
		d.open("Upload")
		d.text("Key", l.encode(u.Key))
		d.text("UploadId", u.ID)
		d.open("Initiator")
		d.optional("ID", u.Initiator.ARN)
		d.close("Initiator")
		ownerElement(d, u.Owner)
		d.text("StorageClass", string(u.StorageClass))
		d.time("Initiated", u.Initiated)
		d.close("Upload")
	}
	l.commonPrefixes(d, out.CommonPrefixes)
	d.close("ListMultipartUploadsResult")
	return x.document(d)
}
