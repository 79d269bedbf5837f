package front

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

func (x *exchange) upload() simulator.UploadInput {
	return simulator.UploadInput{Request: x.request(), Key: x.key, UploadID: x.query.get("uploadId")}
}

func createMultipartUpload(x *exchange) error {
	attributes, err := x.writeAttributes()
	if err != nil {
		return err
	}
	attributes.Checksum = simulator.Checksum{
		Algorithm: x.header("X-Amz-Checksum-Algorithm"),
		Type:      x.header("X-Amz-Checksum-Type"),
	}
	out, err := world(x.front, (*simulator.World).CreateMultipartUpload, &simulator.CreateMultipartUploadInput{
		Request: x.request(), Key: x.key, WriteAttributes: attributes,
	})
	if err != nil {
		return err
	}
	x.encryptionHeaders(out.Encryption)
	x.charged(out.RequestCharged)
	if a := attributes.Checksum.Algorithm; a != "" {
		x.set("x-amz-checksum-algorithm", a)
		x.setIf("x-amz-checksum-type", attributes.Checksum.Type)
	}
	d := newXMLDoc("InitiateMultipartUploadResult")
	d.text("Bucket", x.bucket)
	d.text("Key", x.key)
	d.text("UploadId", out.UploadID)
	d.close("InitiateMultipartUploadResult")
	return x.document(d)
}

// uploadPart answers UploadPart and UploadPartCopy.
func uploadPart(x *exchange) error {
	number, err := x.intQuery("partNumber", 0)
	if err != nil {
		return err
	}
	if _, ok := x.r.Header["X-Amz-Copy-Source"]; ok {
		return uploadPartCopy(x, number)
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).UploadPart, &simulator.UploadPartInput{
		UploadInput: x.upload(),
		PartNumber:  number,
		Body:        body.content,
		MD5:         body.md5,
		Checksum:    body.checksum,
	})
	if err != nil {
		return err
	}
	x.set("ETag", quote(out.ETag))
	x.encryptionHeaders(out.Encryption)
	x.checksumHeaders(simulator.Checksum{Algorithm: out.Checksum.Algorithm, Value: out.Checksum.Value})
	x.charged(out.RequestCharged)
	return x.empty(http.StatusOK)
}

func uploadPartCopy(x *exchange, number int) error {
	source, err := x.copySource()
	if err != nil {
		return err
	}
	pending, err := world(x.front, (*simulator.World).BeginPartCopy, &simulator.UploadPartCopyInput{
		UploadInput: x.upload(),
		PartNumber:  number,
		Source:      source,
		Range:       x.header("X-Amz-Copy-Source-Range"),
	})
	if err != nil {
		return err
	}
	if err := x.pause(pending.Size()); err != nil {
		x.front.cancel(pending)
		return err
	}
	out, err := world(x.front, func(_ *simulator.World, now time.Time, p *simulator.PendingPart) (*simulator.PartOutput, *simulator.Error) {
		return p.Commit(now)
	}, pending)
	if err != nil {
		return err
	}
	x.setIf("x-amz-copy-source-version-id", out.SourceVersionID)
	x.encryptionHeaders(out.Encryption)
	x.charged(out.RequestCharged)
	d := newXMLDoc("CopyPartResult")
	d.time("LastModified", out.LastModified)
	d.etag(out.ETag)
	checksumElements(d, simulator.Checksum{Algorithm: out.Checksum.Algorithm, Value: out.Checksum.Value})
	d.close("CopyPartResult")
	return x.document(d)
}

func completeMultipartUpload(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []struct {
			PartNumber int
			ETag       string
			partChecksum
		}
	}
	var sum simulator.Checksum
	for _, a := range []string{"CRC64NVME", "CRC32", "CRC32C"} { // those that can be over a whole object in parts
		name := http.CanonicalHeaderKey("X-Amz-Checksum-" + a)
		if v := x.header(name); v != "" {
			sum = simulator.Checksum{Algorithm: a, Value: v}
			x.r.Header.Del(name) // it is of the object, not of the body of this request
		}
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	in := &simulator.CompleteMultipartUploadInput{UploadInput: x.upload(), ObjectSize: -1, Conditions: x.writeConditions(), Checksum: sum}
	for _, p := range body.Part {
		in.Parts = append(in.Parts, simulator.CompletedPart{PartNumber: p.PartNumber, ETag: strings.Trim(p.ETag, `"`), Checksum: p.checksum()})
	}
	if v := x.header("X-Amz-Mp-Object-Size"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return errInvalidRequest("Value for x-amz-mp-object-size header is invalid.")
		}
		in.ObjectSize = n
	}
	if err := x.pause(0); err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).CompleteMultipartUpload, in)
	if err != nil {
		return err
	}
	x.setIf("x-amz-version-id", out.VersionID)
	x.encryptionHeaders(out.Encryption)
	x.charged(out.RequestCharged)
	d := newXMLDoc("CompleteMultipartUploadResult")
	d.text("Location", "http://"+x.r.Host+"/"+x.bucket+"/"+string(appendEscaped(nil, x.key, true)))
	d.text("Bucket", x.bucket)
	d.text("Key", x.key)
	d.etag(out.ETag)
	checksumElements(d, out.Checksum)
	d.close("CompleteMultipartUploadResult")
	return x.document(d)
}

// partChecksum is the checksum of a part, in the list that completes an upload.
type partChecksum struct {
	ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256    string
	ChecksumSHA512, ChecksumMD5, ChecksumXXHASH64, ChecksumXXHASH3, ChecksumXXHASH128 string
}

func (p *partChecksum) checksum() simulator.Checksum {
	for _, c := range []simulator.Checksum{{Algorithm: "CRC32", Value: p.ChecksumCRC32}, {Algorithm: "CRC32C", Value: p.ChecksumCRC32C},
		{Algorithm: "CRC64NVME", Value: p.ChecksumCRC64NVME}, {Algorithm: "SHA1", Value: p.ChecksumSHA1}, {Algorithm: "SHA256", Value: p.ChecksumSHA256},
		{Algorithm: "SHA512", Value: p.ChecksumSHA512}, {Algorithm: "MD5", Value: p.ChecksumMD5}, {Algorithm: "XXHASH64", Value: p.ChecksumXXHASH64},
		{Algorithm: "XXHASH3", Value: p.ChecksumXXHASH3}, {Algorithm: "XXHASH128", Value: p.ChecksumXXHASH128}} {
		if c.Value != "" {
			return c
		}
	}
	return simulator.Checksum{}
}

func abortMultipartUpload(x *exchange) error {
	in := x.upload()
	if err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return w.AbortMultipartUpload(now, &in) }); err != nil {
		return err
	}
	return x.empty(http.StatusNoContent)
}

func listParts(x *exchange) error {
	limit, err := x.intQuery("max-parts", 1000)
	if err != nil {
		return err
	}
	marker, err := x.intQuery("part-number-marker", 0)
	if err != nil {
		return err
	}
	out, err := world(x.front, (*simulator.World).ListParts, &simulator.ListPartsInput{UploadInput: x.upload(), Marker: marker, Max: limit})
	if err != nil {
		return err
	}
	d := newXMLDoc("ListPartsResult")
	d.text("Bucket", x.bucket)
	d.text("Key", x.key)
	d.text("UploadId", x.query.get("uploadId"))
	d.int("PartNumberMarker", int64(marker))
	d.int("NextPartNumberMarker", int64(out.NextMarker))
	d.int("MaxParts", int64(limit))
	d.bool("IsTruncated", out.Truncated)
	d.open("Initiator")
	d.optional("ID", out.Initiator.ARN)
	d.close("Initiator")
	ownerElement(d, out.Owner)
	d.text("StorageClass", string(out.StorageClass))
	checksumKind(d, out.Checksum)
	for _, p := range out.Parts {
		d.open("Part")
		d.int("PartNumber", int64(p.Number))
		d.time("LastModified", p.LastModified)
		d.etag(p.ETag)
		d.int("Size", p.Size)
		checksumElements(d, simulator.Checksum{Algorithm: p.Checksum.Algorithm, Value: p.Checksum.Value})
		d.close("Part")
	}
	d.close("ListPartsResult")
	return x.document(d)
}
