package front

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

func (x *exchange) readInput() (*simulator.GetObjectInput, error) {
	in := &simulator.GetObjectInput{
		Request:      x.request(),
		Key:          x.key,
		VersionID:    x.query.get("versionId"),
		Conditions:   x.readConditions(""),
		Range:        x.header("Range"),
		ChecksumMode: strings.EqualFold(x.header("X-Amz-Checksum-Mode"), "ENABLED"),
		Encryption: simulator.EncryptionHeaders{
			Algorithm: x.header("X-Amz-Server-Side-Encryption"),
			KMSKeyID:  x.header("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"),
			Context:   x.header("X-Amz-Server-Side-Encryption-Context"),
		},
	}
	var err error
	if in.PartNumber, err = x.intQuery("partNumber", 0); err != nil {
		return nil, err
	}
	_, in.CustomerKeyMD5, err = x.customerKey(ownCustomerKey)
	return in, err
}

func getObject(x *exchange) error  { return x.readObject((*simulator.World).GetObject) }
func headObject(x *exchange) error { return x.readObject((*simulator.World).HeadObject) }

func (x *exchange) readObject(call func(*simulator.World, time.Time, *simulator.GetObjectInput) (*simulator.GetObjectOutput, *simulator.Error)) error {
	in, err := x.readInput()
	if err != nil {
		return err
	}
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, call, in)
	if err != nil {
		return err
	}
	x.objectHeaders(&out.ObjectInfo)
	if in.ChecksumMode && !(out.Partial && in.PartNumber == 0) { // the checksum of the whole says nothing about a range
		x.checksumHeaders(out.Checksum)
	}
	if in.PartNumber > 0 && out.PartsCount > 0 {
		x.set("x-amz-mp-parts-count", strconv.Itoa(out.PartsCount))
	}
	x.charged(out.RequestCharged)
	for _, name := range []string{"Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition", "Content-Encoding"} {
		x.setIf(name, x.query.get("response-"+strings.ToLower(name)))
	}
	status := http.StatusOK
	if out.Partial {
		status = http.StatusPartialContent
		x.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", out.Offset, out.Offset+out.Length-1, out.Size))
	}
	x.set("Content-Length", strconv.FormatInt(out.Length, 10))
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(x.w, out.Body.Reader(out.Offset, out.Length)); err != nil {
		panic(http.ErrAbortHandler) // the headers promised more: only breaking off is honest
	}
	return nil
}

// getObjectAttributes answers what x-amz-object-attributes asks for.
func getObjectAttributes(x *exchange) error {
	in, err := x.readInput()
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, list := range x.r.Header.Values("X-Amz-Object-Attributes") {
		for name := range strings.SplitSeq(list, ",") {
			asked[strings.TrimSpace(name)] = true
		}
	}
	if len(asked) == 0 {
		return errInvalidRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).GetObjectAttributes, in)
	if err != nil {
		return err
	}
	x.setIf("x-amz-version-id", out.VersionID)
	x.set("Last-Modified", out.LastModified.UTC().Format(http.TimeFormat))
	x.charged(out.RequestCharged)
	d := newXMLDoc("GetObjectAttributesResponse")
	if asked["ETag"] {
		d.text("ETag", out.ETag)
	}
	if asked["Checksum"] && out.Checksum.Algorithm != "" {
		d.open("Checksum")
		checksumElements(d, out.Checksum)
		d.close("Checksum")
	}
	if asked["ObjectParts"] && out.PartsCount > 0 {
		if err := x.objectParts(d, out); err != nil {
			return err
		}
	}
	if asked["StorageClass"] {
		d.text("StorageClass", string(out.StorageClass))
	}
	if asked["ObjectSize"] {
		d.int("ObjectSize", out.Size)
	}
	d.close("GetObjectAttributesResponse")
	return x.document(d)
}

func putOrCopyObject(x *exchange) error {
	if _, ok := x.r.Header["X-Amz-Copy-Source"]; ok {
		return copyObject(x)
	}
	return putObject(x)
}

func putObject(x *exchange) error {
	attributes, err := x.writeAttributes()
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	attributes.Checksum = body.checksum
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).PutObject, &simulator.PutObjectInput{
		Unchecked:       !body.claimed && x.header("Content-Md5") == "",
		Request:         x.request(),
		Key:             x.key,
		Body:            body.content,
		MD5:             body.md5,
		Conditions:      x.writeConditions(),
		WriteAttributes: attributes,
	})
	if err != nil {
		return err
	}
	x.set("ETag", quote(out.ETag))
	x.setIf("x-amz-version-id", out.VersionID)
	x.encryptionHeaders(out.Encryption)
	x.checksumHeaders(out.Checksum)
	x.charged(out.RequestCharged)
	return x.empty(http.StatusOK)
}

func copyObject(x *exchange) error {
	source, err := x.copySource()
	if err != nil {
		return err
	}
	attributes, err := x.writeAttributes()
	if err != nil {
		return err
	}
	attributes.Checksum.Algorithm = x.header("X-Amz-Checksum-Algorithm")
	in := &simulator.CopyObjectInput{
		Request:             x.request(),
		Key:                 x.key,
		Source:              source,
		MetadataDirective:   x.header("X-Amz-Metadata-Directive"),
		TaggingDirective:    x.header("X-Amz-Tagging-Directive"),
		AnnotationDirective: x.header("X-Amz-Object-Annotation-Directive"),
		Conditions:          x.writeConditions(),
		WriteAttributes:     attributes,
	}
	pending, err := world(x.front, (*simulator.World).BeginCopy, in)
	if err != nil {
		return err
	}
	if err := x.pause(pending.Size()); err != nil {
		x.front.cancel(pending)
		return err
	}
	out, err := world(x.front, func(_ *simulator.World, now time.Time, p *simulator.PendingCopy) (*simulator.CopyObjectOutput, *simulator.Error) {
		return p.Commit(now)
	}, pending)
	if err != nil {
		return err
	}
	x.setIf("x-amz-copy-source-version-id", out.SourceVersionID)
	x.setIf("x-amz-version-id", out.VersionID)
	x.encryptionHeaders(out.Encryption)
	x.charged(out.RequestCharged)
	d := newXMLDoc("CopyObjectResult")
	d.time("LastModified", out.LastModified)
	d.etag(out.ETag)
	checksumElements(d, out.Checksum)
	d.close("CopyObjectResult")
	return x.document(d)
}

// cancel gives up the second phase of a copy.
func (f *Front) cancel(pending interface{ Cancel() }) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pending.Cancel()
}

func deleteObject(x *exchange) error {
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).DeleteObject, &simulator.DeleteObjectInput{
		Request:          x.request(),
		Key:              x.key,
		VersionID:        x.query.get("versionId"),
		IfMatch:          x.header("If-Match"),
		BypassGovernance: strings.EqualFold(x.header("X-Amz-Bypass-Governance-Retention"), "true"),
	})
	if err != nil {
		return err
	}
	if out.DeleteMarker {
		x.set("x-amz-delete-marker", "true")
	}
	x.setIf("x-amz-version-id", out.VersionID)
	x.charged(out.RequestCharged)
	return x.empty(http.StatusNoContent)
}

// deleteObjects is a batch of DeleteObject calls, which the core counts one by
// one.
func deleteObjects(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []struct{ Key, VersionId, ETag string }
	}
	data, err := x.readChecked()
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, &body); err != nil {
		return errMalformedXML()
	}
	if len(body.Object) == 0 || len(body.Object) > 1000 {
		return errMalformedXML()
	}
	if err := x.pause(0); err != nil {
		return err
	}
	d := newXMLDoc("DeleteResult")
	for _, o := range body.Object {
		out, err := world(x.front, (*simulator.World).DeleteObject, &simulator.DeleteObjectInput{
			Request:          x.request(),
			Key:              o.Key,
			VersionID:        o.VersionId,
			IfMatch:          o.ETag,
			BypassGovernance: strings.EqualFold(x.header("X-Amz-Bypass-Governance-Retention"), "true"),
		})
		if err != nil {
			serr, werr := asError(err)
			if serr != nil {
				werr = fromCore(serr)
			}
			d.open("Error")
			d.text("Key", o.Key)
			d.optional("VersionId", o.VersionId)
			d.text("Code", werr.code)
			d.text("Message", werr.message)
			d.close("Error")
			continue
		}
		if body.Quiet {
			continue
		}
		d.open("Deleted")
		d.text("Key", o.Key)
		d.optional("VersionId", o.VersionId)
		if out.DeleteMarker {
			d.bool("DeleteMarker", true)
			d.optional("DeleteMarkerVersionId", out.VersionID)
		}
		d.close("Deleted")
	}
	d.close("DeleteResult")
	return x.document(d)
}
