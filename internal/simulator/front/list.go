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

// listKind is how one kind of list is asked for and written.
type listKind struct {
	root      string
	bucket    string // the element with the bucket's name
	size      string // the element with the page size
	parameter string // the parameter with the page size
}

// page is one answer. Its write has what stands between the page size and the common
// prefixes.
type page struct {
	truncated bool
	prefixes  []string
	write     func(*xmlDoc)
}

// list answers a request for a list of kind k with the page that read returns.
func (x *exchange) list(k listKind, read func(*listing) (*page, error)) error {
	l, err := x.listing(k.parameter)
	if err != nil {
		return err
	}
	p, err := read(l)
	if err != nil {
		return err
	}
	d := newXMLDoc(k.root)
	d.text(k.bucket, x.bucket)
	d.text("Prefix", l.encode(l.prefix))
	d.optional("Delimiter", l.encode(l.delimiter))
	d.int(k.size, int64(l.shown))
	d.optional("EncodingType", l.encoding)
	d.bool("IsTruncated", p.truncated)
	p.write(d)
	for _, prefix := range p.prefixes {
		d.open("CommonPrefixes")
		d.text("Prefix", l.encode(prefix))
		d.close("CommonPrefixes")
	}
	d.close(k.root)
	return x.document(d)
}

func listObjectsV2(x *exchange) error {
	if x.query.get("list-type") != "2" {
		return listObjectsV1(x)
	}
	token, continued := x.query.lookup("continuation-token")
	in := &simulator.ListObjectsInput{StartAfter: x.query.get("start-after"), Token: token}
	return x.list(objectList, func(l *listing) (*page, error) {
		if continued && token == "" {
			return nil, errInvalidArgument("The continuation token provided is incorrect", "continuation-token", "")
		}
		out, err := x.listPage(l, in)
		if err != nil {
			return nil, err
		}
		return &page{out.Truncated, out.CommonPrefixes, func(d *xmlDoc) {
			d.int("KeyCount", int64(len(out.Objects)+len(out.CommonPrefixes)))
			d.optional("ContinuationToken", token)
			d.optional("NextContinuationToken", out.NextToken)
			d.optional("StartAfter", l.encode(in.StartAfter))
			l.contents(d, out, x.query.get("fetch-owner") == "true")
		}}, nil
	})
}

func listObjectsV1(x *exchange) error {
	in := &simulator.ListObjectsInput{StartAfter: x.query.get("marker")}
	return x.list(objectList, func(l *listing) (*page, error) {
		out, err := x.listPage(l, in)
		if err != nil {
			return nil, err
		}
		return &page{out.Truncated, out.CommonPrefixes, func(d *xmlDoc) {
			d.text("Marker", l.encode(in.StartAfter))
			if out.Truncated && in.Delimiter != "" { // without a delimiter the last key serves as the marker
				d.text("NextMarker", l.encode(out.LastKey))
			}
			l.contents(d, out, true)
		}}, nil
	})
}

// objectList is the list of current objects, in both its versions.
var objectList = listKind{"ListBucketResult", "Name", "MaxKeys", "max-keys"}

// listPage asks for one page and copies its entries, which the core may change
// once the lock is free.
func (x *exchange) listPage(l *listing, in *simulator.ListObjectsInput) (*simulator.ListObjectsOutput, error) {
	in.Request, in.Prefix, in.Delimiter, in.Max = x.request(), l.prefix, l.delimiter, l.limit
	if err := x.pause(0); err != nil {
		return nil, err
	}
	return world(x.front, func(w *simulator.World, now time.Time, in *simulator.ListObjectsInput) (*simulator.ListObjectsOutput, *simulator.Error) {
		out, err := w.ListObjects(now, in)
		if err != nil {
			return nil, err
		}
		own := *out
		own.Objects = slices.Clone(out.Objects)
		return &own, nil
	}, in)
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

// marker is a place in a list of versions or uploads. Both parts are "" at its end.
type marker struct{ key, id string }

// markers writes where a page begins and where the next one does. name is the element
// of the id.
func (l *listing) markers(d *xmlDoc, name string, at, next marker, truncated bool) {
	d.text("KeyMarker", l.encode(at.key))
	d.text(name, at.id)
	if truncated {
		d.text("NextKeyMarker", l.encode(next.key))
		d.text("Next"+name, next.id)
	}
}

func listObjectVersions(x *exchange) error {
	return x.list(listKind{"ListVersionsResult", "Name", "MaxKeys", "max-keys"}, func(l *listing) (*page, error) {
		at := marker{x.query.get("key-marker"), x.query.get("version-id-marker")}
		if at.id != "" && at.key == "" {
			return nil, errInvalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", at.id)
		}
		out, err := x.versionPage(&simulator.ListVersionsInput{
			Request: x.request(), Prefix: l.prefix, Delimiter: l.delimiter, Max: l.limit, KeyMarker: at.key, VersionIDMarker: at.id,
		})
		if err != nil {
			return nil, err
		}
		return &page{out.Truncated, out.CommonPrefixes, func(d *xmlDoc) {
			l.markers(d, "VersionIdMarker", at, marker{out.NextKeyMarker, out.NextVersionIDMarker}, out.Truncated)
			for i := range out.Versions {
				l.version(d, &out.Versions[i])
			}
		}}, nil
	})
}

// versionPage is listPage for versions.
func (x *exchange) versionPage(in *simulator.ListVersionsInput) (*simulator.ListVersionsOutput, error) {
	if err := x.pause(0); err != nil {
		return nil, err
	}
	return world(x.front, func(w *simulator.World, now time.Time, in *simulator.ListVersionsInput) (*simulator.ListVersionsOutput, *simulator.Error) {
		out, err := w.ListObjectVersions(now, in)
		if err != nil {
			return nil, err
		}
		own := *out
		own.Versions = slices.Clone(out.Versions)
		return &own, nil
	}, in)
}

// version writes one entry: a version or a delete marker.
func (l *listing) version(d *xmlDoc, o *simulator.ObjectInfo) {
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

func listMultipartUploads(x *exchange) error {
	return x.list(listKind{"ListMultipartUploadsResult", "Bucket", "MaxUploads", "max-uploads"}, func(l *listing) (*page, error) {
		at := marker{x.query.get("key-marker"), x.query.get("upload-id-marker")}
		out, err := world(x.front, (*simulator.World).ListMultipartUploads, &simulator.ListMultipartUploadsInput{
			Request: x.request(), Prefix: l.prefix, Delimiter: l.delimiter, Max: l.limit, KeyMarker: at.key, UploadIDMarker: at.id,
		})
		if err != nil {
			return nil, err
		}
		return &page{out.Truncated, out.CommonPrefixes, func(d *xmlDoc) {
			l.markers(d, "UploadIdMarker", at, marker{out.NextKeyMarker, out.NextUploadIDMarker}, out.Truncated)
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
		}}, nil
	})
}
