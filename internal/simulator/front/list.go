package front

import (
	"slices"
	"time"

	"reseal/internal/simulator"
)

// encoder gives keys of a listing as the client asked for them.
func (x *exchange) encoder() (encode func(string) string, name string, err error) {
	switch t := x.query.get("encoding-type"); t {
	case "":
		return func(s string) string { return s }, "", nil
	case "url":
		return func(s string) string { return string(appendFormEscaped(nil, s)) }, t, nil
	default:
		return nil, "", errInvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", t)
	}
}

// maxKeys reads the page size a client asked for. S3 caps it at 1,000; 0 is a
// page without entries, which the core takes as -1.
func (x *exchange) maxKeys(name string) (shown, limit int, err error) {
	n, err := x.intQuery(name, 1000)
	if err != nil {
		return 0, 0, err
	}
	n = min(n, 1000)
	if n == 0 {
		return 0, -1, nil
	}
	return n, n, nil
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
	encode, encoding, err := x.encoder()
	if err != nil {
		return err
	}
	shown, limit, err := x.maxKeys("max-keys")
	if err != nil {
		return err
	}
	token, continued := x.query.lookup("continuation-token")
	if continued && token == "" {
		return errInvalidArgument("The continuation token provided is incorrect", "continuation-token", "")
	}
	in := &simulator.ListObjectsInput{
		Request:    x.request(),
		Prefix:     x.query.get("prefix"),
		Delimiter:  x.query.get("delimiter"),
		StartAfter: x.query.get("start-after"),
		Token:      token,
		Max:        limit,
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
	d.text("Prefix", encode(in.Prefix))
	d.optional("Delimiter", encode(in.Delimiter))
	d.int("MaxKeys", int64(shown))
	d.optional("EncodingType", encoding)
	d.int("KeyCount", int64(len(out.Objects)+len(out.CommonPrefixes)))
	d.bool("IsTruncated", out.Truncated)
	d.optional("ContinuationToken", token)
	d.optional("NextContinuationToken", out.NextToken)
	d.optional("StartAfter", encode(in.StartAfter))
	x.contents(d, out, encode, x.query.get("fetch-owner") == "true")
	d.close("ListBucketResult")
	return x.document(d)
}

func listObjectsV1(x *exchange) error {
	encode, encoding, err := x.encoder()
	if err != nil {
		return err
	}
	shown, limit, err := x.maxKeys("max-keys")
	if err != nil {
		return err
	}
	in := &simulator.ListObjectsInput{
		Request:    x.request(),
		Prefix:     x.query.get("prefix"),
		Delimiter:  x.query.get("delimiter"),
		StartAfter: x.query.get("marker"),
		Max:        limit,
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
	d.text("Prefix", encode(in.Prefix))
	d.text("Marker", encode(in.StartAfter))
	d.optional("Delimiter", encode(in.Delimiter))
	d.int("MaxKeys", int64(shown))
	d.optional("EncodingType", encoding)
	d.bool("IsTruncated", out.Truncated)
	if out.Truncated && in.Delimiter != "" { // without a delimiter the last key serves as the marker
		d.text("NextMarker", encode(out.LastKey))
	}
	x.contents(d, out, encode, true)
	d.close("ListBucketResult")
	return x.document(d)
}

func (x *exchange) contents(d *xmlDoc, out *simulator.ListObjectsOutput, encode func(string) string, owner bool) {
	for i := range out.Objects {
		o := &out.Objects[i]
		d.open("Contents")
		d.text("Key", encode(o.Key))
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
	commonPrefixes(d, out.CommonPrefixes, encode)
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

func commonPrefixes(d *xmlDoc, prefixes []string, encode func(string) string) {
	for _, p := range prefixes {
		d.open("CommonPrefixes")
		d.text("Prefix", encode(p))
		d.close("CommonPrefixes")
	}
}

func listObjectVersions(x *exchange) error {
	encode, encoding, err := x.encoder()
	if err != nil {
		return err
	}
	shown, limit, err := x.maxKeys("max-keys")
	if err != nil {
		return err
	}
	in := &simulator.ListVersionsInput{
		Request:         x.request(),
		Prefix:          x.query.get("prefix"),
		Delimiter:       x.query.get("delimiter"),
		KeyMarker:       x.query.get("key-marker"),
		VersionIDMarker: x.query.get("version-id-marker"),
		Max:             limit,
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
	d.text("Prefix", encode(in.Prefix))
	d.text("KeyMarker", encode(in.KeyMarker))
	d.text("VersionIdMarker", in.VersionIDMarker)
	if out.Truncated {
		d.text("NextKeyMarker", encode(out.NextKeyMarker))
		d.text("NextVersionIdMarker", out.NextVersionIDMarker)
	}
	d.optional("Delimiter", encode(in.Delimiter))
	d.int("MaxKeys", int64(shown))
	d.optional("EncodingType", encoding)
	d.bool("IsTruncated", out.Truncated)
	for i := range out.Versions {
		o := &out.Versions[i]
		element := "Version"
		if o.DeleteMarker {
			element = "DeleteMarker"
		}
		d.open(element)
		d.text("Key", encode(o.Key))
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
	commonPrefixes(d, out.CommonPrefixes, encode)
	d.close("ListVersionsResult")
	return x.document(d)
}

func listMultipartUploads(x *exchange) error {
	encode, encoding, err := x.encoder()
	if err != nil {
		return err
	}
	shown, limit, err := x.maxKeys("max-uploads")
	if err != nil {
		return err
	}
	in := &simulator.ListMultipartUploadsInput{
		Request:        x.request(),
		Prefix:         x.query.get("prefix"),
		Delimiter:      x.query.get("delimiter"),
		KeyMarker:      x.query.get("key-marker"),
		UploadIDMarker: x.query.get("upload-id-marker"),
		Max:            limit,
	}
	out, err := world(x.front, (*simulator.World).ListMultipartUploads, in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListMultipartUploadsResult")
	d.text("Bucket", x.bucket)
	d.text("KeyMarker", encode(in.KeyMarker))
	d.text("UploadIdMarker", in.UploadIDMarker)
	if out.Truncated {
		d.text("NextKeyMarker", encode(out.NextKeyMarker))
		d.text("NextUploadIdMarker", out.NextUploadIDMarker)
	}
	d.text("Prefix", encode(in.Prefix))
	d.optional("Delimiter", encode(in.Delimiter))
	d.optional("EncodingType", encoding)
	d.int("MaxUploads", int64(shown))
	d.bool("IsTruncated", out.Truncated)
	for _, u := range out.Uploads {
		d.open("Upload")
		d.text("Key", encode(u.Key))
		d.text("UploadId", u.ID)
		d.text("StorageClass", string(u.StorageClass))
		d.time("Initiated", u.Initiated)
		d.close("Upload")
	}
	commonPrefixes(d, out.CommonPrefixes, encode)
	d.close("ListMultipartUploadsResult")
	return x.document(d)
}
